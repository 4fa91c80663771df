// PediaClusters, read-only: each member cluster's state as Clusterpedia's custom resource shows it,
// from the registry. Source: Clusterpedia's cluster.clusterpedia.io/v1alpha2 PediaCluster.
#pragma once
#include <string>

#include "apiserver/exchange.h"
#include "discovery/registry.h"

namespace pedia::apiserver {

// The JSON of one PediaCluster; never holds credentials.
std::string PediaClusterToJson(const discovery::ClusterState& cluster);

// Answers get and list of pediaclusters. Requires: endpoint kObjects of that resource, not inner,
// method GET.
void HandlePediaClusters(Exchange& exchange);

}  // namespace pedia::apiserver
