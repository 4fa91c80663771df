#include "cmd/standalone.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <map>
#include <set>

#include "apiserver/collection_manifest.h"
#include "apiserver/fixed_credentials.h"
#include "apiserver/proxy_handler.h"
#include "cmd/api_listeners.h"
#include "cmd/data_directory.h"
#include "cmd/stop_signals.h"
#include "cmd/sync_debug.h"
#include "cmd/sync_metrics.h"
#include "meta/guarded.h"
#include "meta/log.h"
#include "meta/time.h"
#include "storage/store.h"
#include "synchro/synchro_manager.h"

namespace pedia::cmd {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kTick{200};
constexpr milliseconds kDrain{500};
constexpr milliseconds kFlush{1200};

// The names by which clients on this machine, or beyond it, reach `bind_address`.
std::vector<std::string> ServingAddresses(const std::string& bind_address) {
  std::set<std::string> addresses = {"localhost", "127.0.0.1", "::1"};
  if (bind_address == "0.0.0.0" || bind_address == "::") {
    char name[256] = "";
    if (gethostname(name, sizeof name - 1) == 0 && *name != '\0') addresses.insert(name);
  } else {
    addresses.insert(bind_address);
  }
  return {addresses.begin(), addresses.end()};
}

// Everything that runs; members are destroyed in reverse order.
class Standalone {
 public:
  Standalone(const StandaloneOptions& options, Console& console)
      : options_(options), console_(console), sources_(options.sources) {}

  // True if it serves, false if it was stopped before.
  bool started() const { return store_ != nullptr; }

  Status Start() {
    if (!options_.collections.empty()) {
      auto collections = ReadCollections(options_.collections);
      if (!collections.ok()) return collections.status();
      collections_ = *std::move(collections);
    }
    auto specs = sources_.Load();
    if (!specs.ok()) return specs.status();
    if (specs->empty())
      LogWarning(
          "no clusters yet; they appear as soon as the kubeconfig or the manifests name some");
    auto directory = DataDirectory::Open(options_.data_directory);
    if (!directory.ok()) return directory.status();
    directory_.emplace(*std::move(directory));
    auto credentials =
        directory_->LoadCredentials(ServingAddresses(options_.bind_address), UnixNow());
    if (!credentials.ok()) return credentials.status();
    credentials_ = *std::move(credentials);
    const StorageConfig storage =
        options_.storage.value_or(DefaultStorageConfig(directory_->path()));
    readers_ = storage.readers();
    auto store = OpenStoreWhenThere(storage, WaitForStop);
    if (!store.ok()) return store.status();
    if (*store == nullptr) return Status();  // Stopped while it waited.
    store_ = *std::move(store);
    synchro::ClusterHooks hooks;
    hooks.fenced = [this](const std::string& cluster) {
      LogWarning("cluster " + cluster + " is synced into this store by another process");
      fenced_ = true;
    };
    manager_ = std::make_unique<synchro::SynchroManager>(*store_, registry_,
                                                         synchro::SynchroOptions{}, hooks);
    SetClusters(*std::move(specs), /*write_kubeconfig=*/false);
    if (Status status = Serve(); !status.ok()) return status;
    return WriteKubeconfig();
  }

  void Run() {
    std::printf("pedia is ready: %s kubeconfig=%s\n", url_.c_str(),
                directory_->KubeconfigPath().c_str());
    std::fflush(stdout);
    for (int64_t tick = 0; !WaitForStop(kTick); ++tick) {
      ShowProgress(tick);
      if (tick % 5 == 4) {
        if (auto specs = sources_.Reload())
          SetClusters(*std::move(specs), /*write_kubeconfig=*/true);
      }
      ClaimAgain(tick);
      if (tick % kTicksPerHour == kTicksPerHour - 1) RenewCertificates();
    }
  }

  void Stop() {
    console_.ShowBars({});
    LogInfo("stopping");
    if (listeners_.metrics) listeners_.metrics->Drain(milliseconds(0));
    listeners_.secure->Drain(kDrain);
    manager_->Stop(kFlush);
  }

 private:
  static constexpr int64_t kTicksPerHour = std::chrono::hours(1) / kTick;
  static constexpr int64_t kFencedTicks = std::chrono::seconds(30) / kTick;
  using Connections = std::map<std::string, Result<kube::RestConfig>, std::less<>>;

  void SetClusters(std::vector<synchro::ClusterSpec> specs, bool write_kubeconfig) {
    cluster_names_.clear();
    for (const synchro::ClusterSpec& spec : specs) cluster_names_.push_back(spec.name);
    connections_.With([&](Connections& connections) {
      connections.clear();
      for (const synchro::ClusterSpec& spec : specs) connections.emplace(spec.name, spec.config);
    });
    first_sync_done_ = false;
    specs_ = std::move(specs);
    manager_->SetClusters(specs_);
    if (!write_kubeconfig) return;
    if (Status status = WriteKubeconfig(); !status.ok()) LogError(status.message());
  }

  // The other process may be gone, or there was none: a database can lose what it was told last.
  void ClaimAgain(int64_t tick) {
    if (fenced_.exchange(false)) claim_again_ = tick + kFencedTicks;
    if (tick != claim_again_) return;
    manager_->SetClusters(specs_);
  }

  Status WriteKubeconfig() {
    return directory_->WriteKubeconfig(credentials_, url_, cluster_names_);
  }

  apiserver::TlsOptions Tls() const {
    return {credentials_.serving.certificate_pem, credentials_.serving.key_pem,
            credentials_.ca_pem};
  }

  Status Serve() {
    apiserver::ApiServerOptions api_options;
    authenticator_ = std::make_unique<apiserver::FixedCredentials>(
        apiserver::Credentials{credentials_.token, std::string(kClientName)});
    api_options.authenticator = authenticator_.get();
    api_options.authorizer = &authorizer_;
    if (options_.proxy.enabled) {
      proxy_ = std::make_unique<apiserver::ProxyHandler>(
          options_.proxy, [this](std::string_view cluster) { return ConnectionOf(cluster); });
      api_options.proxy = proxy_.get();
    }
    api_options.version = options_.version;
    api_options.collections = collections_;
    api_options.metrics = [this] { return SyncMetrics({*manager_, options_.version}); };
    api_options.debug_pages.emplace("/debug/synchros", SynchrosPage(*manager_));
    api_options.ready_checks.push_back({"storage", [this] {
                                          const auto revision = store_->Revision();
                                          return revision.ok() ? Status() : revision.status();
                                        }});
    api_ = std::make_unique<apiserver::ApiServer>(*store_, registry_, std::move(api_options));

    ListenerOptions listen{.bind_address = options_.bind_address,
                           .secure_port = options_.secure_port,
                           .metrics_port = options_.metrics_port,
                           .tls = Tls(),
                           .readers = readers_};
    // All clients have the same credentials: their addresses tell them apart.
    auto listeners = StartListeners(listen, *api_, nullptr);
    if (!listeners.ok()) return listeners.status();
    listeners_ = *std::move(listeners);
    url_ = ServerUrl(options_.bind_address, listeners_.secure->port());
    return {};
  }

  void RenewCertificates() {
    auto credentials =
        directory_->LoadCredentials(ServingAddresses(options_.bind_address), UnixNow());
    if (!credentials.ok())
      return LogError("cannot renew the certificates: " + credentials.status().message());
    const bool renewed =
        credentials->serving.certificate_pem != credentials_.serving.certificate_pem ||
        credentials->client.certificate_pem != credentials_.client.certificate_pem;
    if (!renewed) return;
    credentials_ = *std::move(credentials);
    if (Status status = listeners_.secure->ReplaceCertificate(Tls()); !status.ok())
      LogError(status.message());
    if (Status status = WriteKubeconfig(); !status.ok()) LogError(status.message());
    LogInfo("the certificates were renewed");
  }

  std::optional<Result<kube::RestConfig>> ConnectionOf(std::string_view cluster) const {
    return connections_.With(
        [&](const Connections& connections) -> std::optional<Result<kube::RestConfig>> {
          const auto found = connections.find(cluster);
          if (found == connections.end()) return std::nullopt;
          return found->second;
        });
  }

  std::vector<ClusterStatus> ClusterStatuses() const {
    std::vector<ClusterStatus> statuses;
    const auto snapshot = registry_.Get();
    for (synchro::ClusterProgress& progress : manager_->Progress()) {
      std::string problem;
      const discovery::ClusterState* state = snapshot->Find(progress.cluster);
      for (const char* type : {"Validated", "ClusterHealthy"}) {
        const discovery::Condition* condition =
            state == nullptr ? nullptr : state->FindCondition(type);
        if (problem.empty() && condition != nullptr && condition->status == "False")
          problem = condition->message;
      }
      statuses.push_back({std::move(progress), std::move(problem)});
    }
    return statuses;
  }

  void ShowProgress(int64_t tick) {
    if (first_sync_done_) return;
    const std::vector<ClusterStatus> clusters = ClusterStatuses();
    first_sync_done_ = IsFirstSyncDone(clusters);
    std::vector<std::string> bars;
    for (const ClusterStatus& cluster : clusters) {
      for (std::string& line : FormatProgress(cluster, console_.width(), options_.progress_by_kind))
        bars.push_back(std::move(line));
    }
    console_.ShowBars(first_sync_done_ ? std::vector<std::string>() : bars);
    if (first_sync_done_) {
      LogInfo("first sync done: " + SummarizeProgress(clusters));
    } else if (!console_.is_terminal() && tick % 25 == 24) {
      LogInfo(SummarizeProgress(clusters));
    }
  }

  const StandaloneOptions& options_;
  Console& console_;
  ClusterSources sources_;
  std::optional<DataDirectory> directory_;
  Credentials credentials_;
  std::vector<apiserver::Collection> collections_;
  discovery::Registry registry_;
  std::unique_ptr<storage::Store> store_;
  int readers_ = 1;  // Of the store.
  std::vector<synchro::ClusterSpec> specs_;
  std::atomic<bool> fenced_ = false;  // Some of them, since they were claimed again.
  int64_t claim_again_ = -1;          // The tick.
  std::unique_ptr<synchro::SynchroManager> manager_;
  Guarded<Connections> connections_;
  std::unique_ptr<apiserver::ProxyHandler> proxy_;
  std::unique_ptr<apiserver::FixedCredentials> authenticator_;
  apiserver::MastersAuthorizer authorizer_;
  std::unique_ptr<apiserver::ApiServer> api_;
  ApiListeners listeners_;
  std::vector<std::string> cluster_names_;
  std::string url_;
  bool first_sync_done_ = false;
};

}  // namespace

Result<std::vector<apiserver::Collection>> ReadCollections(const std::filesystem::path& file) {
  const auto text = ReadFile(file);
  if (!text.ok()) return text.status();
  auto collections = apiserver::ParseCollections(*text);
  if (!collections.ok()) return BadRequest(file.string() + ": " + collections.status().message());
  return collections;
}

Status RunStandalone(const StandaloneOptions& options, Console& console) {
  Standalone standalone(options, console);
  if (Status status = standalone.Start(); !status.ok()) return status;
  if (!standalone.started()) return {};
  standalone.Run();
  standalone.Stop();
  return {};
}

}  // namespace pedia::cmd
