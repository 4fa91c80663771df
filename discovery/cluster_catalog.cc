#include "discovery/cluster_catalog.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "discovery/json_members.h"
#include "meta/json_reader.h"

namespace pedia::discovery {
namespace {

std::vector<std::string> ReadStrings(JsonReader& reader) {
  std::vector<std::string> strings;
  if (!reader.BeginArray()) return strings;
  while (reader.NextElement()) strings.push_back(reader.ReadString());
  return strings;
}

void SplitGroupVersion(std::string_view text, GroupVersionResource* gvr) {
  const size_t slash = text.find('/');
  gvr->group = slash == std::string_view::npos ? "" : text.substr(0, slash);
  gvr->version = slash == std::string_view::npos ? text : text.substr(slash + 1);
}

void SortByName(std::vector<ApiResource>* resources) {
  std::stable_sort(
      resources->begin(), resources->end(),
      [](const ApiResource& a, const ApiResource& b) { return a.gvr.resource < b.gvr.resource; });
}

// Whether a name can stand in a URL path as one segment; anything else is not ours to ask for.
bool IsPathSegment(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
           (c >= 'A' && c <= 'Z');
  });
}

// responseKind: {"group":"","version":"","kind":"Pod"} or null.
std::string ReadResponseKind(JsonReader& reader) {
  std::string kind;
  if (!reader.BeginObject()) return kind;
  for (std::string_view key; reader.NextMember(&key);) {
    if (key == "kind") {
      kind = reader.ReadString();
    } else {
      reader.Skip();
    }
  }
  return kind;
}

ApiResource ReadDiscoveryResource(JsonReader& reader) {
  ApiResource resource;
  if (!reader.BeginObject()) return resource;
  for (std::string_view key; reader.NextMember(&key);) {
    if (key == "resource") {
      resource.gvr.resource = reader.ReadString();
    } else if (key == "responseKind") {
      resource.kind = ReadResponseKind(reader);
    } else if (key == "scope") {
      resource.namespaced = reader.ReadString() == "Namespaced";
    } else if (key == "singularResource") {
      resource.singular_name = reader.ReadString();
    } else if (key == "verbs") {
      resource.verbs = ReadStrings(reader);
    } else if (key == "shortNames") {
      resource.short_names = ReadStrings(reader);
    } else if (key == "categories") {
      resource.categories = ReadStrings(reader);
    } else {
      reader.Skip();
    }
  }
  return resource;
}

struct DiscoveryVersion {
  std::string version;
  std::vector<ApiResource> resources;
  bool stale = false;
};

DiscoveryVersion ReadDiscoveryVersion(JsonReader& reader) {
  DiscoveryVersion version;
  if (!reader.BeginObject()) return version;
  for (std::string_view key; reader.NextMember(&key);) {
    if (key == "version") {
      version.version = reader.ReadString();
    } else if (key == "freshness") {
      version.stale = reader.ReadString() == "Stale";
    } else if (key == "resources" && reader.BeginArray()) {
      while (reader.NextElement()) version.resources.push_back(ReadDiscoveryResource(reader));
    } else if (key != "resources") {
      reader.Skip();
    }
  }
  return version;
}

std::string ReadMetadataName(JsonReader& reader) {
  std::string name;
  if (!reader.BeginObject()) return name;
  for (std::string_view key; reader.NextMember(&key);) {
    if (key == "name") {
      name = reader.ReadString();
    } else {
      reader.Skip();
    }
  }
  return name;
}

void ReadDiscoveryGroup(JsonReader& reader, AggregatedDiscovery* discovery) {
  std::string group;
  std::vector<DiscoveryVersion> versions;
  if (!reader.BeginObject()) return;
  for (std::string_view key; reader.NextMember(&key);) {
    if (key == "metadata") {
      group = ReadMetadataName(reader);
    } else if (key == "versions" && reader.BeginArray()) {
      while (reader.NextElement()) versions.push_back(ReadDiscoveryVersion(reader));
    } else if (key != "versions") {
      reader.Skip();
    }
  }
  for (DiscoveryVersion& version : versions) {
    const GroupVersionResource gv{group, version.version, ""};
    if (version.stale) discovery->stale.push_back(gv.GroupVersion());
    SortByName(&version.resources);
    for (ApiResource& resource : version.resources) {
      resource.gvr.group = group;
      resource.gvr.version = version.version;
      if (IsUsable(resource)) discovery->resources.push_back(std::move(resource));
    }
  }
}

// One entry of an APIResourceList's resources.
ApiResource ReadListedResource(JsonReader& reader) {
  ApiResource resource;
  if (!reader.BeginObject()) return resource;
  for (std::string_view key; reader.NextMember(&key);) {
    if (key == "name") {
      resource.gvr.resource = reader.ReadString();
    } else if (key == "kind") {
      resource.kind = reader.ReadString();
    } else if (key == "singularName") {
      resource.singular_name = reader.ReadString();
    } else if (key == "namespaced") {
      resource.namespaced = reader.ReadBool().value_or(false);
    } else if (key == "verbs") {
      resource.verbs = ReadStrings(reader);
    } else if (key == "shortNames") {
      resource.short_names = ReadStrings(reader);
    } else if (key == "categories") {
      resource.categories = ReadStrings(reader);
    } else {
      reader.Skip();
    }
  }
  return resource;
}

// One entry of an APIGroupList's groups, as group versions, the preferred one first.
std::vector<std::string> ReadGroupVersions(JsonReader& reader) {
  std::vector<std::string> versions;
  std::string preferred;
  const auto read_group_version = [&reader] {
    std::string text;
    if (!reader.BeginObject()) return text;
    for (std::string_view key; reader.NextMember(&key);) {
      if (key == "groupVersion") {
        text = reader.ReadString();
      } else {
        reader.Skip();
      }
    }
    return text;
  };
  if (!reader.BeginObject()) return versions;
  for (std::string_view key; reader.NextMember(&key);) {
    if (key == "versions" && reader.BeginArray()) {
      while (reader.NextElement()) versions.push_back(read_group_version());
    } else if (key == "preferredVersion") {
      preferred = read_group_version();
    } else if (key != "versions") {
      reader.Skip();
    }
  }
  std::erase(versions, "");
  std::stable_partition(versions.begin(), versions.end(),
                        [&](const auto& v) { return v == preferred; });
  return versions;
}

Status CheckDocument(const JsonReader& reader, std::string_view kind, std::string_view want) {
  if (!reader.ok()) return BadRequest("malformed " + std::string(want));
  if (kind != want) return BadRequest("expected a document of kind " + std::string(want));
  return {};
}

}  // namespace

bool IsUsable(const ApiResource& resource) {
  return IsPathSegment(resource.gvr.resource) && IsPathSegment(resource.gvr.version) &&
         (resource.gvr.group.empty() || IsPathSegment(resource.gvr.group)) &&
         !resource.kind.empty();
}

const ApiResource* ClusterCatalog::Find(const GroupVersionResource& gvr) const {
  const auto found = std::find_if(resources.begin(), resources.end(),
                                  [&](const ApiResource& resource) { return resource.gvr == gvr; });
  return found == resources.end() ? nullptr : &*found;
}

Result<AggregatedDiscovery> ParseAggregatedDiscoveryList(std::string_view json) {
  AggregatedDiscovery discovery;
  std::string kind;
  JsonReader reader(json);
  if (!reader.BeginObject()) return BadRequest("expected a document of kind APIGroupDiscoveryList");
  for (std::string_view key; reader.NextMember(&key);) {
    if (key == "kind") {
      kind = reader.ReadString();
    } else if (key == "items" && reader.BeginArray()) {
      while (reader.NextElement()) ReadDiscoveryGroup(reader, &discovery);
    } else if (key != "items") {
      reader.Skip();
    }
  }
  if (Status status = CheckDocument(reader, kind, "APIGroupDiscoveryList"); !status.ok())
    return status;
  return discovery;
}

Result<std::vector<ApiResource>> ParseAggregatedDiscovery(std::string_view json) {
  auto discovery = ParseAggregatedDiscoveryList(json);
  if (!discovery.ok()) return discovery.status();
  return std::move(discovery->resources);
}

Result<std::vector<ApiResource>> ParseApiResourceList(std::string_view json) {
  std::vector<ApiResource> resources;
  std::string kind;
  std::string group_version;
  JsonReader reader(json);
  if (!reader.BeginObject()) return BadRequest("expected a document of kind APIResourceList");
  for (std::string_view key; reader.NextMember(&key);) {
    if (key == "kind") {
      kind = reader.ReadString();
    } else if (key == "groupVersion") {
      group_version = reader.ReadString();
    } else if (key == "resources" && reader.BeginArray()) {
      while (reader.NextElement()) resources.push_back(ReadListedResource(reader));
    } else if (key != "resources") {
      reader.Skip();
    }
  }
  if (Status status = CheckDocument(reader, kind, "APIResourceList"); !status.ok()) return status;
  for (ApiResource& resource : resources) SplitGroupVersion(group_version, &resource.gvr);
  std::erase_if(resources, [](const ApiResource& resource) { return !IsUsable(resource); });
  SortByName(&resources);
  return resources;
}

Result<std::vector<std::string>> ParseApiVersions(std::string_view json) {
  std::vector<std::string> versions;
  std::string kind;
  JsonReader reader(json);
  if (!reader.BeginObject()) return BadRequest("expected a document of kind APIVersions");
  for (std::string_view key; reader.NextMember(&key);) {
    if (key == "kind") {
      kind = reader.ReadString();
    } else if (key == "versions") {
      versions = ReadStrings(reader);
    } else {
      reader.Skip();
    }
  }
  if (Status status = CheckDocument(reader, kind, "APIVersions"); !status.ok()) return status;
  std::erase_if(versions, [](const std::string& version) { return !IsPathSegment(version); });
  return versions;
}

Result<std::vector<std::string>> ParseApiGroupList(std::string_view json) {
  std::vector<std::string> group_versions;
  std::string kind;
  JsonReader reader(json);
  if (!reader.BeginObject()) return BadRequest("expected a document of kind APIGroupList");
  for (std::string_view key; reader.NextMember(&key);) {
    if (key == "kind") {
      kind = reader.ReadString();
    } else if (key == "groups" && reader.BeginArray()) {
      while (reader.NextElement()) {
        for (std::string& version : ReadGroupVersions(reader))
          group_versions.push_back(std::move(version));
      }
    } else if (key != "groups") {
      reader.Skip();
    }
  }
  if (Status status = CheckDocument(reader, kind, "APIGroupList"); !status.ok()) return status;
  std::erase_if(group_versions, [](const std::string& text) {
    GroupVersionResource gv;
    SplitGroupVersion(text, &gv);
    return !IsPathSegment(gv.group) || !IsPathSegment(gv.version);
  });
  return group_versions;
}

std::string CatalogToJson(const ClusterCatalog& catalog) {
  std::string out = "{\"resources\":[";
  for (const ApiResource& resource : catalog.resources) {
    if (out.back() != '[') out.push_back(',');
    out.append("{\"namespaced\":").append(resource.namespaced ? "true" : "false");
    AppendMember("groupVersion", resource.gvr.GroupVersion(), &out);
    AppendMember("name", resource.gvr.resource, &out);
    AppendMember("kind", resource.kind, &out);
    AppendMember("singularName", resource.singular_name, &out);
    AppendMember("shortNames", resource.short_names, &out);
    AppendMember("categories", resource.categories, &out);
    AppendMember("verbs", resource.verbs, &out);
    out.push_back('}');
  }
  out.append("]}");
  return out;
}

Result<ClusterCatalog> CatalogFromJson(std::string_view json) {
  ClusterCatalog catalog;
  JsonReader reader(json);
  if (!reader.BeginObject()) return BadRequest("a catalog must be an object");
  for (std::string_view key; reader.NextMember(&key);) {
    if (key != "resources" || !reader.BeginArray()) {
      if (key != "resources") reader.Skip();
      continue;
    }
    while (reader.NextElement()) {
      // Both readers see the element: its group version first, the rest as in an APIResourceList.
      const std::string_view element = reader.Skip();
      JsonReader entry(element);
      ApiResource resource = ReadListedResource(entry);
      JsonReader again(element);
      if (!again.BeginObject()) continue;
      for (std::string_view member; again.NextMember(&member);) {
        if (member == "groupVersion") {
          SplitGroupVersion(again.ReadString(), &resource.gvr);
        } else {
          again.Skip();
        }
      }
      if (IsUsable(resource)) catalog.resources.push_back(std::move(resource));
    }
  }
  if (!reader.ok()) return BadRequest("malformed catalog");
  return catalog;
}

}  // namespace pedia::discovery
