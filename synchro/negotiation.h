// Negotiation: which of the resources that a cluster serves are to be synced, by the rules of its
// PediaCluster. Source: Clusterpedia, PediaCluster spec.syncResources, syncAllCustomResources.
#pragma once
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "discovery/cluster_catalog.h"
#include "meta/group_version_resource.h"
#include "synchro/synchro_manager.h"

namespace pedia::synchro {

// Whether `skip` names the resource: "secrets" (in any built-in group),
// "leases.coordination.k8s.io"; singular, any case.
bool IsSkipped(const std::vector<std::string>& skip, const discovery::ApiResource& resource);

// The resources of `served` that the rules of `spec` select, in the order of `served`. Only what
// can be listed and watched. A rule without versions takes the first three that are served of a
// resource. Of a kind whose versions convert into one another all versions are taken, whatever the
// rule says: it is stored once. Pure.
std::vector<discovery::ApiResource> NegotiateResources(const ClusterSpec& spec,
                                                       const discovery::ClusterCatalog& served);

// From which of `resources` the objects are read, by how they are stored: of versions that convert
// into one another the one that loses least. Pure.
std::map<GroupVersionResource, discovery::ApiResource> ChooseSources(
    const std::vector<discovery::ApiResource>& resources);

}  // namespace pedia::synchro
