// ClusterCatalog: the API resources that one cluster serves, or those of them that are synced.
// Source: metav1.APIResource; apidiscovery.k8s.io/v2 APIGroupDiscoveryList.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "meta/group_version_resource.h"
#include "meta/result.h"

namespace pedia::discovery {

struct ApiResource {
  GroupVersionResource gvr;
  std::string kind;           // "Deployment"
  std::string singular_name;  // "deployment"
  bool namespaced = false;
  std::vector<std::string> short_names;  // "deploy"
  std::vector<std::string> categories;   // "all"
  std::vector<std::string> verbs;  // As the member says; subresources are left out altogether.
  bool operator==(const ApiResource&) const = default;
};

// Whether its names can stand in a URL, one path segment each, and its kind is known. Pure.
bool IsUsable(const ApiResource& resource);

// Immutable once published. Order: groups as the member lists them (core first), a group's versions
// in its order of preference, resources by name.
struct ClusterCatalog {
  std::vector<ApiResource> resources;

  const ApiResource* Find(const GroupVersionResource& gvr) const;
  bool operator==(const ClusterCatalog&) const = default;
};

// What a member says in one aggregated document.
struct AggregatedDiscovery {
  std::vector<ApiResource> resources;
  // Group versions ("metrics.k8s.io/v1beta1") that the member could not ask just now: what is
  // missing there may still exist.
  std::vector<std::string> stale;
};

// Parse the member's documents. Resources of one group version come sorted by name, without
// subresources. Errors: BadRequest for what is no such document. Pure.
Result<AggregatedDiscovery> ParseAggregatedDiscoveryList(std::string_view json);  // v2 and v2beta1
Result<std::vector<ApiResource>> ParseAggregatedDiscovery(
    std::string_view json);  // Its resources only.
Result<std::vector<ApiResource>> ParseApiResourceList(
    std::string_view json);                                                // /api/v1, /apis/<g>/<v>
Result<std::vector<std::string>> ParseApiVersions(std::string_view json);  // /api: {"v1"}
Result<std::vector<std::string>> ParseApiGroupList(
    std::string_view json);  // /apis: group/versions, preferred first

// For the store's cluster record.
std::string CatalogToJson(const ClusterCatalog& catalog);
Result<ClusterCatalog> CatalogFromJson(std::string_view json);

}  // namespace pedia::discovery
