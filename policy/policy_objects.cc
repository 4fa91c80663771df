#include "policy/policy_objects.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "meta/json_reader.h"
#include "meta/time.h"

namespace pedia::policy {
namespace {

using Json = nlohmann::ordered_json;

constexpr size_t kMaxMessage = 4'000;
constexpr const char* kPolicyApi = "policy.clusterpedia.io/v1alpha1";

std::string Dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

// A member whatever is there: null where it is missing or `json` is no object.
const Json& Member(const Json& json, const char* key) {
  static const Json kNone;
  if (!json.is_object()) return kNone;
  const auto found = json.find(key);
  return found == json.end() ? kNone : *found;
}

const Json& Elements(const Json& json, const char* key) {
  static const Json kEmpty = Json::array();
  const Json& member = Member(json, key);
  return member.is_array() ? member : kEmpty;
}

std::string Text(const Json& json, const char* key) {
  const Json& member = Member(json, key);
  return member.is_string() ? member.get<std::string>() : "";
}

std::vector<std::string> Texts(const Json& json, const char* key) {
  std::vector<std::string> texts;
  for (const Json& element : Elements(json, key)) {
    if (element.is_string()) texts.push_back(element.get<std::string>());
  }
  return texts;
}

Result<Json> ParseObject(std::string_view json) {
  // Checked first: that bounds the depth.
  if (!IsValidJson(json)) return BadRequest("not well-formed JSON");
  Json object = Json::parse(json, nullptr, /*allow_exceptions=*/false);
  if (Text(Member(object, "metadata"), "name").empty()) return BadRequest("no metadata.name");
  return object;
}

ObjectMeta ReadMeta(const Json& object) {
  const Json& metadata = Member(object, "metadata");
  ObjectMeta meta;
  meta.name = Text(metadata, "name");
  meta.uid = Text(metadata, "uid");
  meta.resource_version = Text(metadata, "resourceVersion");
  meta.created = Text(metadata, "creationTimestamp");
  meta.deleting = !Text(metadata, "deletionTimestamp").empty();
  meta.finalizers = Texts(metadata, "finalizers");
  for (const Json& owner : Elements(metadata, "ownerReferences"))
    meta.owners.push_back({Text(owner, "apiVersion"), Text(owner, "kind"), Text(owner, "name"),
                           Text(owner, "uid"), Member(owner, "controller") == true});
  return meta;
}

GroupVersionResource ReadResource(const Json& json) {
  return {Text(json, "group"), Text(json, "version"), Text(json, "resource")};
}

ObjectReference ReadReference(const Json& json) {
  return {ReadResource(json), Text(json, "namespace"), Text(json, "name")};
}

std::vector<ReferenceTemplate> ReadReferences(const Json& spec) {
  std::vector<ReferenceTemplate> references;
  for (const Json& json : Elements(spec, "references"))
    references.push_back({Text(json, "key"), ReadResource(json), Texts(json, "versions"),
                          Text(json, "namespaceTemplate"), Text(json, "nameTemplate")});
  return references;
}

PolicyTemplates ReadTemplates(const Json& spec) {
  return {Text(spec, "template"), Text(spec, "creationCondition")};
}

std::vector<Condition> ReadConditions(const Json& object) {
  std::vector<Condition> conditions;
  for (const Json& json : Elements(Member(object, "status"), "conditions"))
    conditions.push_back({Text(json, "type"), Text(json, "status"), Text(json, "reason"),
                          Text(json, "message"),
                          ParseRfc3339(Text(json, "lastTransitionTime")).value_or(0)});
  return conditions;
}

ConnectionFields ReadConnection(const Json& spec) {
  ConnectionFields connection;
  for (size_t i = 0; i < kConnectionFields.size(); ++i)
    connection.values[i] = Text(spec, kConnectionFields[i]);
  return connection;
}

Json ReferenceToJson(const ObjectReference& reference) {
  Json json = {{"group", reference.gvr.group},
               {"version", reference.gvr.version},
               {"resource", reference.gvr.resource}};
  if (!reference.name_space.empty()) json["namespace"] = reference.name_space;
  json["name"] = reference.name;
  return json;
}

Json SpecToJson(const LifecycleSpec& spec) {
  Json references = Json::array();
  for (const ReferenceTemplate& reference : spec.references) {
    Json json = {{"key", reference.key},
                 {"group", reference.gvr.group},
                 {"version", reference.gvr.version},
                 {"resource", reference.gvr.resource}};
    if (!reference.name_space.empty()) json["namespaceTemplate"] = reference.name_space;
    json["nameTemplate"] = reference.name;
    references.push_back(std::move(json));
  }
  return {{"source", ReferenceToJson(spec.source)},
          {"references", std::move(references)},
          {"template", spec.templates.pedia_cluster},
          {"creationCondition", spec.templates.creation_condition}};
}

Json OwnerToJson(const OwnerReference& owner) {
  Json json = {{"apiVersion", owner.api_version},
               {"kind", owner.kind},
               {"name", owner.name},
               {"uid", owner.uid}};
  if (owner.controller) json["controller"] = json["blockOwnerDeletion"] = true;
  return json;
}

// The owners, of which the policy is the controlling one.
Json OwnersToJson(const ImportPolicy& policy, const std::vector<OwnerReference>& others) {
  Json json = Json::array();
  for (const OwnerReference& owner : others) {
    if (owner.uid != policy.meta.uid) json.push_back(OwnerToJson(owner));
  }
  json.push_back(
      OwnerToJson({kPolicyApi, "ClusterImportPolicy", policy.meta.name, policy.meta.uid, true}));
  return json;
}

Json ConditionsToJson(const std::vector<Condition>& conditions) {
  Json json = Json::array();
  for (const Condition& condition : conditions)
    json.push_back({{"type", condition.type},
                    {"status", condition.status},
                    {"lastTransitionTime", FormatRfc3339(condition.last_transition)},
                    {"reason", condition.reason},
                    {"message", condition.message}});
  return json;
}

// At most kMaxMessage bytes, without a part of a character at the end.
std::string Cut(std::string message) {
  if (message.size() <= kMaxMessage) return message;
  size_t end = kMaxMessage;
  while (end > 0 && (static_cast<unsigned char>(message[end]) & 0xC0) == 0x80) --end;
  message.resize(end);
  return message + "...";
}

}  // namespace

bool ObjectMeta::HasFinalizer(std::string_view finalizer) const {
  return std::find(finalizers.begin(), finalizers.end(), finalizer) != finalizers.end();
}

const OwnerReference* ObjectMeta::Controller() const {
  const auto found = std::find_if(owners.begin(), owners.end(),
                                  [](const OwnerReference& owner) { return owner.controller; });
  return found == owners.end() ? nullptr : &*found;
}

std::string ObjectReference::ToString() const {
  return gvr.ToString() + " " + (name_space.empty() ? name : name_space + "/" + name);
}

Result<ImportPolicy> ParseImportPolicy(std::string_view json) {
  const Result<Json> object = ParseObject(json);
  if (!object.ok()) return object.status();
  const Json& spec = Member(*object, "spec");
  const Json& source = Member(spec, "source");
  return ImportPolicy{
      ReadMeta(*object),
      {ReadResource(source), Texts(source, "versions"), Text(source, "selectorTemplate"),
       ReadReferences(spec), Text(spec, "nameTemplate"), ReadTemplates(spec)},
      ReadConditions(*object)};
}

Result<Lifecycle> ParseLifecycle(std::string_view json) {
  const Result<Json> object = ParseObject(json);
  if (!object.ok()) return object.status();
  const Json& spec = Member(*object, "spec");
  Lifecycle lifecycle{
      ReadMeta(*object),
      {ReadReference(Member(spec, "source")), ReadReferences(spec), ReadTemplates(spec)},
      ReadConditions(*object),
      {}};
  for (const Json& reference : Elements(Member(*object, "status"), "references"))
    lifecycle.resolved.push_back(ReadReference(reference));
  return lifecycle;
}

Result<ExistingCluster> ParseExistingCluster(std::string_view json) {
  const Result<Json> object = ParseObject(json);
  if (!object.ok()) return object.status();
  return ExistingCluster{ReadMeta(*object), ReadConnection(Member(*object, "spec"))};
}

std::string ReducePediaCluster(std::string_view json) {
  const Result<Json> object = ParseObject(json);
  if (!object.ok()) return "";
  Json reduced = {{"metadata", Json::object()}, {"spec", Json::object()}};
  for (const char* key : {"name", "uid", "deletionTimestamp", "ownerReferences"}) {
    if (const Json& member = Member(Member(*object, "metadata"), key); !member.is_null())
      reduced["metadata"][key] = member;
  }
  for (const char* key : kConnectionFields) {
    if (const Json& member = Member(Member(*object, "spec"), key); !member.is_null())
      reduced["spec"][key] = member;
  }
  return Dump(reduced);
}

std::string LifecycleToCreate(const ImportPolicy& policy, const std::string& name,
                              const LifecycleSpec& spec) {
  return Dump({{"apiVersion", kPolicyApi},
               {"kind", "PediaClusterLifecycle"},
               {"metadata",
                {{"name", name},
                 {"finalizers", Json::array({kLifecycleFinalizer})},
                 {"ownerReferences", OwnersToJson(policy, {})}}},
               {"spec", SpecToJson(spec)}});
}

std::string LifecyclePatch(const ImportPolicy& policy, const Lifecycle& lifecycle,
                           const LifecycleSpec& spec) {
  return Dump({{"metadata",
                {{"resourceVersion", lifecycle.meta.resource_version},
                 {"ownerReferences", OwnersToJson(policy, lifecycle.meta.owners)}}},
               {"spec", SpecToJson(spec)}});
}

std::string FinalizersPatch(const ObjectMeta& meta, const std::vector<std::string>& finalizers) {
  return Dump({{"metadata",
                {{"resourceVersion", meta.resource_version}, {"finalizers", Json(finalizers)}}}});
}

std::string ConditionsPatch(const std::vector<Condition>& conditions) {
  return Dump({{"status", {{"conditions", ConditionsToJson(conditions)}}}});
}

std::string LifecycleStatusPatch(const std::vector<Condition>& conditions,
                                 const std::vector<ObjectReference>& references) {
  Json listed = Json::array();
  for (const ObjectReference& reference : references) listed.push_back(ReferenceToJson(reference));
  return Dump(
      {{"status",
        {{"conditions", ConditionsToJson(conditions)}, {"references", std::move(listed)}}}});
}

std::string ConnectionPatch(const ConnectionFields& connection) {
  Json spec = Json::object();
  for (size_t i = 0; i < kConnectionFields.size(); ++i)
    spec[kConnectionFields[i]] = connection.values[i].empty() ? Json() : Json(connection.values[i]);
  return Dump({{"spec", std::move(spec)}});
}

void SetCondition(Condition condition, int64_t now, std::vector<Condition>* conditions) {
  condition.message = Cut(std::move(condition.message));
  condition.last_transition = now;
  for (Condition& known : *conditions) {
    if (known.type != condition.type) continue;
    if (known.status == condition.status && known.last_transition != 0)
      condition.last_transition = known.last_transition;
    known = std::move(condition);
    return;
  }
  conditions->push_back(std::move(condition));
}

void RemoveCondition(std::string_view type, std::vector<Condition>* conditions) {
  std::erase_if(*conditions, [&](const Condition& condition) { return condition.type == type; });
}

bool IsObjectName(std::string_view name) {
  const auto alphanumeric = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  if (name.empty() || name.size() > 253) return false;
  for (size_t i = 0; i < name.size(); ++i) {
    const bool edge = i == 0 || i + 1 == name.size() || name[i - 1] == '.' || name[i + 1] == '.';
    if (!alphanumeric(name[i]) && (edge || (name[i] != '-' && name[i] != '.'))) return false;
  }
  return true;
}

}  // namespace pedia::policy
