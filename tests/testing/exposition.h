// A strict reader of Prometheus' text format 0.0.4, as scrapers read /metrics.
// Source: Prometheus docs "Exposition formats".
#pragma once
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "meta/result.h"

namespace pedia::testing {

struct ExposedFamily {
  std::string help;
  std::string type;  // "counter", "gauge", "histogram", ...
  // By name and labels as they stand there: `apiserver_request_total{code="200"}`.
  std::map<std::string, double> samples;
};

// By name. Errors: BadRequest naming the line, for what a scraper would refuse or misread: bad names,
// labels and numbers, a sample before its TYPE or within another family, a series or a family that
// comes twice, a histogram whose buckets are not cumulative or end elsewhere than in +Inf and its
// count.
Result<std::map<std::string, ExposedFamily>> ParseExposition(std::string_view text);

}  // namespace pedia::testing
