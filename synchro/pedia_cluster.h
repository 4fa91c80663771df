// PediaCluster and ClusterSyncResources: the objects that describe member clusters and what to sync
// of them. Source: cluster.clusterpedia.io/v1alpha2.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "meta/result.h"
#include "synchro/synchro_manager.h"

namespace pedia::synchro {

// How the cluster is reached: discovery::ParsePediaClusterConnection.
struct ParsedPediaCluster {
  std::string name;
  Result<std::vector<SyncRule>> sync_resources;  // Errors: BadRequest naming the field.
  bool sync_all_custom_resources = false;
  std::string sync_resources_ref{};  // The name of a ClusterSyncResources; "" = none.
};

// Reads one PediaCluster from JSON. Errors: BadRequest for another kind or apiVersion, a missing or
// unusable name, or fields of the wrong type, naming the field; not for those of the connection or of
// syncResources. Pure.
Result<ParsedPediaCluster> ParsePediaCluster(std::string_view json);

struct ParsedSyncResources {
  std::string name;
  Result<std::vector<SyncRule>> sync_resources;
};
// As ParsePediaCluster.
Result<ParsedSyncResources> ParseClusterSyncResources(std::string_view json);

// The kind of an object, "" if it has none. Errors: BadRequest for what is no JSON object. Pure.
Result<std::string> KindOfManifest(std::string_view json);

// Whether `name` can be a cluster's name: a DNS-1123 subdomain. It becomes a path segment and part
// of the sort key.
bool IsClusterName(std::string_view name);

}  // namespace pedia::synchro
