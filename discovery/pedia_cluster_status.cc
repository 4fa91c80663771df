#include "discovery/pedia_cluster_status.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "kube/object_identity.h"
#include "meta/json_reader.h"
#include "meta/time.h"

namespace pedia::discovery {
namespace {

using Json = nlohmann::ordered_json;

const GroupVersionResource& SourceOf(const ResourceSync& sync) {
  return sync.source.resource.empty() ? sync.gvr : sync.source;
}

Json ConditionToJson(const Condition& condition) {
  return {{"type", condition.type},
          {"status", condition.status},
          {"lastTransitionTime", FormatRfc3339(condition.last_transition)},
          {"reason", condition.reason},
          {"message", condition.message}};
}

Json SyncConditionToJson(const ResourceSync& sync) {
  const GroupVersionResource& source = SourceOf(sync);
  Json json = {{"version", source.version}};
  if (sync.gvr.version != source.version) json["storageVersion"] = sync.gvr.version;
  if (sync.gvr.GroupResource() != source.GroupResource())
    json["storageResource"] = sync.gvr.GroupResource();
  json["status"] = sync.status;
  if (!sync.reason.empty()) json["reason"] = sync.reason;
  if (!sync.message.empty()) json["message"] = sync.message;
  if (!sync.initial_list_done) json["initialListPhase"] = true;
  json["lastTransitionTime"] = FormatRfc3339(sync.last_transition);
  return json;
}

// One entry per resource of a group; its versions are the sync conditions.
Json ResourceToJson(const ClusterState& state, const std::vector<const ResourceSync*>& versions) {
  const GroupVersionResource& first = SourceOf(*versions.front());
  const ApiResource* resource = state.synced.Find(first);
  Json json = {{"name", first.resource},
               {"kind", resource == nullptr ? "" : resource->kind},
               {"namespaced", resource != nullptr && resource->namespaced},
               {"syncConditions", Json::array()}};
  for (const ResourceSync* sync : versions)
    json["syncConditions"].push_back(SyncConditionToJson(*sync));
  return json;
}

Json SyncResourcesToJson(const ClusterState& state) {
  std::map<std::string, std::map<std::string, std::vector<const ResourceSync*>>> groups;
  for (const ResourceSync& sync : state.resources) {
    const GroupVersionResource& source = SourceOf(sync);
    groups[source.group][source.resource].push_back(&sync);
  }
  Json json = Json::array();
  for (const auto& [group, resources] : groups) {
    Json entry = {{"group", group}, {"resources", Json::array()}};
    for (const auto& [name, versions] : resources)
      entry["resources"].push_back(ResourceToJson(state, versions));
    json.push_back(std::move(entry));
  }
  return json;
}

Json ConditionsJson(const std::vector<Condition>& conditions) {
  Json json = Json::array();
  for (const Condition& condition : conditions) json.push_back(ConditionToJson(condition));
  return json;
}

Json StatusToJson(const ClusterState& state) {
  Json json = {{"apiserver", state.api_server},
               {"version", GitVersion(state)},
               {"conditions", ConditionsJson(state.conditions)}};
  json["syncResources"] = SyncResourcesToJson(state);
  return json;
}

std::string Dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

// Members whatever is there: a null where they are missing or `json` is no object.
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

bool Flag(const Json& json, const char* key) { return Member(json, key) == true; }

int64_t Time(const Json& json, const char* key) {
  return ParseRfc3339(Text(json, key)).value_or(0);
}

Json ReadStatus(std::string_view object) {
  if (!IsValidJson(object)) return Json();
  return Member(Json::parse(object, nullptr, /*allow_exceptions=*/false), "status");
}

bool SaysNothing(const Json& json) {
  return json.is_null() || json == "" || (json.is_array() && json.empty());
}

// The order of members does not count: the server may have its own.
bool Says(const Json& old, const Json& wanted) {
  if (SaysNothing(old) && SaysNothing(wanted)) return true;
  return nlohmann::json::parse(Dump(old)) == nlohmann::json::parse(Dump(wanted));
}

std::vector<Condition> ConditionsOf(const Json& status) {
  std::vector<Condition> conditions;
  for (const Json& condition : Elements(status, "conditions")) {
    if (Text(condition, "type").empty()) continue;
    conditions.push_back({Text(condition, "type"), Text(condition, "status"),
                          Text(condition, "reason"), Text(condition, "message"),
                          Time(condition, "lastTransitionTime")});
  }
  return conditions;
}

// The group and resource of "deployments.apps".
void SplitGroupResource(const std::string& text, GroupVersionResource* gvr) {
  const size_t dot = text.find('.');
  gvr->resource = text.substr(0, dot);
  gvr->group = dot == std::string::npos ? "" : text.substr(dot + 1);
}

ResourceSync ReadSyncCondition(const GroupVersionResource& source, const Json& json) {
  ResourceSync sync;
  sync.gvr = source;
  if (std::string version = Text(json, "storageVersion"); !version.empty())
    sync.gvr.version = std::move(version);
  if (const std::string resource = Text(json, "storageResource"); !resource.empty())
    SplitGroupResource(resource, &sync.gvr);
  if (sync.gvr != source) sync.source = source;
  sync.status = Text(json, "status");
  sync.reason = Text(json, "reason");
  sync.message = Text(json, "message");
  sync.initial_list_done = !Flag(json, "initialListPhase");
  sync.last_transition = Time(json, "lastTransitionTime");
  return sync;
}

void ReadSyncResource(const std::string& group, const Json& json, ClusterState* state) {
  const std::string kind = Text(json, "kind");
  std::string singular = kind;
  for (char& c : singular) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  for (const Json& condition : Elements(json, "syncConditions")) {
    ApiResource resource{{group, Text(condition, "version"), Text(json, "name")},
                         kind,
                         singular,
                         Flag(json, "namespaced"),
                         {},
                         {},
                         {"get", "list"}};
    if (!IsUsable(resource)) continue;
    state->resources.push_back(ReadSyncCondition(resource.gvr, condition));
    state->synced.resources.push_back(std::move(resource));
  }
}

void SortAsCatalog(ClusterCatalog* catalog) {
  std::stable_sort(catalog->resources.begin(), catalog->resources.end(),
                   [](const ApiResource& a, const ApiResource& b) {
                     if (a.gvr.group != b.gvr.group) return a.gvr.group < b.gvr.group;
                     if (a.gvr.version != b.gvr.version)
                       return IsPreferredVersion(a.gvr.version, b.gvr.version);
                     return a.gvr.resource < b.gvr.resource;
                   });
}

}  // namespace

std::string GitVersion(const ClusterState& state) {
  return Text(Json::parse(state.version_json, nullptr, false), "gitVersion");
}

std::string PediaClusterStatusToJson(const ClusterState& state) {
  return Dump(StatusToJson(state));
}

std::string ConditionsToJson(const std::vector<Condition>& conditions) {
  return Dump(ConditionsJson(conditions));
}

std::vector<Condition> ReadConditions(std::string_view object) {
  return ConditionsOf(ReadStatus(object));
}

std::string MakeStatusPatch(const ClusterState& state, std::string_view object,
                            std::string_view shard) {
  const Json old = ReadStatus(object);
  Json wanted = StatusToJson(state);
  if (state.resources.empty() && !state.synced.resources.empty()) wanted.erase("syncResources");
  Json patch = Json::object();
  for (const auto& [key, value] : wanted.items()) {
    if (!Says(Member(old, key.c_str()), value)) patch[key] = value;
  }
  // An empty name is one, too: that of the shard without one.
  if (Member(old, "shardingName") != Json(shard)) patch["shardingName"] = shard;
  return patch.empty() ? "" : Dump({{"status", std::move(patch)}});
}

Result<ClusterState> ParsePediaClusterStatus(std::string_view object) {
  const auto identity = kube::ReadIdentity(object);
  if (!identity.ok()) return identity.status();
  ClusterState state;
  state.name = identity->name;
  const Json status = ReadStatus(object);
  state.api_server = Text(status, "apiserver");
  if (const std::string version = Text(status, "version"); !version.empty())
    state.version_json = Dump({{"gitVersion", version}});
  state.conditions = ConditionsOf(status);
  for (const Json& group : Elements(status, "syncResources")) {
    for (const Json& resource : Elements(group, "resources"))
      ReadSyncResource(Text(group, "group"), resource, &state);
  }
  SortAsCatalog(&state.synced);
  return state;
}

bool IsBeingDeleted(std::string_view object) {
  JsonReader reader(object);
  if (!reader.BeginObject()) return false;
  for (std::string_view key; reader.NextMember(&key);) {
    if (key != "metadata" || !reader.BeginObject()) {
      if (key != "metadata") reader.Skip();
      continue;
    }
    while (reader.NextMember(&key)) {
      if (key == "deletionTimestamp") return reader.Peek() == JsonType::kString;
      reader.Skip();
    }
  }
  return false;
}

}  // namespace pedia::discovery
