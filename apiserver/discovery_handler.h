// DiscoveryHandler: which groups, versions and resources there are: of pedia itself, and below
// .../resources of its clusters. Source: Kubernetes API concepts "API groups and versioning",
// "Aggregated discovery"; Clusterpedia's discovery.
#pragma once
#include "apiserver/exchange.h"
#include "apiserver/proxy_options.h"

namespace pedia::apiserver {

// Answers kCoreVersions, kGroupList, kGroup and kResourceList. Requires: the cluster, if there is
// one, exists. Thread-safe.
void HandleDiscovery(Exchange& exchange, const ProxyOptions& proxy = {});

}  // namespace pedia::apiserver
