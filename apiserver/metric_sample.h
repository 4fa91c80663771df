// MetricSample: one value for /metrics that another part of the program supplies.
// Source: Prometheus text format 0.0.4.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace pedia::apiserver {

struct MetricHistogram {
  // Upper bound and observations up to it, those of the lower bounds included; ascending. Without
  // that which has no bound.
  std::vector<std::pair<double, uint64_t>> buckets;
  uint64_t count = 0;
  double sum = 0;
};

// Samples with the same name form one family and must agree on help and kind.
struct MetricSample {
  std::string name;  // "pedia_sync_events_total"
  std::string help;
  bool counter = false;  // Else a gauge.
  std::vector<std::pair<std::string, std::string>> labels;
  double value = 0;
  std::optional<MetricHistogram> histogram{};  // Instead of the value.
};

}  // namespace pedia::apiserver
