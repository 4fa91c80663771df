#include "synchro/sync_rules.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "meta/json_reader.h"
#include "synchro/nlohmann_fields.h"

namespace pedia::synchro {
namespace {

using Json = nlohmann::json;

bool IsDnsLabel(const std::string& name) {
  if (name.empty() || name.size() > 63 || name.front() == '-' || name.back() == '-') return false;
  return name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") == std::string::npos;
}

std::vector<std::string> ReadNamespaces(const char* key, JsonFields* fields) {
  std::vector<std::string> names = fields->Texts(key);
  for (const std::string& name : names) {
    if (!IsDnsLabel(name)) fields->Fail(key, "has '" + name + "', which is no namespace's name");
  }
  return names;
}

SecretData ReadSecretData(JsonFields* fields) {
  const std::string text = fields->Text("secretData");
  if (text == "KeysOnly") return SecretData::kKeysOnly;
  if (text == "Hash") return SecretData::kHash;
  if (text != "Full" && fields->Find("secretData") != nullptr)
    fields->Fail("secretData", "must be KeysOnly, Hash or Full");
  return SecretData::kFull;
}

LabelSelector ReadLabelSelector(JsonFields* fields) {
  const Json* json = fields->Find("labelSelector");
  if (json == nullptr) return {};
  Result<LabelSelector> selector =
      ParseLabelSelector(json->dump(-1, ' ', false, Json::error_handler_t::replace));
  if (selector.ok()) return *std::move(selector);
  const std::string why = selector.status().message();
  fields->Fail("labelSelector", why.starts_with("match") ? "." + why : why);
  return {};
}

Result<SyncRule> ReadRule(const Json& json, const std::string& path) {
  if (!json.is_object()) return BadRequest(path + " must be an object");
  JsonFields fields(json, path);
  SyncRule rule;
  rule.group = fields.Text("group");
  rule.versions = fields.Texts("versions");
  rule.resources = fields.Texts("resources");
  if (rule.resources.empty()) fields.Fail("resources", "must name at least one resource");
  rule.exclude_resources = fields.Texts("excludeResources");
  rule.namespaces = ReadNamespaces("namespaces", &fields);
  rule.exclude_namespaces = ReadNamespaces("excludeNamespaces", &fields);
  rule.label_selector = ReadLabelSelector(&fields);
  rule.secret_data = ReadSecretData(&fields);
  rule.events_involved_resources = fields.Texts("eventsInvolvedResources");
  if (fields.error()) return BadRequest(*fields.error());
  return rule;
}

}  // namespace

Result<std::vector<SyncRule>> ParseSyncResources(std::string_view text) {
  std::vector<SyncRule> rules;
  if (text.empty()) return rules;
  if (!IsValidJson(text)) return BadRequest("spec.syncResources is malformed");
  const Json list = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (list.is_null()) return rules;
  if (!list.is_array()) return BadRequest("spec.syncResources must be a list");
  for (size_t i = 0; i < list.size(); ++i) {
    auto rule = ReadRule(list[i], "spec.syncResources[" + std::to_string(i) + "]");
    if (!rule.ok()) return rule.status();
    rules.push_back(*std::move(rule));
  }
  return rules;
}

}  // namespace pedia::synchro
