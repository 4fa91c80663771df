#include "cmd/apiserver_command.h"

#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <memory>
#include <utility>

#include "apiserver/cluster_follower.h"
#include "apiserver/delegated_authenticator.h"
#include "apiserver/delegated_authorizer.h"
#include "apiserver/fine_grained_access.h"
#include "apiserver/proxy_handler.h"
#include "apiserver/rbac_informers.h"
#include "cmd/api_listeners.h"
#include "cmd/management_cluster.h"
#include "cmd/standalone.h"
#include "cmd/stop_signals.h"
#include "discovery/registry.h"
#include "kube/client.h"
#include "kube/event_loop.h"
#include "meta/log.h"
#include "meta/time.h"

namespace pedia::cmd {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kTick{1'000};
constexpr milliseconds kHurriedDrain{100};

// The names by which others in the cluster, or on this machine, reach this process.
std::vector<std::string> OwnNames() {
  std::vector<std::string> names = {"localhost", "127.0.0.1", "::1"};
  char name[256] = "";
  if (gethostname(name, sizeof name - 1) == 0 && *name != '\0') names.emplace_back(name);
  return names;
}

template <typename Source>
void AppendSamples(const Source& source, std::vector<apiserver::MetricSample>* samples) {
  for (apiserver::MetricSample& sample : source.Samples()) samples->push_back(std::move(sample));
}

// Everything that runs; members are destroyed in reverse order.
class Apiserver {
 public:
  explicit Apiserver(const ApiserverOptions& options)
      : options_(options), certificate_(CertificateOptions(options)) {}

  // True if it serves, false if it was stopped before.
  bool started() const { return listeners_.secure != nullptr; }

  Status Start() {
    if (Status status = Prepare(); !status.ok()) return status;
    auto store = OpenStoreWhenThere(options_.storage, WaitForStop);
    if (!store.ok()) return store.status();
    if (*store == nullptr) return Status();  // Stopped while it waited.
    store_ = *std::move(store);
    apiserver::FollowerOptions follower;
    follower.secrets_namespace = options_.secrets_namespace;
    follower_ =
        std::make_unique<apiserver::ClusterFollower>(*client_, *store_, registry_, follower);
    if (options_.proxy.enabled) {
      proxy_ = std::make_unique<apiserver::ProxyHandler>(
          options_.proxy,
          [this](std::string_view cluster) { return follower_->Connection(cluster); });
    }
    if (Status status = StartAccess(); !status.ok()) return status;
    return Serve();
  }

  void Run() {
    std::printf("pedia is ready: %s\n",
                ServerUrl(options_.bind_address, listeners_.secure->port()).c_str());
    std::fflush(stdout);
    while (!WaitForStop(kTick)) {
      if (!certificate_.Reload(UnixNow())) continue;
      const Status replaced = listeners_.secure->ReplaceCertificate(Tls());
      if (!replaced.ok()) LogError("the serving certificate: " + replaced.message());
      if (replaced.ok()) LogInfo("the serving certificate was replaced");
    }
  }

  // Not ready first, so that nobody sends anything new; then what runs may end.
  void Stop() {
    stopping_ = true;
    LogInfo("stopping");
    const bool hurry = WaitForStop(options_.shutdown_delay);
    listeners_.secure->Drain(hurry ? kHurriedDrain : options_.drain_time);
    if (listeners_.metrics) listeners_.metrics->Drain(milliseconds(0));
  }

 private:
  static ServingCertificateOptions CertificateOptions(const ApiserverOptions& options) {
    ServingCertificateOptions certificate = options.certificate;
    certificate.host_names = OwnNames();
    return certificate;
  }

  // What needs nobody else, so that a mistake in the flags is told at once.
  Status Prepare() {
    if (!options_.collections.empty()) {
      auto collections = ReadCollections(options_.collections);
      if (!collections.ok()) return collections.status();
      collections_ = *std::move(collections);
    }
    if (Status status = certificate_.Load(UnixNow()); !status.ok()) return status;
    if (!options_.audit.path.empty()) {
      auto audit = apiserver::AuditLog::Open(options_.audit);
      if (!audit.ok()) return audit.status();
      audit_ = *std::move(audit);
    }
    auto config = ManagementCluster(options_.kubeconfig);
    if (!config.ok()) return config.status();
    client_ = std::make_unique<kube::Client>(loop_, *std::move(config));
    auto reviews = MakeClient(options_.authentication_kubeconfig);
    if (!reviews.ok()) return reviews.status();
    authentication_client_ = *std::move(reviews);
    auto access = MakeClient(options_.authorization_kubeconfig);
    if (!access.ok()) return access.status();
    authorization_client_ = *std::move(access);
    return {};
  }

  // Null for "": then it is that of the management cluster.
  Result<std::unique_ptr<kube::Client>> MakeClient(const std::string& kubeconfig) {
    if (kubeconfig.empty()) return std::unique_ptr<kube::Client>();
    auto config = ManagementCluster(kubeconfig);
    if (!config.ok()) return config.status();
    return std::make_unique<kube::Client>(loop_, *std::move(config));
  }

  Status StartAccess() {
    kube::Client& reviews = authentication_client_ ? *authentication_client_ : *client_;
    auto authenticator =
        apiserver::DelegatedAuthenticator::Start(options_.authentication, &reviews);
    if (!authenticator.ok()) return authenticator.status();
    authenticator_ = *std::move(authenticator);
    if (Status status = apiserver::CheckAlwaysAllowPaths(options_.authorization.always_allow_paths);
        !status.ok())
      return status;
    authorizer_ = std::make_unique<apiserver::DelegatedAuthorizer>(
        authorization_client_ ? *authorization_client_ : *client_, options_.authorization);
    if (!options_.fine_grained_authorization) return {};
    rbac_informers_ = std::make_unique<apiserver::RbacInformers>(*client_, rbac_);
    fine_grained_ = std::make_unique<apiserver::FineGrainedAccess>(*authorizer_, rbac_);
    return {};
  }

  std::vector<apiserver::HealthCheck> ReadyChecks() {
    return {{"informer-sync", [this] { return follower_->Ready(); }},
            {"storage",
             [this] {
               const auto revision = store_->Revision();
               return revision.ok() ? Status() : revision.status();
             }},
            {"shutdown", [this] {
               return stopping_ ? ServiceUnavailable("the process is shutting down") : Status();
             }}};
  }

  std::vector<apiserver::MetricSample> Samples() const {
    std::vector<apiserver::MetricSample> samples;
    AppendSamples(*authenticator_, &samples);
    AppendSamples(*authorizer_, &samples);
    if (audit_) AppendSamples(*audit_, &samples);
    samples.push_back({"pedia_management_cluster_following",
                       "1 if what is known of the PediaClusters is up to date.",
                       false,
                       {},
                       follower_->Following().ok() ? 1.0 : 0.0});
    return samples;
  }

  apiserver::TlsOptions Tls() const {
    apiserver::TlsOptions tls = certificate_.tls();
    tls.ask_client_certificates = true;
    tls.min_version = options_.tls_min_version;
    tls.cipher_suites = options_.tls_cipher_suites;
    return tls;
  }

  Status Serve() {
    apiserver::ApiServerOptions api_options;
    api_options.authenticator = authenticator_.get();
    api_options.authorizer = authorizer_.get();
    api_options.proxy = proxy_.get();
    api_options.fine_grained = fine_grained_.get();
    api_options.audit = audit_.get();
    api_options.slow_request_threshold = options_.slow_request_threshold;
    api_options.version = options_.version;
    api_options.collections = collections_;
    api_options.ready_checks = ReadyChecks();
    api_options.metrics = [this] { return Samples(); };
    api_ = std::make_unique<apiserver::ApiServer>(*store_, registry_, std::move(api_options));
    ListenerOptions listen{options_.bind_address,
                           options_.secure_port,
                           options_.metrics_port,
                           Tls(),
                           static_cast<size_t>(options_.max_requests_inflight),
                           options_.storage.readers()};
    auto listeners = StartListeners(listen, *api_, authenticator_.get());
    if (!listeners.ok()) return listeners.status();
    listeners_ = *std::move(listeners);
    return {};
  }

  const ApiserverOptions& options_;
  std::atomic<bool> stopping_ = false;
  ServingCertificate certificate_;
  std::vector<apiserver::Collection> collections_;
  discovery::Registry registry_;
  kube::EventLoop loop_;
  std::unique_ptr<kube::Client> client_, authentication_client_, authorization_client_;
  std::unique_ptr<storage::Store> store_;
  std::unique_ptr<apiserver::ClusterFollower> follower_;
  std::unique_ptr<apiserver::ProxyHandler> proxy_;
  std::unique_ptr<apiserver::DelegatedAuthenticator> authenticator_;
  std::unique_ptr<apiserver::DelegatedAuthorizer> authorizer_;
  apiserver::RbacIndex rbac_;
  std::unique_ptr<apiserver::RbacInformers> rbac_informers_;
  std::unique_ptr<apiserver::FineGrainedAccess> fine_grained_;
  std::unique_ptr<apiserver::AuditLog> audit_;
  std::unique_ptr<apiserver::ApiServer> api_;
  ApiListeners listeners_;
};

}  // namespace

Status RunApiserver(const ApiserverOptions& options) {
  Apiserver server(options);
  if (Status status = server.Start(); !status.ok()) return status;
  if (!server.started()) return {};
  server.Run();
  server.Stop();
  return {};
}

}  // namespace pedia::cmd
