#include "discovery/documents.h"

#include <algorithm>
#include <map>
#include <vector>

#include "convert/version_families.h"
#include "discovery/json_members.h"
#include "meta/json_reader.h"

namespace pedia::discovery {
namespace {

constexpr std::string_view kVerbs = R"("verbs":["get","list"])";

struct VersionEntry {
  std::string_view version;
  std::map<std::string_view, const ApiResource*> resources;  // By name.
};

struct GroupEntry {
  std::vector<VersionEntry> versions;  // In order of preference.

  VersionEntry& Version(std::string_view version) {
    for (VersionEntry& entry : versions) {
      if (entry.version == version) return entry;
    }
    return versions.emplace_back(VersionEntry{version, {}});
  }
};

// By name, but for the group that Kubernetes has emptied into others: clients take the first group
// that has a kind, which should be the one that also newer clusters have.
struct GroupOrder {
  bool operator()(std::string_view a, std::string_view b) const {
    return std::pair(a == "extensions", a) < std::pair(b == "extensions", b);
  }
};
using Groups = std::map<std::string_view, GroupEntry, GroupOrder>;

// Which groups go into the index; all, or one.
struct GroupFilter {
  std::optional<std::string_view> only;
  bool Wants(std::string_view group) const { return !only || *only == group; }
};

// The views point into `snapshot`.
Groups IndexGroups(const Snapshot& snapshot, std::string_view cluster, const GroupFilter& filter) {
  Groups groups;
  const auto add = [&](const ClusterState& state) {
    for (const ApiResource& resource : state.synced.resources) {
      if (!filter.Wants(resource.gvr.group)) continue;
      groups[resource.gvr.group]
          .Version(resource.gvr.version)
          .resources.emplace(resource.gvr.resource, &resource);
    }
  };
  if (!cluster.empty()) {
    if (const ClusterState* state = snapshot.Find(cluster)) add(*state);
    return groups;
  }
  for (const auto& [name, state] : snapshot.clusters) add(*state);
  for (auto& [name, group] : groups) {
    std::stable_sort(
        group.versions.begin(), group.versions.end(),
        [](const auto& a, const auto& b) { return IsPreferredVersion(a.version, b.version); });
  }
  return groups;
}

std::string GroupVersionText(std::string_view group, std::string_view version) {
  std::string text(group);
  if (!text.empty()) text.push_back('/');
  return text.append(version);
}

void AppendGroupVersion(std::string_view group, std::string_view version, std::string* out) {
  out->append("{\"groupVersion\":");
  AppendJsonString(GroupVersionText(group, version), out);
  out->append(",\"version\":");
  AppendJsonString(version, out);
  out->push_back('}');
}

// The members of an APIGroup after kind and apiVersion.
void AppendGroupMembers(std::string_view name, const GroupEntry& group, std::string* out) {
  out->append("\"name\":");
  AppendJsonString(name, out);
  out->append(",\"versions\":[");
  for (size_t i = 0; i < group.versions.size(); ++i) {
    if (i > 0) out->push_back(',');
    AppendGroupVersion(name, group.versions[i].version, out);
  }
  out->append("],\"preferredVersion\":");
  AppendGroupVersion(name, group.versions.front().version, out);
}

// An APIResource.
void AppendListedResource(const ApiResource& resource, std::string* out) {
  out->append("{\"name\":");
  AppendJsonString(resource.gvr.resource, out);
  out->append(",\"singularName\":");
  AppendJsonString(resource.singular_name, out);
  out->append(",\"namespaced\":").append(resource.namespaced ? "true" : "false");
  out->append(",\"kind\":");
  AppendJsonString(resource.kind, out);
  out->append(",").append(kVerbs);
  AppendMember("shortNames", resource.short_names, out);
  AppendMember("categories", resource.categories, out);
  out->push_back('}');
}

void AppendVerbs(const std::vector<std::string_view>& verbs, std::string* out) {
  out->append("\"verbs\":[");
  for (const std::string_view verb : verbs) {
    if (out->back() != '[') out->push_back(',');
    AppendJsonString(verb, out);
  }
  out->push_back(']');
}

bool IsOf(const Subresource& subresource, const ApiResource& resource) {
  return resource.gvr.group.empty() && resource.gvr.resource == subresource.resource;
}

// The APIResources of what is below `resource`; its own stands in front of them.
void AppendListedSubresources(const ApiResource& resource,
                              std::span<const Subresource> subresources, std::string* out) {
  for (const Subresource& subresource : subresources) {
    if (!IsOf(subresource, resource)) continue;
    out->append(",{\"name\":");
    AppendJsonString(resource.gvr.resource + "/" + std::string(subresource.name), out);
    out->append(",\"singularName\":\"\",\"namespaced\":")
        .append(resource.namespaced ? "true" : "false")
        .append(",\"kind\":\"\",");
    AppendVerbs(subresource.verbs, out);
    out->push_back('}');
  }
}

// The member "subresources" of an APIResourceDiscovery, if there are any.
void AppendDiscoverySubresources(const ApiResource& resource,
                                 std::span<const Subresource> subresources, std::string* out) {
  bool first = true;
  for (const Subresource& subresource : subresources) {
    if (!IsOf(subresource, resource)) continue;
    out->append(first ? ",\"subresources\":[" : ",").append("{\"subresource\":");
    first = false;
    AppendJsonString(subresource.name, out);
    out->append(",\"responseKind\":{\"group\":\"\",\"version\":\"\",\"kind\":\"\"},");
    AppendVerbs(subresource.verbs, out);
    out->push_back('}');
  }
  if (!first) out->push_back(']');
}

// An APIResourceDiscovery.
void AppendDiscoveryResource(const ApiResource& resource, std::span<const Subresource> subresources,
                             std::string* out) {
  out->append("{\"resource\":");
  AppendJsonString(resource.gvr.resource, out);
  out->append(",\"responseKind\":{\"group\":");
  AppendJsonString(resource.gvr.group, out);
  out->append(",\"version\":");
  AppendJsonString(resource.gvr.version, out);
  out->append(",\"kind\":");
  AppendJsonString(resource.kind, out);
  out->append("},\"scope\":").append(resource.namespaced ? "\"Namespaced\"" : "\"Cluster\"");
  out->append(",\"singularResource\":");
  AppendJsonString(resource.singular_name, out);
  out->append(",").append(kVerbs);
  AppendMember("shortNames", resource.short_names, out);
  AppendMember("categories", resource.categories, out);
  AppendDiscoverySubresources(resource, subresources, out);
  out->push_back('}');
}

// An APIGroupDiscovery.
void AppendDiscoveryGroup(std::string_view name, const GroupEntry& group,
                          std::span<const Subresource> subresources, std::string* out) {
  out->append("{\"metadata\":{");
  if (!name.empty()) {
    out->append("\"name\":");
    AppendJsonString(name, out);
    out->push_back(',');
  }
  out->append("\"creationTimestamp\":null},\"versions\":[");
  bool first_version = true;
  for (const VersionEntry& version : group.versions) {
    if (!first_version) out->push_back(',');
    first_version = false;
    out->append("{\"version\":");
    AppendJsonString(version.version, out);
    out->append(",\"resources\":[");
    bool first_resource = true;
    for (const auto& [resource_name, resource] : version.resources) {
      if (!first_resource) out->push_back(',');
      first_resource = false;
      AppendDiscoveryResource(*resource, subresources, out);
    }
    out->append("],\"freshness\":\"Current\"}");
  }
  out->append("]}");
}

}  // namespace

std::string ApiVersionsDocument() {
  return R"({"kind":"APIVersions","versions":["v1"],"serverAddressByClientCIDRs":null})";
}

std::string ApiGroupListDocument(const Snapshot& snapshot, std::string_view cluster) {
  std::string out = R"({"kind":"APIGroupList","apiVersion":"v1","groups":[)";
  for (const auto& [name, group] : IndexGroups(snapshot, cluster, {})) {
    if (name.empty()) continue;
    if (out.back() != '[') out.push_back(',');
    out.push_back('{');
    AppendGroupMembers(name, group, &out);
    out.push_back('}');
  }
  out.append("]}");
  return out;
}

std::optional<std::string> ApiGroupDocument(const Snapshot& snapshot, std::string_view cluster,
                                            std::string_view group) {
  const Groups groups = IndexGroups(snapshot, cluster, {group});
  if (group.empty() || groups.empty()) return std::nullopt;
  std::string out = R"({"kind":"APIGroup","apiVersion":"v1",)";
  AppendGroupMembers(group, groups.begin()->second, &out);
  out.push_back('}');
  return out;
}

std::optional<std::string> ApiResourceListDocument(const Snapshot& snapshot,
                                                   std::string_view cluster, std::string_view group,
                                                   std::string_view version,
                                                   std::span<const Subresource> subresources) {
  const Groups groups = IndexGroups(snapshot, cluster, {group});
  if (groups.empty()) return std::nullopt;
  const auto& versions = groups.begin()->second.versions;
  const auto found = std::find_if(versions.begin(), versions.end(),
                                  [&](const auto& entry) { return entry.version == version; });
  if (found == versions.end()) return std::nullopt;

  // The core group's list has no apiVersion: Kubernetes encodes it in the oldest, unversioned form.
  std::string out = R"({"kind":"APIResourceList",)";
  if (!group.empty()) out.append(R"("apiVersion":"v1",)");
  out.append("\"groupVersion\":");
  AppendJsonString(GroupVersionText(group, version), &out);
  out.append(",\"resources\":[");
  for (const auto& [name, resource] : found->resources) {
    if (out.back() != '[') out.push_back(',');
    AppendListedResource(*resource, &out);
    AppendListedSubresources(*resource, subresources, &out);
  }
  out.append("]}");
  return out;
}

std::string AggregatedDocument(const Snapshot& snapshot, std::string_view cluster, bool core,
                               AggregatedVersion version,
                               std::span<const Subresource> subresources) {
  std::string out = R"({"kind":"APIGroupDiscoveryList","apiVersion":"apidiscovery.k8s.io/)";
  out.append(version == AggregatedVersion::kV2 ? "v2" : "v2beta1")
      .append(R"(","metadata":{},"items":[)");
  for (const auto& [name, group] : IndexGroups(snapshot, cluster, {})) {
    if (name.empty() != core) continue;
    if (out.back() != '[') out.push_back(',');
    AppendDiscoveryGroup(name, group, subresources, &out);
  }
  out.append("]}");
  return out;
}

const ApiResource* FindResource(const Snapshot& snapshot, std::string_view cluster,
                                const GroupVersionResource& gvr) {
  const auto family = convert::FamilyOf(gvr);
  const auto find_any = [&](const ClusterState& state) -> const ApiResource* {
    for (const GroupVersionResource& version : family) {
      if (const ApiResource* resource = state.synced.Find(version)) return resource;
    }
    return nullptr;
  };
  const ApiResource* in_any_version = nullptr;
  if (!cluster.empty()) {
    const ClusterState* state = snapshot.Find(cluster);
    if (state == nullptr) return nullptr;
    if (const ApiResource* resource = state->synced.Find(gvr)) return resource;
    in_any_version = find_any(*state);
    if (in_any_version == nullptr) return nullptr;
  }
  for (const auto& [name, state] : snapshot.clusters) {
    if (const ApiResource* resource = state->synced.Find(gvr)) return resource;
    if (in_any_version == nullptr && !family.empty()) in_any_version = find_any(*state);
  }
  const bool is_stored = !family.empty() && gvr == family.front();
  return is_stored ? in_any_version : nullptr;
}

}  // namespace pedia::discovery
