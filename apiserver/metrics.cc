#include "apiserver/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <limits>

namespace pedia::apiserver {
namespace {

// Seconds: from a lookup in memory to the longest list.
const prometheus::Histogram::BucketBoundaries kLatencyBuckets = {
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30};

std::string UpperCase(std::string text) {
  for (char& c : text) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return text;
}

prometheus::ClientMetric ToClientMetric(const MetricSample& sample) {
  prometheus::ClientMetric metric;
  for (const auto& [name, value] : sample.labels) metric.label.push_back({name, value});
  if (sample.histogram) {
    metric.histogram.sample_count = sample.histogram->count;
    metric.histogram.sample_sum = sample.histogram->sum;
    for (const auto& [bound, count] : sample.histogram->buckets)
      metric.histogram.bucket.push_back({count, bound});
    metric.histogram.bucket.push_back(
        {sample.histogram->count, std::numeric_limits<double>::infinity()});
  } else {
    (sample.counter ? metric.counter.value : metric.gauge.value) = sample.value;
  }
  return metric;
}

void AddSamples(const std::vector<MetricSample>& samples,
                std::vector<prometheus::MetricFamily>* families) {
  for (const MetricSample& sample : samples) {
    auto family = std::find_if(families->begin(), families->end(),
                               [&](const auto& known) { return known.name == sample.name; });
    if (family == families->end()) {
      const auto type = sample.histogram ? prometheus::MetricType::Histogram
                        : sample.counter ? prometheus::MetricType::Counter
                                         : prometheus::MetricType::Gauge;
      family = families->insert(families->end(),
                                prometheus::MetricFamily{sample.name, sample.help, type, {}});
    }
    family->metric.push_back(ToClientMetric(sample));
  }
}

}  // namespace

struct Metrics::Families {
  prometheus::Registry registry;
  prometheus::Family<prometheus::Counter>& requests =
      prometheus::BuildCounter()
          .Name("apiserver_request_total")
          .Help("Requests by verb, resource and HTTP code.")
          .Register(registry);
  prometheus::Family<prometheus::Histogram>& durations =
      prometheus::BuildHistogram()
          .Name("apiserver_request_duration_seconds")
          .Help("Time from the request to the end of its answer.")
          .Register(registry);
  prometheus::Family<prometheus::Counter>& bytes =
      prometheus::BuildCounter()
          .Name("apiserver_response_bytes_total")
          .Help("Bytes of bodies sent, after compression.")
          .Register(registry);
  prometheus::Gauge& in_flight = prometheus::BuildGauge()
                                     .Name("apiserver_current_inflight_requests")
                                     .Help("Requests that are being answered.")
                                     .Register(registry)
                                     .Add({{"request_kind", "readOnly"}});
};

Metrics::Metrics() : families_(std::make_unique<Families>()) {}
Metrics::~Metrics() = default;

void Metrics::RequestStarted() { families_->in_flight.Increment(); }

void Metrics::RequestFinished(const RequestRecord& record) {
  prometheus::Labels labels = {{"verb", UpperCase(record.verb)},
                               {"group", record.gvr.group},
                               {"version", record.gvr.version},
                               {"resource", record.gvr.resource}};
  families_->in_flight.Decrement();
  families_->durations.Add(labels, kLatencyBuckets).Observe(record.seconds);
  families_->bytes.Add(labels).Increment(static_cast<double>(record.body_bytes));
  labels.emplace("code", std::to_string(record.code));
  families_->requests.Add(labels).Increment();
}

std::string Metrics::Render(const std::vector<MetricSample>& samples) const {
  std::vector<prometheus::MetricFamily> families = families_->registry.Collect();
  AddSamples(samples, &families);
  return prometheus::TextSerializer().Serialize(families);
}

}  // namespace pedia::apiserver
