#include <arpa/inet.h>

#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <future>
#include <thread>
#include <utility>

#include "apiserver/beast_connection.h"
#include "apiserver/http_server.h"
#include "apiserver/http_wire.h"
#include "apiserver/tls_context.h"
#include "meta/log.h"
#include "meta/status.h"

namespace pedia::apiserver {

namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

// Without descriptors or memory accept fails at once, again and again.
constexpr std::chrono::milliseconds kAcceptPause{100};
constexpr std::chrono::milliseconds kCloseTime{5'000};

class BeastServer final : public HttpServer {
 public:
  BeastServer(HttpServerOptions options, HttpHandler handler)
      : core_(std::make_shared<BeastCore>(std::move(options), std::move(handler))) {
    for (int i = 0; i < std::max(core_->options.io_threads, 1); ++i)
      loops_.push_back(std::make_unique<Loop>());
    acceptor_.emplace(loops_[0]->context);
    pause_.emplace(loops_[0]->context);
    tick_.emplace(loops_[0]->context);
  }
  ~BeastServer() override;

  Status Listen();
  uint16_t port() const override { return port_; }
  Status ReplaceCertificate(const TlsOptions& tls) override;
  void Drain(std::chrono::milliseconds timeout) override;

 private:
  struct Loop {
    asio::io_context context{1};
    asio::executor_work_guard<asio::io_context::executor_type> work{context.get_executor()};
    std::jthread thread;  // Last: it uses the others.
  };

  Status Open(const tcp::endpoint& endpoint);
  void StartThreads();
  void Accept();
  void OnAccept(const error_code& failure, tcp::socket socket);
  void TurnAway(tcp::socket socket);
  void KeepStreams();
  void StopAccepting();
  void CloseAll();

  const std::shared_ptr<BeastCore> core_;
  std::vector<std::unique_ptr<Loop>> loops_;
  std::optional<tcp::acceptor> acceptor_;  // Of loop 0's thread, as the next four.
  std::optional<asio::steady_timer> pause_;
  std::optional<asio::steady_timer> tick_;
  size_t next_loop_ = 0;
  uint64_t next_id_ = 0;
  uint16_t port_ = 0;
  std::atomic<bool> stopped_ = false;  // Accepts no more.
  std::atomic<bool> ended_ = false;
  std::mutex drain_mutex_;
};

std::string Place(const HttpServerOptions& options) {
  const bool v6 = options.bind_address.find(':') != std::string::npos;
  return (v6 ? "[" + options.bind_address + "]" : options.bind_address) + ":" +
         std::to_string(options.port);
}

Status BeastServer::Listen() {
  const HttpServerOptions& options = core_->options;
  if (options.tls) {
    if (Status status = ReplaceCertificate(*options.tls); !status.ok()) return status;
  }
  error_code failure;
  const auto address = asio::ip::make_address(options.bind_address, failure);
  if (failure)
    return ServiceUnavailable("cannot listen on " + Place(options) + ": not an IP address");
  if (Status status = Open(tcp::endpoint(address, options.port)); !status.ok()) return status;
  StartThreads();
  return {};
}

Status BeastServer::Open(const tcp::endpoint& endpoint) {
  error_code failure;
  acceptor_->open(endpoint.protocol(), failure);
  if (!failure) acceptor_->set_option(tcp::acceptor::reuse_address(true), failure);
  if (!failure) acceptor_->bind(endpoint, failure);
  if (!failure) acceptor_->listen(asio::socket_base::max_listen_connections, failure);
  if (failure)
    return ServiceUnavailable("cannot listen on " + Place(core_->options) + ": " +
                              failure.message());
  port_ = acceptor_->local_endpoint(failure).port();
  return {};
}

void BeastServer::StartThreads() {
  Accept();
  KeepStreams();
  for (const auto& loop : loops_) {
    loop->thread = std::jthread([context = &loop->context] { context->run(); });
  }
}

void BeastServer::Accept() {
  if (stopped_) return;
  asio::io_context& context = loops_[next_loop_++ % loops_.size()]->context;
  acceptor_->async_accept(context, [this](const error_code& failure, tcp::socket socket) {
    OnAccept(failure, std::move(socket));
  });
}

void BeastServer::OnAccept(const error_code& failure, tcp::socket socket) {
  if (stopped_) return;
  if (failure == asio::error::no_descriptors || failure == asio::error::no_buffer_space ||
      failure == asio::error::no_memory || failure.value() == ENFILE) {
    LogWarning("cannot accept connections for the moment: " + failure.message());
    core_->connections.CloseLongestWaiting();
    pause_->expires_after(kAcceptPause);
    pause_->async_wait([this](const error_code&) { Accept(); });
    return;
  }
  if (!failure) {
    const uint64_t id = next_id_++;
    // Ownership passes to the connection's own pending operations.
    if (core_->connections.size() >= core_->options.max_connections &&
        !core_->connections.CloseLongestWaiting()) {
      TurnAway(std::move(socket));
    } else {
      const auto connection = MakeBeastConnection(core_, id, std::move(socket));
      core_->connections.Add(id, connection);
      connection->Start();
    }
  }
  Accept();
}

void BeastServer::KeepStreams() {
  tick_->expires_after(StreamKeeper::kTick);
  tick_->async_wait([this](const error_code& failure) {
    if (failure || ended_) return;
    core_->keeper.Check(StreamKeeper::Clock::now(), core_->workers.BulkIsCrowded());
    KeepStreams();
  });
}

// Best effort and without waiting: one line of explanation, where it can be understood.
void BeastServer::TurnAway(tcp::socket socket) {
  if (core_->options.tls) return;
  const Refusal refusal{503, "too many connections"};
  const std::string body = RefusalBody(refusal);
  const std::string answer = FormatHead({.status = 503,
                                         .framing = Framing::kContentLength,
                                         .content_length = body.size(),
                                         .keep_alive = false},
                                        RefusalHeaders(refusal)) +
                             body;
  error_code ignored;
  socket.non_blocking(true, ignored);
  socket.write_some(asio::buffer(answer), ignored);
  socket.shutdown(tcp::socket::shutdown_send, ignored);
}

Status BeastServer::ReplaceCertificate(const TlsOptions& tls) {
  if (!core_->options.tls) return BadRequest("the server was started without TLS");
  auto context = MakeTlsContext(tls);
  if (!context.ok()) return context.status();
  core_->tls.With([&](auto& current) { current = *context; });
  return {};
}

void BeastServer::StopAccepting() {
  if (stopped_.exchange(true) || !loops_[0]->thread.joinable()) return;
  std::promise<void> closed;
  asio::post(loops_[0]->context, [&] {
    error_code ignored;
    acceptor_->close(ignored);
    pause_->cancel();
    closed.set_value();
  });
  closed.get_future().wait();  // From here on no connection is added.
}

void BeastServer::Drain(std::chrono::milliseconds timeout) {
  const std::scoped_lock lock(drain_mutex_);
  StopAccepting();
  core_->draining = true;
  for (const auto& connection : core_->connections.All()) connection->Drain();
  core_->connections.WaitUntilEmpty(timeout);
  CloseAll();
}

void BeastServer::CloseAll() {
  for (const auto& connection : core_->connections.All()) connection->Close();
  core_->connections.WaitUntilEmpty(kCloseTime);
}

BeastServer::~BeastServer() {
  StopAccepting();
  CloseAll();  // Releases handlers that wait for their clients.
  core_->workers.Stop();
  core_->exempt_workers.Stop();
  ended_ = true;
  asio::post(loops_[0]->context, [this] { tick_->cancel(); });
  for (const auto& loop : loops_) loop->work.reset();
  for (const auto& loop : loops_) {
    if (loop->thread.joinable()) loop->thread.join();
  }
}

}  // namespace

Result<std::unique_ptr<HttpServer>> StartBeastServer(HttpServerOptions options,
                                                     HttpHandler handler) {
  auto server = std::make_unique<BeastServer>(std::move(options), std::move(handler));
  if (Status status = server->Listen(); !status.ok()) return status;
  return std::unique_ptr<HttpServer>(std::move(server));
}

}  // namespace pedia::apiserver
