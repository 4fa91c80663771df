// `pedia clustersynchro-manager`: syncs the member clusters that the PediaClusters of a management
// cluster describe into the store, and tells there how they do.
// Source: Clusterpedia's clustersynchro-manager.
#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "apiserver/api_server.h"
#include "cmd/storage_config.h"
#include "kube/leader_elector.h"
#include "meta/status.h"
#include "synchro/cluster_inventory.h"
#include "synchro/write_statistics.h"

namespace pedia::cmd {

struct SynchroManagerOptions {
  std::string kubeconfig;  // "" = in-cluster.
  std::string server;      // Of the management cluster, if not as the kubeconfig says.
  StorageConfig storage;
  std::string metrics_address = "0.0.0.0";
  std::optional<uint16_t> metrics_port = 8081;  // Plain HTTP: /metrics and health.
  synchro::MetricLabels metrics_labels;         // Of the metrics of resource synchros.
  int64_t page_size = 0;                        // Of lists of members; 0 = the default.
  std::string name_space;                       // pedia's own.
  std::string sharding_name;                    // Only these clusters; "" = those without a name.
  bool auto_sharding = false;  // The clusters are shared with other such processes.
  bool leader_elect = true;    // Else, and without auto_sharding: this is the only process.
  kube::LeaderElectorOptions election;  // Of the group, if auto_sharding.
  synchro::InventoryGates gates;
  bool prune_managed_fields = true;
  bool prune_last_applied = true;
  apiserver::VersionInfo version;
};

// Runs until SIGTERM or SIGINT, which must be blocked in every thread; then it stops within 8
// seconds: it writes what is queued, says in the status of its clusters that they are not synced any
// more, and gives its Lease back. A process that does not lead runs, too, and waits. Prints one line
// on standard output when it runs. Errors: why it could not start.
Status RunSynchroManager(const SynchroManagerOptions& options);

}  // namespace pedia::cmd
