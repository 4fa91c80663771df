#include "tests/member/served_openapi.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "tests/member/served_openapi_v2.h"

namespace pedia::member {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kObjectMeta = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";
constexpr const char* kListMeta = "io.k8s.apimachinery.pkg.apis.meta.v1.ListMeta";

std::string Sha512(const std::string& text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha512(), nullptr);
  std::string hex;
  for (unsigned int i = 0; i < size; ++i) {
    hex.push_back("0123456789ABCDEF"[digest[i] >> 4]);
    hex.push_back("0123456789ABCDEF"[digest[i] & 15]);
  }
  return hex;
}

std::string PathOf(const std::string& group, const std::string& version) {
  return group.empty() ? "api/" + version : "apis/" + group + "/" + version;
}

// "com.example.v1.Widget"; "io.k8s.api.apps.v1.Deployment".
std::string SchemaName(const ApiGroupVersion& api, const std::string& kind) {
  std::string prefix;
  std::string rest = api.group;
  while (api.custom && !rest.empty()) {
    const size_t dot = rest.find('.');
    prefix = rest.substr(0, dot) + "." + prefix;
    rest = dot == std::string::npos ? "" : rest.substr(dot + 1);
  }
  if (!api.custom)
    prefix = "io.k8s.api." + (rest.empty() ? "core" : rest.substr(0, rest.find('.'))) + ".";
  return prefix + api.version + "." + kind;
}

Json Reference(const std::string& schema) { return {{"$ref", "#/components/schemas/" + schema}}; }

Json KindReference(const ApiGroupVersion& api, const std::string& kind) {
  return {{"group", api.group}, {"version", api.version}, {"kind", kind}};
}

Json Operation(const ApiGroupVersion& api, const std::string& action, const std::string& kind,
               const std::string& schema) {
  return {{"tags", {api.group.empty() ? "core_" + api.version : api.group + "_" + api.version}},
          {"description", action + " objects of kind " + kind},
          {"operationId", action + kind},
          {"parameters", {{{"name", "limit"}, {"in", "query"}, {"schema", {{"type", "integer"}}}}}},
          {"responses",
           {{"200",
             {{"description", "OK"},
              {"content", {{"application/json", {{"schema", Reference(schema)}}}}}}},
            {"401", {{"description", "Unauthorized"}}}}},
          {"x-kubernetes-action", action},
          {"x-kubernetes-group-version-kind", KindReference(api, kind)}};
}

void AddSchemas(const ApiGroupVersion& api, const std::string& kind, Json schema, Json* schemas) {
  const std::string name = SchemaName(api, kind);
  Json& properties = schema["properties"];
  if (!properties.is_object()) properties = Json::object();
  for (const char* key : {"apiVersion", "kind"}) properties[key] = {{"type", "string"}};
  properties["metadata"] = {{"description", "Standard object's metadata."},
                            {"allOf", Json::array({Reference(kObjectMeta)})}};
  schema["type"] = "object";
  schema["x-kubernetes-group-version-kind"] = Json::array({KindReference(api, kind)});
  (*schemas)[name] = std::move(schema);
  (*schemas)[name + "List"] = {
      {"type", "object"},
      {"properties",
       {{"items", {{"type", "array"}, {"items", Reference(name)}}},
        {"metadata", Reference(kListMeta)}}},
      {"x-kubernetes-group-version-kind", Json::array({KindReference(api, kind + "List")})}};
  for (const char* meta : {kObjectMeta, kListMeta}) {
    if (!schemas->contains(meta))
      (*schemas)[meta] = {{"type", "object"},
                          {"properties", {{"resourceVersion", {{"type", "string"}}}}}};
  }
}

void AddPaths(const ApiGroupVersion& api, const ApiResourceEntry& entry, Json* paths) {
  const std::string base = "/" + PathOf(api.group, api.version);
  const std::string name = SchemaName(api, entry.kind);
  const std::string all = base + (entry.namespaced ? "/namespaces/{namespace}/" : "/") + entry.name;
  const Json list = Operation(api, "list", entry.kind, name + "List");
  (*paths)[all] = {{"get", list}, {"post", Operation(api, "post", entry.kind, name)}};
  (*paths)[all + "/{name}"] = {
      {"get", Operation(api, "get", entry.kind, name)},
      {"put", Operation(api, "put", entry.kind, name)},
      {"parameters",
       {{{"name", "name"}, {"in", "path"}, {"required", true}, {"schema", {{"type", "string"}}}}}}};
  if (entry.namespaced) (*paths)[base + "/" + entry.name] = {{"get", list}};
  (*paths)[base + "/watch/" + entry.name] = {{"get", list}};
}

bool IsPathOf(const std::string& path, const std::string& plural) {
  const size_t at = path.find("/" + plural);
  const size_t end = at + plural.size() + 1;
  return at != std::string::npos && (end == path.size() || path[end] == '/');
}

// The kind as its definition has it now; `entry` null: it has not any more.
void Renew(const ApiGroupVersion& api, const std::string& kind, const ApiResourceEntry* entry,
           const Json& schema, Json* document) {
  Json& schemas = (*document)["components"]["schemas"];
  Json& paths = (*document)["paths"];
  const std::string name = SchemaName(api, kind);
  schemas.erase(name);
  schemas.erase(name + "List");
  const std::string plural = schema.value("plural", "");
  for (auto it = paths.begin(); it != paths.end();) {
    if (IsPathOf(it.key(), plural)) {
      it = paths.erase(it);
    } else {
      ++it;
    }
  }
  if (entry == nullptr || !schema.contains("schema")) return;
  AddSchemas(api, kind, schema["schema"], &schemas);
  AddPaths(api, *entry, &paths);
}

Json EmptyDocument() {
  return {{"openapi", "3.0.0"},
          {"info", {{"title", "Kubernetes"}, {"version", "v1.32.13"}}},
          {"paths", Json::object()},
          {"components", {{"schemas", Json::object()}}}};
}

}  // namespace

void ServedOpenApi::Set(const std::string& path, std::string json) {
  recorded_[path] = std::move(json);
  ApiChanged();
}

void ServedOpenApi::ApiChanged() {
  built_.clear();
  version2_.reset();
}

void ServedOpenApi::LoadDefinition(std::string_view crd) {
  if (recorded_.empty() && ApiOfCustomResourceDefinition(crd).ok()) PutDefinition(crd);
}

void ServedOpenApi::PutDefinition(std::string_view crd) { Define(crd, true); }
void ServedOpenApi::RemoveDefinition(std::string_view crd) { Define(crd, false); }

void ServedOpenApi::Define(std::string_view crd, bool exists) {
  const Json json = Json::parse(crd);
  const Json& spec = json.at("spec");
  for (const Json& version : spec.at("versions")) {
    Json kept = {{"plural", spec["names"]["plural"]}};
    const Json no_schema = {{"openAPIV3Schema", Json::object()}};
    if (exists && version.at("served"))
      kept["schema"] = version.value("schema", no_schema).value("openAPIV3Schema", Json::object());
    schemas_[PathOf(spec.at("group"), version.at("name"))][spec["names"]["kind"]] = kept.dump();
  }
  ApiChanged();
}

std::set<std::string> ServedOpenApi::Paths() const {
  std::set<std::string> paths;
  for (const ApiGroupVersion& api : api_.group_versions()) {
    const std::string path = PathOf(api.group, api.version);
    if (recorded_.empty() || recorded_.contains(path) || schemas_.contains(path))
      paths.insert(path);
  }
  return paths;
}

const ServedOpenApi::Document& ServedOpenApi::Built(const std::string& path) const {
  Document& built = built_[path];
  if (!built.json.empty()) return built;
  const auto& all = api_.group_versions();
  const auto api = std::ranges::find_if(
      all, [&](const ApiGroupVersion& one) { return PathOf(one.group, one.version) == path; });
  const auto recorded = recorded_.find(path);
  const auto schemas = schemas_.find(path);
  if (recorded != recorded_.end() && schemas == schemas_.end()) {
    built.json = recorded->second;
  } else {
    Json document = recorded == recorded_.end() ? EmptyDocument() : Json::parse(recorded->second);
    for (const ApiResourceEntry& entry : api->resources) {
      if (recorded != recorded_.end() || entry.name.find('/') != std::string::npos) continue;
      AddSchemas(*api, entry.kind, {{"description", entry.kind + " is simulated."}},
                 &document["components"]["schemas"]);
      AddPaths(*api, entry, &document["paths"]);
    }
    for (const auto& [kind, schema] :
         schemas == schemas_.end() ? decltype(schemas->second)() : schemas->second) {
      const auto entry = std::ranges::find(api->resources, kind, &ApiResourceEntry::kind);
      Renew(*api, kind, entry == api->resources.end() ? nullptr : &*entry, Json::parse(schema),
            &document);
    }
    built.json = document.dump();
  }
  built.hash = Sha512(built.json);
  return built;
}

std::string ServedOpenApi::Index() const {
  Json paths = Json::object();
  for (const std::string& path : Paths()) {
    paths[path] = {{"serverRelativeURL", "/openapi/v3/" + path + "?hash=" + Built(path).hash}};
  }
  return Json({{"paths", std::move(paths)}}).dump();
}

std::optional<ServedOpenApi::Document> ServedOpenApi::Find(std::string_view url) const {
  constexpr std::string_view kDocuments = "/openapi/v3/";
  if (url == "/openapi/v3") return Document{Index(), ""};
  if (url == "/openapi/v2") return Version2();
  if (!url.starts_with(kDocuments)) return std::nullopt;
  const std::string path(url.substr(kDocuments.size()));
  if (!Paths().contains(path)) return std::nullopt;
  return Built(path);
}

const ServedOpenApi::Document& ServedOpenApi::Version2() const {
  if (!version2_) {
    Json all = {{"swagger", "2.0"},
                {"info", {{"title", "Kubernetes"}, {"version", "v1.22.17"}}},
                {"paths", Json::object()},
                {"definitions", Json::object()}};
    for (const std::string& path : Paths()) AddToVersion2(Json::parse(Built(path).json), &all);
    version2_ = Document{all.dump(), ""};
    version2_->hash = Sha512(version2_->json);
  }
  return *version2_;
}

}  // namespace pedia::member
