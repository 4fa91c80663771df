// SynchroManager: keeps the store equal to the member clusters: one cluster synchro each, one
// writer for all. Source: Clusterpedia's clustersynchro-manager; client-go/tools/cache Reflector.
#pragma once
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "discovery/registry.h"
#include "kube/rest_config.h"
#include "meta/result.h"
#include "storage/store.h"
#include "synchro/sync_rules.h"
#include "synchro/synchro_report.h"
#include "synchro/write_statistics.h"

namespace pedia::synchro {

struct ClusterSpec {
  std::string name;
  Result<kube::RestConfig> config;  // A failure shows as Validated=False, reason InvalidConfig.
  std::vector<SyncRule> sync_resources{};
  bool sync_all_custom_resources = false;
  std::vector<std::string>
      skip{};  // "secrets", "leases.coordination.k8s.io": never synced, whatever the rules say.
  // Validated=False, reason InvalidSyncResources: what runs goes on as it did, nothing new begins.
  std::optional<std::string> invalid_sync_resources{};
  std::string warning{};  // The message of Validated=True.
};

struct SynchroOptions {
  std::string identity{};  // Of this process: for people who look at the claims in the store.
  int loops = 2;           // Network threads, shared by all clusters.
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
  // What is dropped of every object; a change counts for objects that are written anew.
  bool prune_managed_fields = true;
  bool prune_last_applied = true;
  // At a time; these bound the memory of a first sync. Of all clusters, but one of each in any case.
  int lists_per_cluster = 4;
  int lists = 64;
  // Between two discoveries of a cluster; 20 times this while its CustomResourceDefinitions are
  // watched and announce changes.
  std::chrono::milliseconds discovery_interval{15'000};
  // Between two looks at the index of a member's OpenAPI documents that nothing has given reason for.
  std::chrono::milliseconds openapi_interval{300'000};
  MetricLabels metric_labels{};  // Of WriteSeries.
};

// How far one resource of one cluster is, for progress and metrics.
struct ResourceProgress {
  GroupVersionResource gvr;
  int64_t listed = 0;              // Objects seen in the current or last list.
  int64_t expected = 0;            // About how many there are; 0 = not known yet.
  bool initial_list_done = false;  // Listed and written.
  int64_t stored = 0;              // Objects, as far as is known.
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
      unchanged{0}, transactions{0}, relists{0}, watch_errors{0}, store_errors{0}, dropped{0},
      fenced{0};
};

// What becomes of clusters; each may be empty. Called on any thread, one call at a time for a
// cluster; must not block, and must not call the manager.
struct ClusterHooks {
  // It is gone, and everything stored of it is deleted.
  std::function<void(const std::string& cluster)> deleted{};
  // It is synced elsewhere now: what was read of it here is written, nothing more will be.
  std::function<void(const std::string& cluster)> released{};
  // Another process has claimed it: it does not run here any more, and is not deleted from here. It is
  // started (or deleted), and claimed, again by the next SetClusters that names it.
  std::function<void(const std::string& cluster)> fenced{};
};

// Claims each cluster in the store before it is read, written or deleted (Store::ClaimCluster), so
// that no process that was replaced can write any more. A cluster that runs here is not claimed a
// second time, whatever changes of its spec. Thread-safe. `store` and `registry` must outlive it.
class SynchroManager {
 public:
  SynchroManager(storage::Store& store, discovery::Registry& registry, SynchroOptions options,
                 ClusterHooks hooks = {});
  ~SynchroManager();  // Stop().

  // All clusters there are, each in one of the sets:
  // - `run` are synced here. New ones are started, changed ones restarted.
  // - `elsewhere` are synced by others: they are stopped here and left in peace. `released` tells of
  //   those that ran here.
  // - `deleted` are to be deleted (rows, registry) by this process, whether they ran here or not;
  //   `deleted` tells of each once, until it has been out of this set.
  // What is in none is gone: it is deleted if it ran here or is found in the store at the start; not,
  // however, what is found when there are neither `run` nor `elsewhere`: more likely the source is
  // blank. Returns at once.
  void SetClusters(std::vector<ClusterSpec> run, std::set<std::string> elsewhere = {},
                   std::set<std::string> deleted = {});
  // Stops reading, writes what is queued (at most `timeout`), joins the threads. After it nothing
  // runs.
  void Stop(std::chrono::milliseconds timeout = std::chrono::milliseconds(1500));

  std::vector<ClusterProgress> Progress() const;
  const SyncCounters& counters() const;
  std::map<SeriesLabels, WriteSeries> WrittenSeries() const;
  WriterReport ReportWriter() const;
  // What goes on, of `cluster` or, if that is "", of all. Clusters whose network thread does not
  // answer until `timeout` is over are in it, without details.
  SynchroReport Report(const std::string& cluster, std::chrono::milliseconds timeout) const;

 private:
  class Core;
  std::unique_ptr<Core> core_;
};

}  // namespace pedia::synchro
