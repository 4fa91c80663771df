// PistacheClient: one client of the Pistache back-end. Pistache accepts, polls and reads; what it
// read is parsed here, and answers are written here, straight to the socket: Pistache's own writer
// spins on a full socket and is never used. Private to the http library.
#pragma once
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "apiserver/http_server.h"
#include "apiserver/http_wire.h"
#include "apiserver/worker_pool.h"
#include "meta/guarded.h"

namespace pedia::apiserver {

class PistacheClient;

// What the clients of a server share; outlives them.
struct PistacheCore {
  PistacheCore(HttpServerOptions options_in, HttpHandler handler_in)
      : options(std::move(options_in)),
        handler(std::move(handler_in)),
        workers({.threads = options.workers, .bulk = 1, .capacity = options.max_requests}) {}
  std::vector<std::shared_ptr<PistacheClient>> Clients() const;

  const HttpServerOptions options;
  const HttpHandler handler;
  std::atomic<bool> draining = false;
  Guarded<std::unordered_map<const PistacheClient*, std::weak_ptr<PistacheClient>>>
      clients;  // With a socket still open.
  WorkerPool workers;
};

// Thread-safe.
class PistacheClient : public std::enable_shared_from_this<PistacheClient> {
 public:
  using Clock = std::chrono::steady_clock;

  // Duplicates `fd`: the number that Pistache closes may soon mean another connection.
  PistacheClient(std::shared_ptr<PistacheCore> core, int fd, std::string remote_address);
  ~PistacheClient();

  void Welcome();  // Joins the core's clients, or is turned away.
  void Input(std::string_view bytes);
  void InputEnded();  // The client closed at least its half, or Pistache gave it up.
  void CheckDeadline(Clock::time_point now);
  void Drain();  // Ends when the request that runs has been answered.
  void Close();  // At once.

  // For the running request's writer. Answer blocks while the client takes it, at most
  // write_timeout without progress.
  void Answer(const HeadOptions& head, const HeaderFields& headers, std::string_view body);
  void AbortAnswer();
  void OnGone(std::function<void()> callback);
  bool gone() const;    // Closed at least its sending half.
  bool closed() const;  // Nothing can be sent any more.

 private:
  enum class State { kIdle, kReading, kResponding, kClosing, kClosed };
  using Lock = std::unique_lock<std::mutex>;  // Held by the caller of what takes one.

  void Parse(Lock& lock);
  void Run(Lock& lock, HttpRequest request, int minor_version);
  void Handle(const HttpRequest& request, int minor_version, bool keep_alive);
  void Refuse(Lock& lock, const Refusal& refusal);
  void SendRefusal(const Refusal& refusal) const;
  bool SendAll(std::string_view bytes, std::chrono::milliseconds timeout) const;
  void Linger(Lock& lock);
  void CloseNow(Lock& lock);
  void RunGoneCallbacks(Lock& lock);
  void Enter(State state, std::chrono::milliseconds timeout);

  const std::shared_ptr<PistacheCore> core_;
  const int fd_;
  const std::string remote_;
  mutable std::mutex mutex_;
  State state_ = State::kIdle;
  Clock::time_point deadline_ = Clock::time_point::max();
  std::string input_;
  bool input_ended_ = false;
  std::vector<std::function<void()>> on_gone_;
};

}  // namespace pedia::apiserver
