// WriteStatistics: what the writer has written, in the series that Clusterpedia's metrics have.
// Source: Clusterpedia's flag --resource-synchro-metrics-labels and its metrics
// clustersynchro_resourcesynchro_*.
#pragma once
#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "meta/group_version_resource.h"
#include "meta/guarded.h"
#include "meta/result.h"
#include "storage/store.h"
#include "synchro/merge_queue.h"

namespace pedia::synchro {

// By what the series are told apart. None: there is one.
struct MetricLabels {
  bool cluster = false;
  bool group_version = false;
  bool resource = false;
};

// "empty", or some of "cluster", "gv", "groupversion", "resource", "gvr", separated by commas.
// Errors: BadRequest quoting the word.
Result<MetricLabels> ParseMetricLabels(std::string_view text);

// What is beyond so many series is counted together, in one whose labels are all kOtherSeries.
inline constexpr size_t kMaxSeries = 2'000;
inline constexpr std::string_view kOtherSeries = "other";

using SeriesLabels = std::vector<std::pair<std::string, std::string>>;
SeriesLabels LabelsOf(const MetricLabels& wanted, const std::string& cluster,
                      const GroupVersionResource& gvr);

// Values by labels, in a bounded number of series. One thread.
template <typename T>
class SeriesOf {
 public:
  explicit SeriesOf(MetricLabels wanted) : wanted_(wanted) {}
  T& Of(const std::string& cluster, const GroupVersionResource& gvr) {
    SeriesLabels labels = LabelsOf(wanted_, cluster, gvr);
    if (const auto found = series_.find(labels); found != series_.end()) return found->second;
    if (series_.size() >= kMaxSeries) {
      for (auto& [name, value] : labels) value = kOtherSeries;
    }
    return series_[std::move(labels)];
  }
  const std::map<SeriesLabels, T>& all() const { return series_; }

 private:
  MetricLabels wanted_;
  std::map<SeriesLabels, T> series_;
};

// Upper bounds in seconds; the last bucket of a histogram, beyond them, is unbounded.
inline constexpr std::array<double, 12> kWriteBuckets = {0.025, 0.05, 0.1, 0.2, 0.4, 0.6,
                                                         1,     1.5,  3,   5,   8,   15};

struct WriteSeries {
  int64_t added = 0, updated = 0, deleted = 0;
  int64_t failed = 0;       // Attempts, one for each object of a transaction.
  int64_t dropped = 0;      // Objects given up.
  int64_t max_retries = 0;  // Most attempts that what is being written has needed already.
  std::array<int64_t, kWriteBuckets.size() + 1> durations{};  // Objects, by how long their
                                                              // transaction took.
  double seconds = 0;                                         // Of all of them together.
};

// Thread-safe. Of a transaction, `kinds[i]` is what the change `changes[i]` is.
class WriteStatistics {
 public:
  explicit WriteStatistics(MetricLabels wanted) : series_(wanted) {}

  // Changes of the clusters `fenced` were left out.
  void Written(std::span<const storage::Change> changes, std::span<const EventKind> kinds,
               const std::vector<std::string>& fenced, std::chrono::duration<double> duration);
  void Failed(std::span<const storage::Change> changes, int64_t attempts);
  void Dropped(const storage::Change& change);

  std::map<SeriesLabels, WriteSeries> Read() const;

 private:
  Guarded<SeriesOf<WriteSeries>> series_;
};

}  // namespace pedia::synchro
