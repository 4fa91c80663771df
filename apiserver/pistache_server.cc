#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpedantic"
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wconversion"
#include <pistache/endpoint.h>
#include <pistache/peer.h>
#pragma GCC diagnostic pop

#include <condition_variable>
#include <csignal>
#include <exception>
#include <thread>
#include <utility>

#include "apiserver/http_server.h"
#include "apiserver/pistache_client.h"
#include "meta/log.h"
#include "meta/status.h"

namespace pedia::apiserver {
namespace {

using Clock = PistacheClient::Clock;
constexpr char kClientData[] = "pedia";
constexpr std::chrono::milliseconds kReaperPeriod{50};
constexpr std::chrono::hours kNever{24 * 365};

// Takes every byte before Pistache's own parser, which has been seen to hang and to read beyond its
// buffer.
class Guard final : public Pistache::Http::Handler {
 public:
  HTTP_PROTOTYPE(Guard)
  explicit Guard(std::shared_ptr<PistacheCore> core) : core_(std::move(core)) {}

  void onRequest(const Pistache::Http::Request&, Pistache::Http::ResponseWriter) override {
  }  // Never called.

 private:
  void onConnection(const std::shared_ptr<Pistache::Tcp::Peer>& peer) override {
    // Pistache's timer asks every connection for a parser; an idle one is left alone for
    // keepaliveTimeout.
    peer->putData(ParserData, std::make_shared<Pistache::Http::RequestParser>(1));
    peer->setIdle(true);
    const Pistache::Address& address = peer->address();
    auto client = std::make_shared<PistacheClient>(
        core_, peer->fd(), address.host() + ":" + std::to_string(uint16_t{address.port()}));
    peer->putData(kClientData, client);
    client->Welcome();
  }
  void onInput(const char* buffer, size_t length,
               const std::shared_ptr<Pistache::Tcp::Peer>& peer) override {
    if (const auto client = ClientOf(*peer)) client->Input({buffer, length});
  }
  void onDisconnection(const std::shared_ptr<Pistache::Tcp::Peer>& peer) override {
    if (const auto client = ClientOf(*peer)) client->InputEnded();
  }
  static std::shared_ptr<PistacheClient> ClientOf(const Pistache::Tcp::Peer& peer) {
    return std::static_pointer_cast<PistacheClient>(peer.tryGetData(kClientData));
  }

  std::shared_ptr<PistacheCore> core_;
};

class PistacheServer final : public HttpServer {
 public:
  PistacheServer(HttpServerOptions options, HttpHandler handler)
      : core_(std::make_shared<PistacheCore>(std::move(options), std::move(handler))) {}
  ~PistacheServer() override {
    Drain(std::chrono::milliseconds(0));
    core_->workers.Stop();
  }

  Status Listen();
  uint16_t port() const override { return port_; }
  Status ReplaceCertificate(const TlsOptions&) override {
    return BadRequest("the server was started without TLS");
  }
  void Drain(std::chrono::milliseconds timeout) override;

 private:
  void Reap(const std::stop_token& stop);
  bool NoClients() const {
    return core_->clients.With([](const auto& all) { return all.empty(); });
  }

  const std::shared_ptr<PistacheCore> core_;
  std::unique_ptr<Pistache::Http::Endpoint> endpoint_;
  uint16_t port_ = 0;
  std::mutex drain_mutex_;
  std::jthread reaper_;
};

Status PistacheServer::Listen() {
  const HttpServerOptions& options = core_->options;
  const bool v6 = options.bind_address.find(':') != std::string::npos;
  const std::string host = v6 ? "[" + options.bind_address + "]" : options.bind_address;
  try {
    endpoint_ = std::make_unique<Pistache::Http::Endpoint>(
        Pistache::Address(host, Pistache::Port(options.port)));
    endpoint_->init(Pistache::Http::Endpoint::options()
                        .threads(std::max(options.io_threads, 1))
                        .flags(Pistache::Tcp::Options::ReuseAddr | Pistache::Tcp::Options::NoDelay |
                               Pistache::Tcp::Options::CloseOnExec)
                        .headerTimeout(kNever)
                        .bodyTimeout(kNever)
                        .keepaliveTimeout(kNever));
    endpoint_->setHandler(std::make_shared<Guard>(core_));
    endpoint_->serveThreaded();
    port_ = endpoint_->getPort();
  } catch (const std::exception& error) {
    endpoint_.reset();
    return ServiceUnavailable("cannot listen on " + host + ":" + std::to_string(options.port) +
                              ": " + error.what());
  }
  reaper_ = std::jthread([this](const std::stop_token& stop) { Reap(stop); });
  return {};
}

void PistacheServer::Reap(const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any wake;
  std::unique_lock lock(mutex);
  while (!stop.stop_requested()) {
    for (const auto& client : core_->Clients()) client->CheckDeadline(Clock::now());
    wake.wait_for(lock, stop, kReaperPeriod, [] { return false; });
  }
}

void PistacheServer::Drain(std::chrono::milliseconds timeout) {
  const std::scoped_lock lock(drain_mutex_);
  if (!endpoint_) return;
  // Pistache cannot stop accepting alone: whoever connects from here on is turned away.
  core_->draining = true;
  const auto deadline = Clock::now() + timeout;
  for (const auto& client : core_->Clients()) client->Drain();
  while (!NoClients() && Clock::now() < deadline)
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  for (const auto& client : core_->Clients()) client->Close();
  endpoint_->shutdown();
  endpoint_.reset();
  reaper_ = {};
}

}  // namespace

Result<std::unique_ptr<HttpServer>> StartPistacheServer(HttpServerOptions options,
                                                        HttpHandler handler) {
  if (options.tls) return BadRequest("the Pistache back-end serves plain HTTP only");
  // Pistache's threads would end the process when a client goes while it is written to.
  std::signal(SIGPIPE, SIG_IGN);
  auto server = std::make_unique<PistacheServer>(std::move(options), std::move(handler));
  if (Status status = server->Listen(); !status.ok()) return status;
  return std::unique_ptr<HttpServer>(std::move(server));
}

}  // namespace pedia::apiserver
