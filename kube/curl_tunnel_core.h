// Tunnel::Core: a socket that libcurl has connected (proxy, TLS), then used for raw bytes.
#pragma once
#include <curl/curl.h>

#include <array>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "kube/client.h"
#include "kube/credentials.h"
#include "kube/endpoint.h"
#include "kube/event_loop_core.h"
#include "kube/tunnel.h"

namespace pedia::kube {

// Write to Close as Tunnel; everything else on the loop's thread. Invariant: the handler gets OnEnd
// exactly once, from the destructor if from nobody before.
class Tunnel::Core final : public LoopMember, public std::enable_shared_from_this<Tunnel::Core> {
 public:
  Core(std::shared_ptr<EventLoop::Core> loop, Request request, std::string protocol,
       std::unique_ptr<TunnelHandler> handler);
  ~Core() override;

  bool Write(std::string_view bytes);
  size_t unsent() const;
  void OnDrained(size_t low_water, std::function<void()> drained);
  void Resume();
  void Close();

  void Connect(const Endpoint& endpoint, const Result<CredentialPtr>& credential);
  void End(const Status& status);  // Idempotent.

  void OnSocket(int fd, bool readable, bool writable, bool failed) override;
  void OnLoopEnd() override;

 private:
  Status Prepare();
  std::string RequestHead() const;
  void TakeResult();
  void Exchange();
  bool Send();
  bool Receive(int* budget);
  bool is_paused() const;
  void WatchSocket();
  void PostExchange();
  bool TakePiece();
  void Sent(size_t bytes);
  Status Failure(CURLcode code) const;
  void FreeHandles();

  static int SocketCallback(CURL*, curl_socket_t fd, int what, void* self, void*);
  static int TimerCallback(CURLM*, long timeout_ms, void* self);

  const std::shared_ptr<EventLoop::Core> loop_;
  const Request request_;
  const std::string protocol_;
  std::unique_ptr<TunnelHandler> handler_;
  std::optional<Endpoint> endpoint_;
  CredentialPtr credential_;
  CURLM* multi_ = nullptr;
  CURL* easy_ = nullptr;
  curl_slist* connect_to_ = nullptr;
  std::array<char, CURL_ERROR_SIZE> error_{};
  TimerId curl_timer_ = 0;
  TimerId close_timer_ = 0;
  std::optional<curl_socket_t> socket_;  // Connected.
  // TLS must be offered the same bytes again if it could not send them, so they stay where they are.
  std::string piece_;
  size_t piece_sent_ = 0;

  mutable std::mutex mutex_;  // Of the rest.
  std::deque<std::string> pending_;
  size_t unsent_ = 0;
  size_t low_water_ = 0;
  std::function<void()> drained_;
  bool posted_ = false;
  bool paused_ = false;
  bool resumed_ = false;
  bool closing_ = false;
  bool ended_ = false;
};

}  // namespace pedia::kube
