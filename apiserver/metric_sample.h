// MetricSample: one value for /metrics that another part of the program supplies.
// Source: Prometheus text format 0.0.4.
#pragma once
#include <string>
#include <utility>
#include <vector>

namespace pedia::apiserver {

// Samples with the same name form one family and must agree on help and kind.
struct MetricSample {
  std::string name;  // "pedia_sync_events_total"
  std::string help;
  bool counter = false;  // Else a gauge.
  std::vector<std::pair<std::string, std::string>> labels;
  double value = 0;
};

}  // namespace pedia::apiserver
