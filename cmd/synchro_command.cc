#include "cmd/synchro_command.h"

#include <atomic>
#include <chrono>
#include <cstdio>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "apiserver/http_server.h"
#include "cmd/api_listeners.h"
#include "cmd/management_cluster.h"
#include "cmd/stop_signals.h"
#include "cmd/sync_debug.h"
#include "cmd/sync_metrics.h"
#include "discovery/registry.h"
#include "meta/log.h"
#include "storage/store.h"
#include "synchro/cluster_controller.h"
#include "synchro/cluster_ownership.h"
#include "synchro/synchro_manager.h"

namespace pedia::cmd {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kTick{1'000};
constexpr milliseconds kFlush{1'500};
constexpr milliseconds kLastStatus{4'000};

// Everything that runs; members are destroyed in reverse order.
class SynchroProcess {
 public:
  explicit SynchroProcess(const SynchroManagerOptions& options) : options_(options) {}

  // False: it was stopped before it ran.
  Result<bool> Start() {
    auto config = ManagementCluster(options_.kubeconfig);
    if (config.ok() && !options_.server.empty()) config->server = options_.server;
    if (!config.ok()) return config.status();
    client_ = std::make_unique<kube::Client>(loop_, *std::move(config));
    auto store = OpenStoreWhenThere(options_.storage, WaitForStop);
    if (!store.ok()) return store.status();
    if (*store == nullptr) return false;
    store_ = *std::move(store);
    StartController();
    if (Status status = Serve(); !status.ok()) {
      Stop();
      return status;
    }
    return true;
  }

  void Run() {
    std::printf("pedia is ready\n");
    std::fflush(stdout);
    while (!WaitForStop(kTick)) continue;
  }

  // The Lease is held until nothing is said any more, and then given back, so that the next process
  // need not wait.
  void Stop() {
    LogInfo("stopping");
    started_ = false;
    if (metrics_server_) metrics_server_->Drain(milliseconds(0));
    controller_->Freeze();  // After this nobody calls Reconsider, either: same thread.
    manager_->Stop(kFlush);
    controller_->WriteShutdown(kLastStatus);
    controller_.reset();
    ownership_.reset();
  }

 private:
  void StartController() {
    ownership_ = MakeOwnership();
    synchro::ControllerOptions controller;
    controller.name_space = options_.name_space;
    controller.lease_namespace = options_.election.name_space;
    controller.sharding_name = options_.sharding_name;
    controller.gates = options_.gates;
    controller.lease_duration = options_.election.times.duration;
    controller_ = std::make_unique<synchro::ClusterController>(
        *client_, registry_, *ownership_, controller,
        [this](std::vector<synchro::ClusterSpec> run, std::set<std::string> elsewhere,
               std::set<std::string> deleted) {
          manager_->SetClusters(std::move(run), std::move(elsewhere), std::move(deleted));
        });
    synchro::SynchroOptions synchro;
    if (options_.page_size > 0) synchro.page_size = options_.page_size;
    synchro.prune_managed_fields = options_.prune_managed_fields;
    synchro.identity = options_.election.identity;
    synchro.metric_labels = options_.metrics_labels;
    synchro.prune_last_applied = options_.prune_last_applied;
    manager_ = std::make_unique<synchro::SynchroManager>(*store_, registry_, synchro,
                                                         controller_->hooks());
    controller_->Start();
    started_ = true;
  }

  std::unique_ptr<synchro::ClusterOwnership> MakeOwnership() {
    // It may change before there is a controller to tell, which looks for itself when it starts.
    const auto changed = [this] {
      if (started_) controller_->Reconsider();
    };
    if (options_.auto_sharding)
      return synchro::MakeGroupOwnership(*client_, options_.election, changed);
    if (options_.leader_elect)
      return synchro::MakeLeaderOwnership(*client_, options_.election, changed);
    return synchro::MakeSoleOwnership();
  }

  Status Serve() {
    if (!options_.metrics_port) return {};
    apiserver::ApiServerOptions api_options;
    api_options.version = options_.version;
    api_options.metrics = [this] {
      return SyncMetrics(
          {*manager_, options_.version, options_.metrics_labels, ownership_->acting()});
    };
    api_options.debug_pages.emplace("/debug/synchros", SynchrosPage(*manager_));
    api_options.ready_checks = {
        {"informer-sync",
         [this] {
           return controller_->synced()
                      ? Status()
                      : ServiceUnavailable("the PediaClusters have not been listed yet");
         }},
        {"storage", [this] {
           const auto revision = store_->Revision();
           return revision.ok() ? Status() : revision.status();
         }}};
    api_ = std::make_unique<apiserver::ApiServer>(*store_, registry_, std::move(api_options));
    auto server = StartMetrics(
        {options_.metrics_address, 0, options_.metrics_port, {}, 0, options_.storage.readers()},
        *api_);
    if (!server.ok()) return server.status();
    metrics_server_ = *std::move(server);
    return {};
  }

  const SynchroManagerOptions& options_;
  kube::EventLoop loop_;  // Of the management cluster; members have their own.
  std::unique_ptr<kube::Client> client_;
  discovery::Registry registry_;
  std::unique_ptr<storage::Store> store_;
  std::atomic<bool> started_ = false;  // The controller was.
  std::unique_ptr<synchro::ClusterOwnership> ownership_;
  std::unique_ptr<synchro::ClusterController> controller_;
  std::unique_ptr<synchro::SynchroManager> manager_;
  std::unique_ptr<apiserver::ApiServer> api_;
  std::unique_ptr<apiserver::HttpServer> metrics_server_;
};

}  // namespace

Status RunSynchroManager(const SynchroManagerOptions& options) {
  SynchroProcess process(options);
  const Result<bool> started = process.Start();
  if (!started.ok()) return started.status();
  if (!*started) return {};
  process.Run();
  process.Stop();
  return {};
}

}  // namespace pedia::cmd
