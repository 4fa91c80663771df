// SynchroManager: keeps the store equal to the member clusters: one cluster synchro each, one
// writer for all. Source: Clusterpedia's clustersynchro-manager; client-go/tools/cache Reflector.
#pragma once
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "discovery/registry.h"
#include "kube/rest_config.h"
#include "meta/result.h"
#include "storage/store.h"

namespace pedia::synchro {

// One item of PediaCluster spec.syncResources.
struct SyncRule {
  std::string group;  // "" = core, "*" = every group.
  std::vector<std::string>
      versions;  // Empty: the first three served; "*": all; else those that are served.
  std::vector<std::string> resources;  // Plural or singular, any case; "*" = all of the group.
  bool operator==(const SyncRule&) const = default;
};

struct ClusterSpec {
  std::string name;
  Result<kube::RestConfig> config;  // A failure shows as Validated=False, reason InvalidConfig.
  std::vector<SyncRule> sync_resources;
  bool sync_all_custom_resources = false;
  std::vector<std::string>
      skip;  // "secrets", "leases.coordination.k8s.io": never synced, whatever the rules say.
};

struct SynchroOptions {
  int loops = 2;  // Network threads, shared by all clusters.
  int64_t page_size = 500;
  size_t queue_bytes = 16 << 20;  // Changes waiting for the writer, all clusters together.
  size_t batch_changes = 2'000;   // Changes in one transaction at most.
  std::chrono::milliseconds batch_delay{5};  // How long a lone change waits for company.
  // How often a store that is not written is asked whether it still has what was.
  std::chrono::milliseconds store_check_interval{10'000};
  std::chrono::milliseconds health_interval{5'000};
  std::chrono::milliseconds backoff_initial{800};
  std::chrono::milliseconds backoff_max{30'000};
  std::chrono::seconds watch_timeout_min{
      900};  // timeoutSeconds of a watch: between this and twice this.
  std::chrono::milliseconds idle_timeout{
      60'000};  // A list without a byte for so long, a watch so long past its end, is broken.
  int lists_per_cluster = 4;  // At a time; bounds the memory of a first sync.
  // Between two discoveries of a cluster; 20 times this while its CustomResourceDefinitions are
  // watched and announce changes.
  std::chrono::milliseconds discovery_interval{15'000};
  // Between two looks at the index of a member's OpenAPI documents that nothing has given reason for.
  std::chrono::milliseconds openapi_interval{300'000};
};

// How far one resource of one cluster is, for progress and metrics.
struct ResourceProgress {
  GroupVersionResource gvr;
  int64_t listed = 0;              // Objects seen in the current or last list.
  int64_t expected = 0;            // About how many there are; 0 = not known yet.
  bool initial_list_done = false;  // Listed and written.
};
struct ClusterProgress {
  std::string cluster;
  bool reachable = false;
  bool discovered = false;
  std::vector<ResourceProgress> resources;
};

// Since start, all clusters.
struct SyncCounters {
  std::atomic<int64_t> objects_listed{0}, events{0}, inserted{0}, updated{0}, deleted{0},
      unchanged{0}, transactions{0}, relists{0}, watch_errors{0}, store_errors{0}, dropped{0};
};

// Thread-safe. `store` and `registry` must outlive it.
class SynchroManager {
 public:
  SynchroManager(storage::Store& store, discovery::Registry& registry, SynchroOptions options);
  ~SynchroManager();  // Stop().

  // The complete set of clusters: starts new ones, restarts changed ones, stops and deletes (rows,
  // registry) those that are gone. Returns at once.
  void SetClusters(std::vector<ClusterSpec> clusters);
  // Stops reading, writes what is queued (at most `timeout`), joins the threads. After it nothing
  // runs.
  void Stop(std::chrono::milliseconds timeout = std::chrono::milliseconds(1500));

  std::vector<ClusterProgress> Progress() const;
  const SyncCounters& counters() const;

 private:
  class Core;
  std::unique_ptr<Core> core_;
};

}  // namespace pedia::synchro
