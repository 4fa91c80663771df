// Lease: the document by which processes tell each other that they are alive:
//   {"metadata":{"name":"a","resourceVersion":"7"},"spec":{"holderIdentity":"host_1",
//    "leaseDurationSeconds":15,"acquireTime":"...","renewTime":"...","leaseTransitions":2}}
// Source: Kubernetes API reference, coordination.k8s.io/v1 Lease.
#pragma once
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "meta/result.h"

namespace pedia::kube {

// What the holder writes: others see that it lives by any change of it.
struct LeaseRecord {
  std::string holder;            // "" = nobody.
  int64_t duration_seconds = 0;  // 0 = not said. Never negative, never more than a day.
  std::string acquire_time;      // MicroTime, or "".
  std::string renew_time;        // MicroTime, or "". Only ever compared for equality.
  int64_t transitions = 0;       // How often the holder was another. Fits 32 bits.
  bool operator==(const LeaseRecord&) const = default;
};

struct Lease {
  std::string name;
  std::string resource_version;
  std::string metadata;  // JSON; goes back as it came, so that others' labels stay.
  LeaseRecord record;
};

// `json` may be anything; members of other types than expected count as absent. Errors: BadRequest
// if it is no JSON object with a metadata.name. Pure.
Result<Lease> ParseLease(std::string_view json);
// The Leases of a LeaseList, without those that ParseLease refuses. Errors: BadRequest if it is no
// complete list. Pure.
Result<std::vector<Lease>> ParseLeaseList(std::string_view json);

// `metadata`: a JSON object. Pure.
std::string FormatLease(std::string_view metadata, const LeaseRecord& record);

// "2026-11-24T00:01:43.012345Z". Pure.
std::string FormatMicroTime(std::chrono::system_clock::time_point time);

// "/apis/coordination.k8s.io/v1/namespaces/<ns>/leases[/<name>]", whatever the arguments are. Pure.
std::string LeasePath(std::string_view name_space, std::string_view name = "");

}  // namespace pedia::kube
