// The discovery documents that pedia serves below /resources: union over all clusters, or one
// cluster. Source: Kubernetes API reference (APIVersions, APIGroupList, APIGroup, APIResourceList),
// apidiscovery.k8s.io/v2.
#pragma once
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "discovery/registry.h"

namespace pedia::discovery {

enum class AggregatedVersion { kV2, kV2Beta1 };

// Of a resource of the core group, shown where that is; what pedia passes on to members.
struct Subresource {
  std::string_view resource, name;  // "pods", "log"
  std::vector<std::string_view> verbs;
};

// All return compact JSON. `cluster` "" = union of all. Requires: the cluster exists in `snapshot`.
// Verbs in every document are get, list (what pedia can do). Where clusters disagree on kind or
// scope of one resource, the first cluster by name wins. Groups by name (extensions last), core
// excluded from /apis; versions in order of preference; resources by name.
std::string ApiVersionsDocument();                                                     // /api
std::string ApiGroupListDocument(const Snapshot& snapshot, std::string_view cluster);  // /apis
// Nothing if nothing of that group (version) is synced.
std::optional<std::string> ApiGroupDocument(const Snapshot& snapshot, std::string_view cluster,
                                            std::string_view group);
std::optional<std::string> ApiResourceListDocument(const Snapshot& snapshot,
                                                   std::string_view cluster, std::string_view group,
                                                   std::string_view version,
                                                   std::span<const Subresource> subresources = {});
// `core`: the document of /api, else that of /apis.
std::string AggregatedDocument(const Snapshot& snapshot, std::string_view cluster, bool core,
                               AggregatedVersion version,
                               std::span<const Subresource> subresources = {});

// The resource behind a URL, perhaps of another version; null if it is not synced there. A cluster has
// a kind in all versions that any cluster serves, if it has it in one that converts into them; and in
// the stored version, which collections show.
const ApiResource* FindResource(const Snapshot& snapshot, std::string_view cluster,
                                const GroupVersionResource& gvr);

}  // namespace pedia::discovery
