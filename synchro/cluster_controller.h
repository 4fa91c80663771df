// ClusterController: follows the PediaClusters of a management cluster, has those synced that are
// this process's, and tells there how they do: finalizers, shards, status.
// Source: Clusterpedia's clustersynchro-manager.
#pragma once
#include <chrono>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "discovery/registry.h"
#include "kube/client.h"
#include "kube/informer.h"
#include "synchro/cluster_inventory.h"
#include "synchro/cluster_ownership.h"
#include "synchro/status_writer.h"
#include "synchro/synchro_manager.h"

namespace pedia::synchro {

struct ControllerOptions {
  std::string name_space;  // pedia's own: where the Secrets are that PediaClusters name.
  std::string lease_namespace;
  std::string sharding_name;  // Only PediaClusters with this spec.shardingName.
  InventoryGates gates{};
  // For how long a cluster that another process has claimed is left to it.
  std::chrono::milliseconds lease_duration{15'000};
  std::chrono::milliseconds tick{1'000};             // How often what depends on time is looked at.
  std::chrono::milliseconds leases_interval{5'000};  // How often other shards' Leases are.
  std::chrono::milliseconds backoff_initial{1'000};  // After a patch that failed.
  std::chrono::milliseconds backoff_max{60'000};
  kube::InformerOptions informer{};  // Its path is set by the controller.
  StatusWriterOptions status{};      // Its shard, too.
};

// A cluster is synced when it carries the finalizer, and is deleted (its rows, then the finalizer)
// when it is being deleted, or gone; both only by who is responsible for it. Others' clusters are left
// in peace. Nothing is decided before all objects were listed, nor while this process has never been
// acting. Thread-safe. The arguments must outlive it.
class ClusterController {
 public:
  // As SynchroManager::SetClusters; called on the client's loop thread.
  using SetClusters =
      std::function<void(std::vector<ClusterSpec> run, std::set<std::string> elsewhere,
                         std::set<std::string> deleted)>;

  ClusterController(kube::Client& client, const discovery::Registry& registry,
                    const ClusterOwnership& ownership, ControllerOptions options,
                    SetClusters set_clusters);
  ~ClusterController();  // Not on the loop's thread. Nothing is called any more.
  ClusterController(const ClusterController&) = delete;
  ClusterController& operator=(const ClusterController&) = delete;

  // For the SynchroManager; they may be called even when the controller is gone.
  ClusterHooks hooks();
  // Follows and decides from here on.
  void Start();
  // The ownership has changed.
  void Reconsider();
  // Whether all that decisions need was listed once.
  bool synced() const;

  // Decides nothing any more: before the SynchroManager is stopped.
  void Freeze();
  // After that: says in the status of all clusters that ran here that they do not any more. Returns
  // when that is written, or after `timeout`.
  void WriteShutdown(std::chrono::milliseconds timeout);

 private:
  class Core;
  std::shared_ptr<Core> core_;
};

}  // namespace pedia::synchro
