#include "cmd/synchro_command.h"

#include <chrono>
#include <cstdio>
#include <future>
#include <memory>
#include <utility>

#include "apiserver/http_server.h"
#include "cmd/api_listeners.h"
#include "cmd/management_cluster.h"
#include "cmd/stop_signals.h"
#include "cmd/sync_metrics.h"
#include "cmd/wanted_clusters.h"
#include "discovery/pedia_cluster_status.h"
#include "discovery/registry.h"
#include "kube/informer.h"
#include "meta/log.h"
#include "storage/store.h"
#include "synchro/synchro_manager.h"

namespace pedia::cmd {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kTick{200};
constexpr milliseconds kFlush{1500};

// Runs `task` on the loop's thread and waits for it.
template <typename F>
void RunOn(kube::EventLoop& loop, F task) {
  std::promise<void> done;
  loop.Post([&] {
    task();
    done.set_value();
  });
  done.get_future().wait();
}

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
    synchro::SynchroOptions synchro_options;
    if (options_.page_size > 0) synchro_options.page_size = options_.page_size;
    manager_ = std::make_unique<synchro::SynchroManager>(*store_, registry_, synchro_options);
    RunOn(loop_, [this] { wanted_ = std::make_unique<WantedClusters>(*client_, registry_); });
    kube::InformerOptions informer;
    informer.path = discovery::kPediaClustersPath;
    informer_ = std::make_unique<kube::Informer>(*client_, informer, *wanted_);
    if (Status status = Serve(); !status.ok()) {
      Stop();
      return status;
    }
    return true;
  }

  void Run() {
    std::printf("pedia is ready\n");
    std::fflush(stdout);
    while (!WaitForStop(kTick)) {
      if (auto specs = wanted_->TakeChanged()) manager_->SetClusters(*std::move(specs));
    }
  }

  void Stop() {
    LogInfo("stopping");
    if (metrics_server_) metrics_server_->Drain(milliseconds(0));
    informer_.reset();
    manager_->Stop(kFlush);
    RunOn(loop_, [this] { wanted_.reset(); });
  }

 private:
  Status Serve() {
    if (!options_.metrics_port) return {};
    apiserver::ApiServerOptions api_options;
    api_options.version = options_.version;
    api_options.metrics = [this] { return SyncMetrics(*manager_); };
    api_options.ready_checks = {
        {"informer-sync",
         [this] {
           return informer_->synced()
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
  std::unique_ptr<synchro::SynchroManager> manager_;
  std::unique_ptr<WantedClusters> wanted_;  // Lives on the loop's thread.
  std::unique_ptr<kube::Informer> informer_;
  std::unique_ptr<apiserver::ApiServer> api_;
  std::unique_ptr<apiserver::HttpServer> metrics_server_;
};

}  // namespace

Status RunSynchroManager(const SynchroManagerOptions& options, Console&) {
  SynchroProcess process(options);
  const Result<bool> started = process.Start();
  if (!started.ok()) return started.status();
  if (!*started) return {};
  process.Run();
  process.Stop();
  return {};
}

}  // namespace pedia::cmd
