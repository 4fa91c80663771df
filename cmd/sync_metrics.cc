#include "cmd/sync_metrics.h"

#include <atomic>

namespace pedia::cmd {
namespace {

apiserver::MetricSample Counter(const char* name, const char* help,
                                const std::atomic<int64_t>& value) {
  return {name, help, true, {}, static_cast<double>(value.load())};
}

}  // namespace

std::vector<apiserver::MetricSample> SyncMetrics(const synchro::SynchroManager& manager) {
  const synchro::SyncCounters& counters = manager.counters();
  std::vector<apiserver::MetricSample> samples = {
      Counter("pedia_sync_objects_listed_total", "Objects read in lists of member clusters.",
              counters.objects_listed),
      Counter("pedia_sync_events_total", "Watch events read from member clusters.",
              counters.events),
      Counter("pedia_sync_inserted_total", "Objects inserted into the store.", counters.inserted),
      Counter("pedia_sync_updated_total", "Objects updated in the store.", counters.updated),
      Counter("pedia_sync_deleted_total", "Objects deleted from the store.", counters.deleted),
      Counter("pedia_sync_unchanged_total", "Objects that a list showed to be unchanged.",
              counters.unchanged),
      Counter("pedia_sync_transactions_total", "Write transactions.", counters.transactions),
      Counter("pedia_sync_relists_total", "Lists after the first of a resource.", counters.relists),
      Counter("pedia_sync_watch_errors_total", "Watches that ended with an error.",
              counters.watch_errors),
      Counter("pedia_sync_store_errors_total", "Write transactions that failed and were repeated.",
              counters.store_errors),
      Counter("pedia_sync_dropped_total", "Objects that could not be stored.", counters.dropped),
  };
  for (const synchro::ClusterProgress& cluster : manager.Progress()) {
    samples.push_back({"pedia_cluster_reachable",
                       "1 if the member cluster answers.",
                       false,
                       {{"cluster", cluster.cluster}},
                       cluster.reachable ? 1.0 : 0.0});
  }
  return samples;
}

}  // namespace pedia::cmd
