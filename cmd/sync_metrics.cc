#include "cmd/sync_metrics.h"

#include <atomic>
#include <chrono>
#include <map>
#include <string>
#include <utility>

namespace pedia::cmd {
namespace {

using apiserver::MetricSample;
using synchro::ClusterProgress;
using synchro::SyncCounters;
using synchro::WriteSeries;
using Samples = std::vector<MetricSample>;

constexpr const char* kPrefix = "clustersynchro_resourcesynchro_";

struct CounterFamily {
  const char* name;
  const char* help;
  std::atomic<int64_t> SyncCounters::*value;
};
constexpr CounterFamily kCounters[] = {
    {"pedia_sync_objects_listed_total", "Objects read in lists of member clusters.",
     &SyncCounters::objects_listed},
    {"pedia_sync_events_total", "Watch events read from member clusters.", &SyncCounters::events},
    {"pedia_sync_inserted_total", "Objects inserted into the store.", &SyncCounters::inserted},
    {"pedia_sync_updated_total", "Objects updated in the store.", &SyncCounters::updated},
    {"pedia_sync_deleted_total", "Objects deleted from the store.", &SyncCounters::deleted},
    {"pedia_sync_unchanged_total", "Objects that a list showed to be unchanged.",
     &SyncCounters::unchanged},
    {"pedia_sync_transactions_total", "Write transactions.", &SyncCounters::transactions},
    {"pedia_sync_relists_total", "Lists after the first of a resource.", &SyncCounters::relists},
    {"pedia_sync_watch_errors_total", "Watches that ended with an error.",
     &SyncCounters::watch_errors},
    {"pedia_sync_store_errors_total", "Write transactions that failed and were repeated.",
     &SyncCounters::store_errors},
    {"pedia_sync_dropped_total", "Objects that could not be stored.", &SyncCounters::dropped},
    {"pedia_sync_fenced_total", "Clusters that another process took over while they ran here.",
     &SyncCounters::fenced},
};

struct WriteFamily {
  const char* name;
  const char* help;
  bool counter;
  int64_t WriteSeries::*value;
};
constexpr WriteFamily kWriteFamilies[] = {
    {"resource_added_total", "Objects added to the store", true, &WriteSeries::added},
    {"resource_updated_total", "Objects updated in the store", true, &WriteSeries::updated},
    {"resource_deleted_total", "Objects deleted from the store", true, &WriteSeries::deleted},
    {"resource_failed_total", "Failed attempts to store an object", true, &WriteSeries::failed},
    {"failed_resource_total", "Objects that could not be stored and were given up", true,
     &WriteSeries::dropped},
    {"resource_max_retry_total", "Most attempts that what is being stored has failed in", false,
     &WriteSeries::max_retries},
};

std::string Help(const char* text) {
  return std::string(text) + "; beyond " + std::to_string(synchro::kMaxSeries) +
         " series they are together in one labelled " + std::string(synchro::kOtherSeries) + ".";
}

MetricSample Gauge(const char* name, const char* help, double value) {
  return {name, help, false, {}, value};
}

apiserver::MetricHistogram HistogramOf(const WriteSeries& series) {
  apiserver::MetricHistogram histogram;
  histogram.sum = series.seconds;
  for (size_t i = 0; i < series.durations.size(); ++i) {
    histogram.count += static_cast<uint64_t>(series.durations[i]);
    if (i < synchro::kWriteBuckets.size())
      histogram.buckets.emplace_back(synchro::kWriteBuckets[i], histogram.count);
  }
  return histogram;
}

void AddWritten(const synchro::SynchroManager& manager, Samples* samples) {
  std::map<synchro::SeriesLabels, WriteSeries> all = manager.WrittenSeries();
  if (all.empty()) all[{}];  // Without labels there is always one.
  for (const WriteFamily& family : kWriteFamilies) {
    const std::string name = std::string(kPrefix) + family.name, help = Help(family.help);
    for (const auto& [labels, series] : all) {
      samples->push_back(
          {name, help, family.counter, labels, static_cast<double>(series.*family.value)});
    }
  }
  const std::string name = std::string(kPrefix) + "storage_duration_seconds";
  const std::string help = Help("How long the transactions took in which objects were stored");
  for (const auto& [labels, series] : all)
    samples->push_back({name, help, false, labels, 0, HistogramOf(series)});
}

void AddStored(const std::vector<ClusterProgress>& clusters, const synchro::MetricLabels& labels,
               Samples* samples) {
  synchro::SeriesOf<int64_t> stored(labels);
  for (const ClusterProgress& cluster : clusters) {
    for (const synchro::ResourceProgress& resource : cluster.resources)
      stored.Of(cluster.cluster, resource.gvr) += resource.stored;
  }
  for (const auto& [series, count] : stored.all()) {
    samples->push_back({std::string(kPrefix) + "storaged_resource_total",
                        Help("Objects in the store"), false, series, static_cast<double>(count)});
  }
}

void AddClusters(const std::vector<ClusterProgress>& clusters, Samples* samples) {
  double first_lists = 0, others = 0;
  for (size_t i = 0; i < clusters.size(); ++i) {
    for (const synchro::ResourceProgress& resource : clusters[i].resources)
      first_lists += resource.initial_list_done ? 0 : 1;
    if (i >= synchro::kMaxSeries) {
      others += clusters[i].reachable ? 1 : 0;
      continue;
    }
    samples->push_back({"pedia_cluster_reachable",
                        Help("1 if the member cluster answers"),
                        false,
                        {{"cluster", clusters[i].cluster}},
                        clusters[i].reachable ? 1.0 : 0.0});
  }
  if (clusters.size() > synchro::kMaxSeries) {
    samples->push_back({"pedia_cluster_reachable",
                        Help("1 if the member cluster answers"),
                        false,
                        {{"cluster", std::string(synchro::kOtherSeries)}},
                        others});
  }
  samples->push_back(Gauge("pedia_sync_clusters", "Member clusters that this process syncs.",
                           static_cast<double>(clusters.size())));
  samples->push_back(Gauge("pedia_sync_first_lists_missing",
                           "Resources of clusters whose first list is not done.", first_lists));
}

MetricSample BuildInfo(const apiserver::VersionInfo& version) {
  return {"clusterpedia_build_info",
          "Always 1; what was built.",
          false,
          {{"git_version", version.git_version},
           {"git_commit", version.git_commit},
           {"build_date", version.build_date},
           {"compiler", "c++"},
           {"platform", "linux/amd64"}},
          1};
}

}  // namespace

std::vector<MetricSample> SyncMetrics(const SyncMetricsSource& source) {
  Samples samples;
  for (const CounterFamily& family : kCounters) {
    samples.push_back({family.name,
                       family.help,
                       true,
                       {},
                       static_cast<double>((source.manager.counters().*family.value).load())});
  }
  const std::vector<ClusterProgress> clusters = source.manager.Progress();
  AddClusters(clusters, &samples);
  const synchro::WriterReport writer = source.manager.ReportWriter();
  samples.push_back(Gauge("pedia_sync_queue_bytes", "Changes that wait for the store, in memory.",
                          static_cast<double>(writer.queue_bytes)));
  samples.push_back(Gauge("pedia_sync_queue_length", "Changes and jobs that wait for the store.",
                          static_cast<double>(writer.queued)));
  if (source.acting) {
    samples.push_back(Gauge("pedia_sync_acting",
                            "1 if this process leads, or is a member of the group that syncs.",
                            *source.acting ? 1 : 0));
  }
  AddStored(clusters, source.labels, &samples);
  AddWritten(source.manager, &samples);
  samples.push_back(BuildInfo(source.version));
  return samples;
}

}  // namespace pedia::cmd
