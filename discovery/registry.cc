#include "discovery/registry.h"

#include <algorithm>
#include <utility>

#include "meta/json_reader.h"

namespace pedia::discovery {

const Condition* ClusterState::FindCondition(std::string_view type) const {
  const auto found =
      std::find_if(conditions.begin(), conditions.end(),
                   [&](const Condition& condition) { return condition.type == type; });
  return found == conditions.end() ? nullptr : &*found;
}

const ClusterState* Snapshot::Find(std::string_view cluster) const {
  const auto found = clusters.find(cluster);
  return found == clusters.end() ? nullptr : found->second.get();
}

Registry::Registry() : snapshot_(std::make_shared<const Snapshot>()) {}

std::shared_ptr<const Snapshot> Registry::Get() const {
  return snapshot_.With([](const auto& snapshot) { return snapshot; });
}

void Registry::Update(ClusterState state) {
  snapshot_.With([&](std::shared_ptr<const Snapshot>& snapshot) {
    if (const ClusterState* old = snapshot->Find(state.name); old != nullptr && *old == state)
      return;
    auto next = std::make_shared<Snapshot>(*snapshot);
    ++next->generation;
    std::string name = state.name;
    next->clusters.insert_or_assign(std::move(name),
                                    std::make_shared<const ClusterState>(std::move(state)));
    snapshot = std::move(next);
  });
}

void Registry::Remove(std::string_view cluster) {
  snapshot_.With([&](std::shared_ptr<const Snapshot>& snapshot) {
    if (snapshot->Find(cluster) == nullptr) return;
    auto next = std::make_shared<Snapshot>(*snapshot);
    ++next->generation;
    next->clusters.erase(next->clusters.find(cluster));
    snapshot = std::move(next);
  });
}

std::string ClusterStateToJson(const ClusterState& state) {
  std::string out = "{\"name\":";
  AppendJsonString(state.name, &out);
  out.append(",\"apiServer\":");
  AppendJsonString(state.api_server, &out);
  out.append(",\"version\":");
  AppendJsonString(state.version_json, &out);
  out.append(",\"synced\":").append(CatalogToJson(state.synced)).append("}");
  return out;
}

Result<ClusterState> ClusterStateFromJson(std::string_view json) {
  ClusterState state;
  JsonReader reader(json);
  if (!reader.BeginObject()) return BadRequest("a cluster record must be an object");
  for (std::string_view key; reader.NextMember(&key);) {
    if (key == "name") {
      state.name = reader.ReadString();
    } else if (key == "apiServer") {
      state.api_server = reader.ReadString();
    } else if (key == "version") {
      state.version_json = reader.ReadString();
    } else if (key == "synced") {
      auto catalog = CatalogFromJson(reader.Skip());
      if (!catalog.ok()) return catalog.status();
      state.synced = std::move(*catalog);
    } else {
      reader.Skip();
    }
  }
  if (!reader.ok() || state.name.empty()) return BadRequest("malformed cluster record");
  return state;
}

}  // namespace pedia::discovery
