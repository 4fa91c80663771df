// Tunnel: a connection of a Client that is asked to leave HTTP (SPDY, WebSocket). Raw bytes both
// ways: the request's head is the Client's, everything that comes is the caller's to read, the
// answer's head first. Always HTTP/1.1. Source: RFC 9110 section 7.8 (Upgrade).
#pragma once
#include <cstddef>
#include <functional>
#include <memory>
#include <string_view>

#include "meta/status.h"

namespace pedia::kube {

// All calls on the loop's thread; must not block.
class TunnelHandler {
 public:
  virtual ~TunnelHandler() = default;
  // False pauses until Resume(); these bytes count as taken.
  virtual bool OnData(std::string_view bytes) = 0;
  // Exactly once, last. Success: one of both sides has closed. Errors: as ResponseHandler::OnDone.
  virtual void OnEnd(const Status& status) = 0;
};

// Thread-safe. Its end closes the connection.
class Tunnel {
 public:
  class Core;  // tunnel_core.h
  explicit Tunnel(std::shared_ptr<Core> core) : core_(std::move(core)) {}
  ~Tunnel();
  Tunnel(const Tunnel&) = delete;
  Tunnel& operator=(const Tunnel&) = delete;

  // Appends bytes behind the request, never blocks. False: it has ended, or was closed.
  bool Write(std::string_view bytes);
  size_t unsent() const;
  // `drained` runs once no more than `low_water` bytes are unsent, or at the end (at once if it is
  // so already); on any thread.
  void OnDrained(size_t low_water, std::function<void()> drained);
  // After OnData has returned false, or while it runs.
  void Resume();
  // Sends what is unsent, if the server takes it within seconds; then OnEnd.
  void Close();

 private:
  const std::shared_ptr<Core> core_;
};

}  // namespace pedia::kube
