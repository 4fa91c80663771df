// BeastConnection: one client of the Boost.Beast back-end, plain or TLS, from its handshake to its
// end. Private to the http library.
#pragma once
#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "apiserver/http_server.h"
#include "apiserver/stream_keeper.h"
#include "apiserver/worker_pool.h"
#include "meta/guarded.h"

struct ssl_ctx_st;

namespace pedia::apiserver {

// What closes a connection from outside. Any thread.
class BeastConnection {
 public:
  using Clock = std::chrono::steady_clock;
  virtual ~BeastConnection() = default;
  virtual void Start() = 0;
  virtual void
  Drain() = 0;  // Ends when the request that runs has been answered, at once if there is none.
  virtual void Close() = 0;  // At once.

  // Since when nothing is being answered and its client has the word. Empty: it has not.
  std::optional<Clock::time_point> waiting_since() const;
  void StartWaiting() { waiting_since_ = Clock::now().time_since_epoch().count(); }
  void StopWaiting() { waiting_since_ = 0; }

 private:
  std::atomic<Clock::rep> waiting_since_ = 0;  // 0: it does not.
};

// The connections there are. Thread-safe.
class ConnectionSet {
 public:
  void Add(uint64_t id, const std::weak_ptr<BeastConnection>& connection);
  void Remove(uint64_t id);
  size_t size() const;
  std::vector<std::shared_ptr<BeastConnection>> All() const;
  // Makes room for another one. False: none of them waits for its client. Linear.
  bool CloseLongestWaiting();
  bool WaitUntilEmpty(std::chrono::milliseconds timeout) const;

 private:
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  std::unordered_map<uint64_t, std::weak_ptr<BeastConnection>> connections_;
};

// What the connections of a server share; outlives them.
struct BeastCore {
  BeastCore(HttpServerOptions options_in, HttpHandler handler_in)
      : options(std::move(options_in)),
        handler(std::move(handler_in)),
        keeper(options),
        workers({.threads = options.workers,
                 .bulk = options.bulk_workers,
                 .capacity = options.max_requests}),
        exempt_workers({.threads = options.exempt_workers,
                        .bulk = options.exempt_workers,
                        .capacity = 0,
                        .kept = 1}) {}
  const HttpServerOptions options;
  const HttpHandler handler;
  std::atomic<bool> draining = false;  // Every answer from now on is the last of its connection.
  Guarded<std::shared_ptr<ssl_ctx_st>> tls;  // Null: plain.
  ConnectionSet connections;
  StreamKeeper keeper;
  WorkerPool workers;
  WorkerPool exempt_workers;
};

// `socket` runs on an io_context of one thread. The connection is in core->connections when Start
// is called, and leaves it itself.
std::shared_ptr<BeastConnection> MakeBeastConnection(std::shared_ptr<BeastCore> core, uint64_t id,
                                                     boost::asio::ip::tcp::socket socket);

}  // namespace pedia::apiserver
