#include "synchro/cluster_inventory.h"

#include <algorithm>
#include <utility>

#include "discovery/pedia_cluster_connection.h"
#include "meta/json_reader.h"
#include "meta/log.h"

namespace pedia::synchro {
namespace {

// The members of an object that ParsePediaCluster and the connection are read from, so that a change
// of the status is none. As it is if it is no object.
std::string WhatCounts(std::string_view object) {
  std::string json = "{";
  JsonReader reader(object);
  if (!reader.BeginObject()) return std::string(object);
  for (std::string_view key; reader.NextMember(&key);) {
    const std::string_view value = reader.Skip();
    if (key == "kind" || key == "apiVersion" || key == "spec")
      json += "\"" + std::string(key) + "\":" + std::string(value) + ",";
  }
  return reader.ok() ? json : std::string(object);
}

std::string WithName(std::string json, std::string_view name) {
  return json + "\"metadata\":{\"name\":\"" + std::string(name) + "\"}}";
}

// Skipped, whatever the rules say.
const std::vector<std::string> kLeases = {"leases.coordination.k8s.io"};

bool NamesAllGroups(const std::vector<SyncRule>& rules) {
  return std::any_of(rules.begin(), rules.end(),
                     [](const SyncRule& rule) { return rule.group == "*"; });
}

std::string ProblemOf(const ClusterSpec& spec) {
  if (!spec.config.ok()) return spec.config.status().message();
  return spec.invalid_sync_resources.value_or(spec.warning);
}

}  // namespace

void ClusterInventory::SetPediaCluster(std::string_view name, std::string_view json) {
  if (!IsClusterName(name))
    return LogWarning("PediaCluster " + std::string(name) + ": its name cannot be a cluster's");
  std::string counts = WithName(WhatCounts(json), name);
  Cluster& cluster = clusters_[std::string(name)];
  if (cluster.json == counts) return;
  cluster.json = std::move(counts);
  stale_.emplace(name);
}

void ClusterInventory::RemovePediaCluster(std::string_view name) {
  const auto found = clusters_.find(name);
  if (found == clusters_.end()) return;
  clusters_.erase(found);
  if (const auto spec = specs_.find(name); spec != specs_.end()) specs_.erase(spec);
  if (const auto stale = stale_.find(name); stale != stale_.end()) stale_.erase(stale);
  changed_ = true;
}

void ClusterInventory::SetSyncResources(std::string_view name, std::string_view json) {
  auto parsed = ParseClusterSyncResources(json);
  auto rules = parsed.ok() ? std::move(parsed->sync_resources)
                           : Result<std::vector<SyncRule>>(parsed.status());
  const auto known = sync_resources_.find(name);
  if (known != sync_resources_.end() && known->second.ok() && rules.ok() &&
      *known->second == *rules)
    return;
  sync_resources_.insert_or_assign(std::string(name), std::move(rules));
  MarkReferring(name);
}

void ClusterInventory::RemoveSyncResources(std::string_view name) {
  const auto known = sync_resources_.find(name);
  if (known == sync_resources_.end()) return;
  sync_resources_.erase(known);
  MarkReferring(name);
}

void ClusterInventory::MarkReferring(std::string_view sync_resources) {
  for (const auto& [name, cluster] : clusters_) {
    if (cluster.sync_resources_ref == sync_resources) stale_.insert(name);
  }
}

void ClusterInventory::SetSecret(std::string_view name, std::string_view json) {
  secrets_.Set(name, json);
  secrets_changed_ = true;
}

void ClusterInventory::RemoveSecret(std::string_view name) {
  secrets_.Remove(name);
  secrets_changed_ = true;
}

bool ClusterInventory::Refresh() {
  if (std::exchange(secrets_changed_, false)) {
    for (const auto& [name, cluster] : clusters_) {
      if (cluster.names_secrets) stale_.insert(name);
    }
  }
  const bool changed = std::exchange(changed_, false) || !stale_.empty();
  for (const std::string& name : std::exchange(stale_, {})) {
    Cluster& cluster = clusters_.at(name);
    ClusterSpec spec = MakeSpec(name, &cluster);
    std::string problem = ProblemOf(spec);
    if (!problem.empty() && problem != cluster.problem)
      LogWarning("PediaCluster " + name + ": " + problem);
    cluster.problem = std::move(problem);
    specs_.insert_or_assign(name, std::move(spec));
  }
  return changed;
}

ClusterSpec ClusterInventory::MakeSpec(const std::string& name, Cluster* cluster) const {
  ClusterSpec spec{.name = name, .config = BadRequest("not understood")};
  auto parsed = ParsePediaCluster(cluster->json);
  if (!parsed.ok()) {
    spec.config = parsed.status();
    return spec;
  }
  cluster->sync_resources_ref = parsed->sync_resources_ref;
  cluster->names_secrets = discovery::NamesSecrets(cluster->json);
  spec.config =
      discovery::ParsePediaClusterConnection(cluster->json, gates_.secrets ? &secrets_ : nullptr);
  if (gates_.ignore_leases) spec.skip = kLeases;
  spec.sync_all_custom_resources = parsed->sync_all_custom_resources && gates_.all_custom_resources;
  if (parsed->sync_all_custom_resources && !gates_.all_custom_resources)
    spec.warning =
        "Warning: syncAllCustomResources needs the feature gate AllowSyncAllCustomResources";
  if (parsed->sync_resources.ok()) {
    spec.sync_resources = *std::move(parsed->sync_resources);
  } else {
    spec.invalid_sync_resources = parsed->sync_resources.status().message();
  }
  AddReferenced(cluster->sync_resources_ref, &spec);
  if (!gates_.all_resources && NamesAllGroups(spec.sync_resources) && !spec.invalid_sync_resources)
    spec.invalid_sync_resources = "group \"*\" needs the feature gate AllowSyncAllResources";
  return spec;
}

void ClusterInventory::AddReferenced(const std::string& ref, ClusterSpec* spec) const {
  if (ref.empty()) return;
  const auto found = sync_resources_.find(ref);
  if (found == sync_resources_.end()) {
    spec->warning = "Warning: sync resource ref is not found";
  } else if (found->second.ok()) {
    spec->sync_resources.insert(spec->sync_resources.end(), found->second->begin(),
                                found->second->end());
  } else if (!spec->invalid_sync_resources) {
    spec->invalid_sync_resources =
        "ClusterSyncResources " + ref + ": " + found->second.status().message();
  }
}

}  // namespace pedia::synchro
