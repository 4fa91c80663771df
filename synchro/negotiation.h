// Negotiation: which of the resources that a cluster serves are to be synced, by the rules of its
// PediaCluster. Source: Clusterpedia, PediaCluster spec.syncResources, syncAllCustomResources.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "discovery/cluster_catalog.h"
#include "meta/group_version_resource.h"
#include "synchro/synchro_manager.h"

namespace pedia::synchro {

// The groups of Kubernetes itself; everything else comes from a CustomResourceDefinition or an
// aggregated server.
bool IsBuiltInGroup(std::string_view group);

// Whether `skip` names the resource: "secrets" (in any built-in group),
// "leases.coordination.k8s.io"; singular, any case.
bool IsSkipped(const std::vector<std::string>& skip, const discovery::ApiResource& resource);

// The resources of `served` that the rules of `spec` select, in the order of `served`. Only what
// can be listed and watched. A rule without versions takes the first three that are served of a
// resource. Pure.
std::vector<discovery::ApiResource> NegotiateResources(const ClusterSpec& spec,
                                                       const discovery::ClusterCatalog& served);

}  // namespace pedia::synchro
