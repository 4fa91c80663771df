#include "tests/member/member_server.h"

#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

#include "meta/log.h"
#include "tests/member/control_endpoint.h"
#include "tests/member/member_handler.h"

namespace pedia::member {
namespace {

struct Credentials {
  certs::KeyPair ca;
  certs::KeyPair serving;
  certs::KeyPair client;
  std::string token;
};

Result<Credentials> MakeCredentials(const std::string& name) {
  Result<certs::KeyPair> ca = certs::MakeCertificateAuthority(name + "-ca", 10 * 365 * 86'400);
  if (!ca.ok()) return ca.status();
  certs::CertificateRequest serving{
      "kube-apiserver", {}, {"localhost", "kubernetes"}, {"127.0.0.1", "::1"}};
  Result<certs::KeyPair> server_pair = certs::IssueCertificate(*ca, serving);
  if (!server_pair.ok()) return server_pair.status();
  certs::CertificateRequest client{"admin", {"system:masters"}, {}, {}, certs::Usage::kClient};
  Result<certs::KeyPair> client_pair = certs::IssueCertificate(*ca, client);
  if (!client_pair.ok()) return client_pair.status();
  Result<std::string> token = certs::MakeToken();
  if (!token.ok()) return token.status();
  return Credentials{std::move(*ca), std::move(*server_pair), std::move(*client_pair),
                     std::move(*token)};
}

apiserver::HttpServerOptions ServerOptions(const MemberOptions& options,
                                           const Credentials& credentials) {
  apiserver::HttpServerOptions server;
  server.port = options.port;
  server.io_threads = 1;
  server.workers = 4;
  server.max_requests = 100'000;  // Watches and stalled requests are in flight for long.
  server.max_connections = 100'000;
  server.write_buffer_bytes = 512 * 1024;
  server.write_timeout = std::chrono::minutes(10);  // Clients that pause are what tests are about.
  if (options.tls) {
    server.tls = apiserver::TlsOptions{credentials.serving.certificate_pem,
                                       credentials.serving.key_pem, credentials.ca.certificate_pem};
  }
  return server;
}

}  // namespace

struct MemberServer::State {
  State(World& served, MemberOptions given, Credentials made)
      : world(served),
        options(std::move(given)),
        credentials(std::move(made)),
        pump(served, options.bookmark_interval),
        handler(served, faults, pump, credentials.token) {}

  World& world;
  const MemberOptions options;
  const Credentials credentials;
  FaultPlan faults;
  WatchPump pump;
  MemberHandler handler;
  uint16_t port = 0;  // Does not change once it has listened.
  std::mutex mutex;   // Of `server`; never held by a handler.
  std::unique_ptr<apiserver::HttpServer> server;
  std::jthread refusing;
};

MemberServer::MemberServer(std::unique_ptr<State> state) : state_(std::move(state)) {}

MemberServer::~MemberServer() {
  state_->refusing = {};  // Stops and joins.
  state_->faults.Clear();
  state_->server.reset();
}

Result<std::unique_ptr<MemberServer>> MemberServer::Start(World& world, MemberOptions options) {
  Result<Credentials> credentials = MakeCredentials(options.name);
  if (!credentials.ok()) return credentials.status();
  auto state = std::make_unique<State>(world, std::move(options), std::move(*credentials));
  state->handler.SetAggregatedDiscovery(state->options.aggregated_discovery);
  state->handler.SetOpenApi(state->options.openapi);
  state->port = state->options.port;
  std::unique_ptr<MemberServer> member(new MemberServer(std::move(state)));
  Status status = member->StartListening();
  if (!status.ok()) return status;
  return member;
}

const std::string& MemberServer::name() const { return state_->options.name; }
std::string MemberServer::url() const {
  return (state_->options.tls ? "https://127.0.0.1:" : "http://127.0.0.1:") +
         std::to_string(state_->port);
}
const std::string& MemberServer::ca_pem() const { return state_->credentials.ca.certificate_pem; }
const std::string& MemberServer::token() const { return state_->credentials.token; }
const certs::KeyPair& MemberServer::client() const { return state_->credentials.client; }

KubeconfigEntry MemberServer::kubeconfig_entry(bool with_token) const {
  KubeconfigEntry entry{name(), url(), state_->options.tls ? ca_pem() : "", "", "", ""};
  if (with_token) {
    entry.token = token();
  } else {
    entry.client_cert_pem = client().certificate_pem;
    entry.client_key_pem = client().key_pem;
  }
  return entry;
}

World& MemberServer::world() { return state_->world; }
FaultPlan& MemberServer::faults() { return state_->faults; }
void MemberServer::BreakWatches(WatchBreak how, std::string_view path_prefix) {
  state_->pump.Break(how, path_prefix);
}
size_t MemberServer::watches() const { return state_->pump.count(); }
uint64_t MemberServer::Requests(RequestKind kind) const { return state_->handler.Requests(kind); }
void MemberServer::SetAggregatedDiscovery(bool offered) {
  state_->handler.SetAggregatedDiscovery(offered);
}

void MemberServer::SetOpenApi(OpenApiOffer offer) { state_->handler.SetOpenApi(offer); }
std::map<std::string, int> MemberServer::OpenApiAnswers() const {
  return state_->handler.OpenApiAnswers();
}

std::deque<apiserver::HttpRequest> MemberServer::ForwardedRequests() const {
  return state_->handler.ForwardedRequests();
}

void MemberServer::StopListening() {
  std::unique_ptr<apiserver::HttpServer> stopped;
  {
    std::scoped_lock lock(state_->mutex);
    stopped = std::move(state_->server);
  }
}

Status MemberServer::StartListening() {
  std::scoped_lock lock(state_->mutex);
  if (state_->server != nullptr) return Status();
  apiserver::HttpServerOptions options = ServerOptions(state_->options, state_->credentials);
  options.port = state_->port;
  Result<std::unique_ptr<apiserver::HttpServer>> server = apiserver::StartBeastServer(
      std::move(options), [this](const apiserver::HttpRequest& request,
                                 const std::shared_ptr<apiserver::ResponseWriter>& response) {
        if (state_->options.control && IsControlRequest(request)) {
          HandleControl(request, *response, *this, state_->options.churn);
        } else {
          state_->handler.Handle(request, response);
        }
      });
  if (!server.ok()) return server.status();
  if (state_->port == 0) state_->port = (*server)->port();
  state_->server = std::move(*server);
  return Status();
}

// On a thread of its own: a handler cannot end the server that runs it.
void MemberServer::RefuseFor(std::chrono::milliseconds time) {
  std::jthread before;  // It needs the lock to end.
  {
    std::scoped_lock lock(state_->mutex);
    before.swap(state_->refusing);
  }
  before = std::jthread();
  std::scoped_lock lock(state_->mutex);
  state_->refusing = std::jthread([this, time](const std::stop_token& stop) {
    StopListening();
    std::mutex mutex;
    std::condition_variable_any stopped;
    std::unique_lock waiting(mutex);
    stopped.wait_for(waiting, stop, time, [] { return false; });
    if (stop.stop_requested()) return;
    const Status status = StartListening();
    if (!status.ok()) LogError("cannot listen again: " + status.ToString());
  });
}

}  // namespace pedia::member
