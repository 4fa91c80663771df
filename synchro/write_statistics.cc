#include "synchro/write_statistics.h"

#include <algorithm>

namespace pedia::synchro {
namespace {

// Runs of changes of one resource of one cluster, as most transactions have them, are looked up once.
class Lookup {
 public:
  explicit Lookup(SeriesOf<WriteSeries>& series) : series_(series) {}
  WriteSeries& Of(const storage::Change& change) {
    if (last_ == nullptr || last_->cluster != change.cluster || last_->gvr != change.gvr) {
      found_ = &series_.Of(change.cluster, change.gvr);
      last_ = &change;
    }
    return *found_;
  }

 private:
  SeriesOf<WriteSeries>& series_;
  const storage::Change* last_ = nullptr;
  WriteSeries* found_ = nullptr;
};

int64_t& CounterOf(WriteSeries& series, EventKind kind) {
  switch (kind) {
    case EventKind::kAdded:
      return series.added;
    case EventKind::kUpdated:
      return series.updated;
    case EventKind::kDeleted:
      break;
  }
  return series.deleted;
}

}  // namespace

Result<MetricLabels> ParseMetricLabels(std::string_view text) {
  MetricLabels labels;
  while (!text.empty()) {
    const size_t comma = std::min(text.find(','), text.size());
    const std::string_view word = text.substr(0, comma);
    text.remove_prefix(std::min(comma + 1, text.size()));
    const bool gvr = word == "gvr";
    if (word == "cluster") {
      labels.cluster = true;
    } else if (gvr || word == "gv" || word == "groupversion" || word == "resource") {
      labels.group_version = labels.group_version || word != "resource";
      labels.resource = labels.resource || gvr || word == "resource";
    } else if (word != "empty") {
      return BadRequest("metrics label '" + std::string(word) +
                        "': want empty, or some of cluster, gv, groupversion, resource, gvr");
    }
  }
  return labels;
}

SeriesLabels LabelsOf(const MetricLabels& wanted, const std::string& cluster,
                      const GroupVersionResource& gvr) {
  SeriesLabels labels;
  if (wanted.cluster) labels.emplace_back("cluster", cluster);
  if (wanted.group_version) {
    labels.emplace_back("group", gvr.group);
    labels.emplace_back("version", gvr.version);
  }
  if (wanted.resource) labels.emplace_back("resource", gvr.resource);
  return labels;
}

void WriteStatistics::Written(std::span<const storage::Change> changes,
                              std::span<const EventKind> kinds,
                              const std::vector<std::string>& fenced,
                              std::chrono::duration<double> duration) {
  const auto bucket = static_cast<size_t>(
      std::ranges::lower_bound(kWriteBuckets, duration.count()) - kWriteBuckets.begin());
  series_.With([&](SeriesOf<WriteSeries>& all) {
    Lookup lookup(all);
    for (size_t i = 0; i < changes.size(); ++i) {
      if (std::ranges::find(fenced, changes[i].cluster) != fenced.end()) continue;
      WriteSeries& series = lookup.Of(changes[i]);
      ++CounterOf(series, kinds[i]);
      ++series.durations[bucket];
      series.seconds += duration.count();
      series.max_retries = 0;
    }
  });
}

void WriteStatistics::Failed(std::span<const storage::Change> changes, int64_t attempts) {
  series_.With([&](SeriesOf<WriteSeries>& all) {
    Lookup lookup(all);
    for (const storage::Change& change : changes) {
      WriteSeries& series = lookup.Of(change);
      ++series.failed;
      series.max_retries = std::max(series.max_retries, attempts);
    }
  });
}

void WriteStatistics::Dropped(const storage::Change& change) {
  series_.With([&](SeriesOf<WriteSeries>& all) { ++all.Of(change.cluster, change.gvr).dropped; });
}

std::map<SeriesLabels, WriteSeries> WriteStatistics::Read() const {
  return series_.With([](const SeriesOf<WriteSeries>& all) { return all.all(); });
}

}  // namespace pedia::synchro
