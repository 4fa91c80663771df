// Negotiation: which of the resources that a cluster serves are to be synced, by the rules of its
// PediaCluster. Source: Clusterpedia, PediaCluster spec.syncResources, syncAllCustomResources.
#pragma once
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "discovery/cluster_catalog.h"
#include "meta/group_version_resource.h"
#include "synchro/object_filter.h"
#include "synchro/synchro_manager.h"

namespace pedia::synchro {

inline const GroupVersionResource kSecrets{"", "v1", "secrets"};

// Whether `skip` names the resource: "secrets" (in any built-in group),
// "leases.coordination.k8s.io"; singular, any case.
bool IsSkipped(const std::vector<std::string>& skip, const discovery::ApiResource& resource);

// What the rules make of what a cluster serves.
struct Negotiation {
  std::vector<discovery::ApiResource> resources;  // In the order of what is served.
  // Events that are wanted for what they are about alone: read, and not served by themselves.
  std::vector<discovery::ApiResource> aside;
  std::map<GroupVersionResource, ObjectFilter> filters;  // Of all of them, by how they are stored.
  // What cannot be synced though a rule names it: "jobs.batch (not served by the cluster)".
  std::vector<std::string> unmet;
};

// The resources of `served` that the rules of `spec` select. Only what can be listed and watched; of
// a rule with namespaces only what is in one. A rule without versions takes the first three that are
// served of a resource. Of a kind whose versions convert into one another all versions are taken,
// whatever the rule says: it is stored once. A rule's eventsInvolvedResources select Events, too, as
// far as they are about objects of those kinds. Pure.
Negotiation NegotiateResources(const ClusterSpec& spec, const discovery::ClusterCatalog& served);

// What the rules say of Secrets, the most sparing of all that select them; kFull if none does. Pure.
SecretData SecretDataOf(const ClusterSpec& spec);

// From which of `resources` the objects are read, by how they are stored: of versions that convert
// into one another the one that loses least. Pure.
std::map<GroupVersionResource, discovery::ApiResource> ChooseSources(
    const std::vector<discovery::ApiResource>& resources);

}  // namespace pedia::synchro
