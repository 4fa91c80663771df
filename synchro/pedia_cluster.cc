#include "synchro/pedia_cluster.h"

#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "discovery/pedia_cluster_connection.h"
#include "meta/json_reader.h"

namespace pedia::synchro {
namespace {

using Json = nlohmann::json;

// Reads members of one JSON object and remembers the first that has the wrong type.
class Fields {
 public:
  Fields(const Json& object, std::string path) : object_(object), path_(std::move(path)) {}

  std::string Text(const char* key) {
    const Json* value = Find(key);
    if (value == nullptr) return {};
    if (!value->is_string()) return Fail(key, "must be a string"), std::string();
    return value->get<std::string>();
  }
  bool Flag(const char* key) {
    const Json* value = Find(key);
    if (value == nullptr) return false;
    if (!value->is_boolean()) return Fail(key, "must be true or false"), false;
    return value->get<bool>();
  }
  std::vector<std::string> Texts(const char* key) {
    std::vector<std::string> texts;
    const Json* value = Find(key);
    if (value == nullptr) return texts;
    if (!value->is_array()) return Fail(key, "must be a list of strings"), texts;
    for (const Json& element : *value) {
      if (!element.is_string()) return Fail(key, "must be a list of strings"), texts;
      texts.push_back(element.get<std::string>());
    }
    return texts;
  }
  // Null if missing.
  const Json* Find(const char* key) const {
    const auto it = object_.find(key);
    return it == object_.end() || it->is_null() ? nullptr : &*it;
  }
  void Fail(const std::string& key, const std::string& why) {
    if (!error_) error_ = path_ + "." + key + " " + why;
  }
  const std::optional<std::string>& error() const { return error_; }

 private:
  const Json& object_;
  std::string path_;
  std::optional<std::string> error_;
};

Result<std::vector<SyncRule>> ParseSyncResources(const Json* list) {
  std::vector<SyncRule> rules;
  if (list == nullptr) return rules;
  if (!list->is_array()) return BadRequest("spec.syncResources must be a list");
  for (size_t i = 0; i < list->size(); ++i) {
    const std::string path = "spec.syncResources[" + std::to_string(i) + "]";
    if (!(*list)[i].is_object()) return BadRequest(path + " must be an object");
    Fields fields((*list)[i], path);
    SyncRule rule{fields.Text("group"), fields.Texts("versions"), fields.Texts("resources")};
    if (rule.resources.empty()) fields.Fail("resources", "must name at least one resource");
    // To ignore these would be to sync what is meant to be left out.
    for (const char* field :
         {"namespaces", "excludeNamespaces", "labelSelector", "excludeResources", "secretData"}) {
      if ((*list)[i].contains(field)) fields.Fail(field, "is not supported yet");
    }
    if (fields.error()) return BadRequest(*fields.error());
    rules.push_back(std::move(rule));
  }
  return rules;
}

}  // namespace

bool IsClusterName(std::string_view name) {
  const auto alphanumeric = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  if (name.empty() || name.size() > 253) return false;
  for (size_t i = 0; i < name.size(); ++i) {
    const bool inside_label =
        i > 0 && i + 1 < name.size() && name[i - 1] != '.' && name[i + 1] != '.';
    const bool inside_name = i > 0 && i + 1 < name.size() && alphanumeric(name[i - 1]);
    if (alphanumeric(name[i]) || (name[i] == '-' && inside_label) ||
        (name[i] == '.' && inside_name))
      continue;
    return false;
  }
  return true;
}

Result<ParsedPediaCluster> ParsePediaCluster(std::string_view text) {
  if (!IsValidJson(text)) return BadRequest("not a JSON object");
  const Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return BadRequest("not an object");
  Fields top(json, "manifest");
  if (const std::string kind = top.Text("kind"); kind != "PediaCluster")
    return BadRequest("kind '" + kind + "' is not PediaCluster");
  if (const std::string version = top.Text("apiVersion");
      version != "cluster.clusterpedia.io/v1alpha2") {
    return BadRequest("apiVersion '" + version + "' is not cluster.clusterpedia.io/v1alpha2");
  }
  const Json* metadata = top.Find("metadata");
  const Json* spec = top.Find("spec");
  if (metadata == nullptr || !metadata->is_object()) return BadRequest("metadata is missing");
  if (spec == nullptr || !spec->is_object()) return BadRequest("spec is missing");
  const std::string name = Fields(*metadata, "metadata").Text("name");
  if (!IsClusterName(name))
    return BadRequest("metadata.name '" + name + "' is no DNS-1123 subdomain");

  auto rules =
      ParseSyncResources(spec->contains("syncResources") ? &(*spec)["syncResources"] : nullptr);
  if (!rules.ok()) return rules.status();
  Fields fields(*spec, "spec");
  ParsedPediaCluster parsed{
      .spec = {.name = name,
               .config = discovery::ParsePediaClusterConnection(text),
               .sync_resources = *std::move(rules),
               .sync_all_custom_resources = fields.Flag("syncAllCustomResources"),
               .skip = {}},
      .warnings = {}};
  if (fields.error()) return BadRequest(*fields.error());
  for (const char* field : {"syncResourcesRefName", "shardingName", "authenticationFrom"}) {
    if (const Json* value = fields.Find(field); value != nullptr && *value != "")
      parsed.warnings.push_back(std::string("spec.") + field + " is not supported and is ignored");
  }
  return parsed;
}

}  // namespace pedia::synchro
