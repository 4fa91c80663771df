#include "discovery/pedia_cluster_marks.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "discovery/pedia_cluster_status.h"
#include "meta/json_reader.h"

namespace pedia::discovery {
namespace {

using Json = nlohmann::ordered_json;

// Members whatever is there: a null where they are missing or `json` is no object.
const Json& Member(const Json& json, const char* key) {
  static const Json kNone;
  if (!json.is_object()) return kNone;
  const auto found = json.find(key);
  return found == json.end() ? kNone : *found;
}

std::string Text(const Json& json) { return json.is_string() ? json.get<std::string>() : ""; }

std::string Dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Json PatchOf(const PediaClusterMarks& marks) {
  Json patch = Json::object();
  if (!marks.resource_version.empty())
    patch["metadata"]["resourceVersion"] = marks.resource_version;
  return patch;
}

}  // namespace

bool PediaClusterMarks::HasFinalizer() const {
  return std::find(finalizers.begin(), finalizers.end(), kSynchroFinalizer) != finalizers.end();
}

const Condition* PediaClusterMarks::FindCondition(std::string_view type) const {
  const auto found = std::find_if(conditions.begin(), conditions.end(),
                                  [&](const Condition& each) { return each.type == type; });
  return found == conditions.end() ? nullptr : &*found;
}

PediaClusterMarks ReadMarks(std::string_view object) {
  PediaClusterMarks marks;
  if (!IsValidJson(object)) return marks;
  const Json json = Json::parse(object, nullptr, /*allow_exceptions=*/false);
  const Json& metadata = Member(json, "metadata");
  marks.resource_version = Text(Member(metadata, "resourceVersion"));
  marks.being_deleted = Member(metadata, "deletionTimestamp").is_string();
  const Json& finalizers = Member(metadata, "finalizers");
  for (size_t i = 0; finalizers.is_array() && i < finalizers.size(); ++i)
    marks.finalizers.push_back(Text(finalizers[i]));
  marks.wanted_shard = Text(Member(Member(json, "spec"), "shardingName"));
  if (const Json& shard = Member(Member(json, "status"), "shardingName"); shard.is_string())
    marks.shard = shard.get<std::string>();
  marks.conditions = ReadConditions(object);
  return marks;
}

std::string MakeFinalizerPatch(const PediaClusterMarks& marks, bool present) {
  std::vector<std::string> finalizers = marks.finalizers;
  std::erase(finalizers, kSynchroFinalizer);
  if (present) finalizers.emplace_back(kSynchroFinalizer);
  Json patch = PatchOf(marks);
  patch["metadata"]["finalizers"] = finalizers;
  return Dump(patch);
}

std::string MakeConditionsPatch(const PediaClusterMarks& marks,
                                const std::vector<Condition>& conditions, bool release) {
  Json patch = PatchOf(marks);
  Json& status = patch["status"];
  if (release) status["shardingName"] = nullptr;
  status["conditions"] = Json::parse(ConditionsToJson(conditions));
  return Dump(patch);
}

}  // namespace pedia::discovery
