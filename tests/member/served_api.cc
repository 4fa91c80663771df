#include "tests/member/served_api.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace pedia::member {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kServerAddress = "127.0.0.1";

std::string GroupVersionName(const ApiGroupVersion& api) {
  return api.group.empty() ? api.version : api.group + "/" + api.version;
}

Json LegacyResource(const ApiResourceEntry& entry) {
  Json json = {{"name", entry.name},
               {"singularName", entry.singular_name},
               {"namespaced", entry.namespaced}};
  if (!entry.group.empty()) json["group"] = entry.group;
  if (!entry.version.empty()) json["version"] = entry.version;
  json["kind"] = entry.kind;
  json["verbs"] = entry.verbs;
  if (!entry.short_names.empty()) json["shortNames"] = entry.short_names;
  if (!entry.categories.empty()) json["categories"] = entry.categories;
  if (!entry.storage_version_hash.empty()) json["storageVersionHash"] = entry.storage_version_hash;
  return json;
}

// kube-apiserver leaves group and version of built-in kinds empty here; the server of custom
// resources does not.
Json ResponseKind(const ApiGroupVersion& api, const ApiResourceEntry& entry) {
  const bool named = api.custom && entry.group.empty();
  return {{"group", named ? api.group : entry.group},
          {"version", named ? api.version : entry.version},
          {"kind", entry.kind}};
}

Json AggregatedResource(const ApiGroupVersion& api, const ApiResourceEntry& entry) {
  Json json = {{"resource", entry.name},
               {"responseKind", ResponseKind(api, entry)},
               {"scope", entry.namespaced ? "Namespaced" : "Cluster"},
               {"singularResource", entry.singular_name},
               {"verbs", entry.verbs}};
  if (!entry.short_names.empty()) json["shortNames"] = entry.short_names;
  if (!entry.categories.empty()) json["categories"] = entry.categories;
  Json subresources = Json::array();
  for (const ApiResourceEntry& other : api.resources) {
    if (!other.name.starts_with(entry.name + "/")) continue;
    subresources.push_back({{"subresource", other.name.substr(entry.name.size() + 1)},
                            {"responseKind", ResponseKind(api, other)},
                            {"verbs", other.verbs}});
  }
  if (!subresources.empty()) json["subresources"] = std::move(subresources);
  return json;
}

Json AggregatedVersion(const ApiGroupVersion& api) {
  Json resources = Json::array();
  for (const ApiResourceEntry& entry : api.resources) {
    if (entry.name.find('/') == std::string::npos)
      resources.push_back(AggregatedResource(api, entry));
  }
  return {{"version", api.version}, {"resources", std::move(resources)}, {"freshness", "Current"}};
}

Json VersionRef(const ApiGroupVersion& api) {
  return {{"groupVersion", GroupVersionName(api)}, {"version", api.version}};
}

std::string CoreVersionsDocument() {
  return Json({{"kind", "APIVersions"},
               {"versions", {"v1"}},
               {"serverAddressByClientCIDRs",
                {{{"clientCIDR", "0.0.0.0/0"}, {"serverAddress", kServerAddress}}}}})
      .dump();
}

std::vector<std::string> Strings(const Json& object, const char* key) {
  return object.value(key, std::vector<std::string>());
}

ApiResourceEntry EntryFromJson(const Json& json) {
  ApiResourceEntry entry;
  entry.name = json.at("name");
  entry.singular_name = json.value("singularName", "");
  entry.namespaced = json.at("namespaced");
  entry.group = json.value("group", "");
  entry.version = json.value("version", "");
  entry.kind = json.at("kind");
  entry.verbs = Strings(json, "verbs");
  entry.short_names = Strings(json, "shortNames");
  entry.categories = Strings(json, "categories");
  entry.storage_version_hash = json.value("storageVersionHash", "");
  return entry;
}

ApiGroupVersion CustomGroupVersion(const Json& spec, const Json& version) {
  const Json& names = spec.at("names");
  ApiResourceEntry entry;
  entry.name = names.at("plural");
  entry.kind = names.at("kind");
  std::string lower_kind = entry.kind;
  std::ranges::transform(lower_kind, lower_kind.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? c + 32 : c; });
  entry.singular_name = names.value("singular", lower_kind);
  entry.namespaced = spec.at("scope") == "Namespaced";
  entry.verbs = {"delete", "deletecollection", "get", "list", "patch", "create", "update", "watch"};
  entry.short_names = Strings(names, "shortNames");
  entry.categories = Strings(names, "categories");
  ApiGroupVersion api{spec.at("group"), version.at("name"), true, {entry}};
  if (version.value("subresources", Json::object()).contains("status")) {
    api.resources.push_back({entry.name + "/status",
                             "",
                             entry.namespaced,
                             "",
                             "",
                             entry.kind,
                             {"get", "patch", "update"},
                             {},
                             {},
                             ""});
  }
  return api;
}

}  // namespace

Result<std::vector<ApiGroupVersion>> ApiOfCustomResourceDefinition(std::string_view json) {
  try {
    const Json crd = Json::parse(json);
    const Json& spec = crd.at("spec");
    std::vector<ApiGroupVersion> apis;
    for (const Json& version : spec.at("versions")) {
      if (!version.at("served")) continue;
      apis.insert(version.value("storage", false) ? apis.begin() : apis.end(),
                  CustomGroupVersion(spec, version));
    }
    return apis;
  } catch (const Json::exception& e) {
    return BadRequest(std::string("not a CustomResourceDefinition: ") + e.what());
  }
}

Result<ApiGroupVersion> ParseApiResourceList(std::string_view text) {
  try {
    const Json json = Json::parse(text);
    const std::string group_version = json.at("groupVersion");
    const size_t slash = group_version.find('/');
    ApiGroupVersion api;
    if (slash != std::string::npos) api.group = group_version.substr(0, slash);
    api.version = group_version.substr(slash == std::string::npos ? 0 : slash + 1);
    for (const Json& resource : json.at("resources"))
      api.resources.push_back(EntryFromJson(resource));
    return api;
  } catch (const Json::exception& e) {
    return BadRequest(std::string("not an APIResourceList: ") + e.what());
  }
}

std::vector<ApiGroupVersion> BasicApi() {
  const std::vector<std::string> verbs = {"create", "delete", "deletecollection", "get",
                                          "list",   "patch",  "update",           "watch"};
  const auto entry = [&](std::string name, std::string singular, bool namespaced, std::string kind,
                         std::vector<std::string> short_names,
                         std::vector<std::string> categories = {}) {
    return ApiResourceEntry{
        std::move(name),        std::move(singular),   namespaced, "", "", std::move(kind), verbs,
        std::move(short_names), std::move(categories), ""};
  };
  ApiGroupVersion core{"", "v1", false, {}};
  core.resources = {entry("configmaps", "configmap", true, "ConfigMap", {"cm"}),
                    entry("events", "event", true, "Event", {"ev"}),
                    entry("namespaces", "namespace", false, "Namespace", {"ns"}),
                    entry("nodes", "node", false, "Node", {"no"}),
                    entry("pods", "pod", true, "Pod", {"po"}, {"all"}),
                    entry("secrets", "secret", true, "Secret", {}),
                    entry("services", "service", true, "Service", {"svc"}, {"all"})};
  core.resources.push_back({"pods/log", "", true, "", "", "Pod", {"get"}, {}, {}, ""});
  ApiGroupVersion apps{"apps", "v1", false, {}};
  apps.resources = {entry("deployments", "deployment", true, "Deployment", {"deploy"}, {"all"}),
                    entry("replicasets", "replicaset", true, "ReplicaSet", {"rs"}, {"all"})};
  ApiGroupVersion extensions{"apiextensions.k8s.io", "v1", false, {}};
  extensions.resources = {entry("customresourcedefinitions", "customresourcedefinition", false,
                                "CustomResourceDefinition", {"crd", "crds"}, {"api-extensions"})};
  return {core, apps, extensions};
}

void ServedApi::Add(ApiGroupVersion addition) {
  auto at = group_versions_.end();
  for (auto it = group_versions_.begin(); it != group_versions_.end(); ++it) {
    if (it->group != addition.group) continue;
    at = it + 1;
    if (it->version != addition.version) continue;
    for (ApiResourceEntry& entry : addition.resources) {
      std::erase_if(it->resources,
                    [&](const ApiResourceEntry& old) { return old.name == entry.name; });
      it->resources.push_back(std::move(entry));
    }
    return;
  }
  group_versions_.insert(at, std::move(addition));
}

void ServedApi::Remove(std::string_view group, std::string_view version,
                       std::string_view resource) {
  for (ApiGroupVersion& api : group_versions_) {
    if (api.group != group || api.version != version) continue;
    std::erase_if(api.resources, [&](const ApiResourceEntry& entry) {
      return entry.name == resource || entry.name.starts_with(std::string(resource) + "/");
    });
  }
  std::erase_if(group_versions_, [](const ApiGroupVersion& api) { return api.resources.empty(); });
}

std::optional<std::string> ServedApi::Document(std::string_view path,
                                               DiscoveryFormat format) const {
  if (path == "/api" || path == "/apis") {
    const bool core = path == "/api";
    if (format == DiscoveryFormat::kAggregatedV2)
      return AggregatedDocument(core, "apidiscovery.k8s.io/v2");
    if (format == DiscoveryFormat::kAggregatedV2Beta1)
      return AggregatedDocument(core, "apidiscovery.k8s.io/v2beta1");
    return core ? CoreVersionsDocument() : GroupListDocument();
  }
  if (path.starts_with("/api/")) return ResourceListDocument("", path.substr(5));
  if (!path.starts_with("/apis/")) return std::nullopt;
  path.remove_prefix(6);
  const size_t slash = path.find('/');
  if (slash == std::string_view::npos) return GroupDocument(path);
  return ResourceListDocument(path.substr(0, slash), path.substr(slash + 1));
}

std::string ServedApi::AggregatedDocument(bool core, std::string_view api_version) const {
  Json items = Json::array();
  std::string_view last_group;
  for (const ApiGroupVersion& api : group_versions_) {
    if (api.group.empty() != core) continue;
    if (items.empty() || api.group != last_group) {
      Json metadata = core ? Json::object() : Json({{"name", api.group}});
      metadata["creationTimestamp"] = nullptr;
      items.push_back({{"metadata", std::move(metadata)}, {"versions", Json::array()}});
      last_group = api.group;
    }
    items.back()["versions"].push_back(AggregatedVersion(api));
  }
  return Json({{"kind", "APIGroupDiscoveryList"},
               {"apiVersion", api_version},
               {"metadata", Json::object()},
               {"items", std::move(items)}})
      .dump();
}

std::string ServedApi::GroupListDocument() const {
  Json groups = Json::array();
  for (const ApiGroupVersion& api : group_versions_) {
    if (api.group.empty()) continue;
    if (groups.empty() || groups.back()["name"] != api.group) {
      groups.push_back({{"name", api.group},
                        {"versions", Json::array()},
                        {"preferredVersion", VersionRef(api)}});
    }
    groups.back()["versions"].push_back(VersionRef(api));
  }
  return Json({{"kind", "APIGroupList"}, {"apiVersion", "v1"}, {"groups", std::move(groups)}})
      .dump();
}

std::optional<std::string> ServedApi::GroupDocument(std::string_view group) const {
  Json versions = Json::array();
  for (const ApiGroupVersion& api : group_versions_) {
    if (api.group == group) versions.push_back(VersionRef(api));
  }
  if (group.empty() || versions.empty()) return std::nullopt;
  const Json preferred = versions.front();
  return Json({{"kind", "APIGroup"},
               {"apiVersion", "v1"},
               {"name", group},
               {"versions", std::move(versions)},
               {"preferredVersion", preferred}})
      .dump();
}

std::optional<std::string> ServedApi::ResourceListDocument(std::string_view group,
                                                           std::string_view version) const {
  for (const ApiGroupVersion& api : group_versions_) {
    if (api.group != group || api.version != version) continue;
    Json json = {{"kind", "APIResourceList"}};
    if (!group.empty()) json["apiVersion"] = "v1";
    json["groupVersion"] = GroupVersionName(api);
    json["resources"] = Json::array();
    for (const ApiResourceEntry& entry : api.resources)
      json["resources"].push_back(LegacyResource(entry));
    return json.dump();
  }
  return std::nullopt;
}

}  // namespace pedia::member
