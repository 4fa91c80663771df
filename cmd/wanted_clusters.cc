#include "cmd/wanted_clusters.h"

#include <functional>
#include <utility>

#include "discovery/pedia_cluster_status.h"
#include "meta/json_reader.h"
#include "meta/log.h"
#include "synchro/pedia_cluster.h"

namespace pedia::cmd {

using synchro::ClusterSpec;

namespace {

std::string_view SpecOf(std::string_view object) {
  JsonReader reader(object);
  if (!reader.BeginObject()) return "";
  for (std::string_view key; reader.NextMember(&key);) {
    const std::string_view value = reader.Skip();
    if (key == "spec") return value;
  }
  return "";
}

}  // namespace

void WantedClusters::OnObject(std::string_view, std::string_view name, std::string_view json) {
  failing_ = false;
  if (!synchro::IsClusterName(name)) return WarnOnce(name, "its name cannot be a cluster's");
  if (discovery::IsBeingDeleted(json)) return OnDelete("", name);
  status_writer_.SetObject(name, json);
  const size_t hash = std::hash<std::string_view>()(SpecOf(json));
  const auto [known, added] = spec_hashes_.try_emplace(std::string(name), hash);
  if (!added && std::exchange(known->second, hash) == hash) return;
  Result<synchro::ParsedPediaCluster> parsed = synchro::ParsePediaCluster(json);
  ClusterSpec spec{.name = std::string(name),
                   .config = BadRequest("not understood"),
                   .sync_resources = {},
                   .sync_all_custom_resources = false,
                   .skip = {}};
  if (parsed.ok()) {
    for (const std::string& warning : parsed->warnings) WarnOnce(name, warning);
    spec = std::move(parsed->spec);
  } else {
    WarnOnce(name, parsed.status().message());
    spec.config = parsed.status();
  }
  state_.With([&](State& state) {
    state.specs.insert_or_assign(std::string(name), std::move(spec));
    state.changed = true;
  });
}

void WantedClusters::OnDelete(std::string_view, std::string_view name) {
  failing_ = false;
  status_writer_.RemoveObject(name);
  if (const auto known = spec_hashes_.find(name); known != spec_hashes_.end())
    spec_hashes_.erase(known);
  state_.With([&](State& state) {
    const auto found = state.specs.find(name);
    if (found == state.specs.end()) return;
    state.specs.erase(found);
    state.changed = true;
  });
}

void WantedClusters::OnSynced() {
  failing_ = false;
  state_.With([](State& state) {
    if (!std::exchange(state.synced, true)) state.changed = true;
  });
}

void WantedClusters::OnError(const Status& status) {
  if (!std::exchange(failing_, true))
    LogWarning("cannot follow the PediaClusters: " + status.message());
}

std::optional<std::vector<ClusterSpec>> WantedClusters::TakeChanged() {
  return state_.With([](State& state) -> std::optional<std::vector<ClusterSpec>> {
    if (!state.synced || !std::exchange(state.changed, false)) return std::nullopt;
    std::vector<ClusterSpec> specs;
    for (const auto& [name, spec] : state.specs) specs.push_back(spec);
    return specs;
  });
}

void WantedClusters::WarnOnce(std::string_view name, const std::string& what) {
  const std::string warning = "PediaCluster " + std::string(name) + ": " + what;
  if (warned_.insert(warning).second) LogWarning(warning);
}

}  // namespace pedia::cmd
