// ServedApi: the API groups, versions and resources that a simulated cluster offers, and its
// discovery documents. Source: Kubernetes API reference (APIVersions, APIGroupList, APIGroup,
// APIResourceList); apidiscovery.k8s.io/v2.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "meta/result.h"

namespace pedia::member {

// metav1.APIResource. Subresources are entries of their own, after their resource: "pods/log".
struct ApiResourceEntry {
  std::string name;           // "pods"
  std::string singular_name;  // "pod"
  bool namespaced = false;
  std::string group;    // Only where it differs from the group version's: "autoscaling" for
                        // deployments/scale.
  std::string version;  // As group.
  std::string kind;     // "Pod"
  std::vector<std::string> verbs;
  std::vector<std::string> short_names;
  std::vector<std::string> categories;
  std::string storage_version_hash;
};

struct ApiGroupVersion {
  std::string group;  // "" for the core group.
  std::string version;
  bool custom = false;  // Defined by CustomResourceDefinitions.
  std::vector<ApiResourceEntry> resources;
};

// What a CustomResourceDefinition adds: one ApiGroupVersion per served version, the storage version
// first. Errors: BadRequest for what is no such object.
Result<std::vector<ApiGroupVersion>> ApiOfCustomResourceDefinition(std::string_view json);

// One APIResourceList document. Errors: BadRequest.
Result<ApiGroupVersion> ParseApiResourceList(std::string_view json);

// What stands in the API of clusters that have no recorded world: workloads, their friends,
// CustomResourceDefinitions.
std::vector<ApiGroupVersion> BasicApi();

enum class DiscoveryFormat { kLegacy, kAggregatedV2, kAggregatedV2Beta1 };

// One thread at a time (the World's lock). Groups and versions keep the order in which they were
// added.
class ServedApi {
 public:
  // Merges with a group version that is already there; a resource of the same name is replaced.
  void Add(ApiGroupVersion addition);
  // Removes a resource and its subresources; group versions that become empty vanish.
  void Remove(std::string_view group, std::string_view version, std::string_view resource);

  const std::vector<ApiGroupVersion>& group_versions() const { return group_versions_; }

  // The document at `path`: "/api", "/apis", "/api/v1", "/apis/apps", "/apis/apps/v1". Aggregated
  // formats exist for the first two only. Nothing: no such path.
  std::optional<std::string> Document(std::string_view path, DiscoveryFormat format) const;

 private:
  std::string AggregatedDocument(bool core, std::string_view api_version) const;
  std::string GroupListDocument() const;
  std::optional<std::string> GroupDocument(std::string_view group) const;
  std::optional<std::string> ResourceListDocument(std::string_view group,
                                                  std::string_view version) const;

  std::vector<ApiGroupVersion> group_versions_;  // Versions of one group stand together.
};

}  // namespace pedia::member
