// Metrics: what /metrics shows about requests, in Prometheus' text format; names as kube-apiserver
// has them. Source: Kubernetes metrics reference (apiserver_request_total, ...); Prometheus text
// format 0.0.4.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "apiserver/metric_sample.h"
#include "meta/group_version_resource.h"

namespace pedia::apiserver {

// One finished request. All labels are from small sets: `gvr` is set only for resources that are
// really served.
struct RequestRecord {
  std::string verb;  // "list"
  GroupVersionResource gvr;
  int code = 0;  // 0: the connection was closed without an answer.
  double seconds = 0;
  uint64_t body_bytes = 0;
};

// Thread-safe.
class Metrics {
 public:
  Metrics();
  ~Metrics();
  void RequestStarted();
  void RequestFinished(const RequestRecord& record);
  // The text, `samples` included.
  std::string Render(const std::vector<MetricSample>& samples) const;

 private:
  struct Families;
  std::unique_ptr<Families> families_;
};

}  // namespace pedia::apiserver
