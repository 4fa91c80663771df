// PediaCluster: the manifest that describes one member cluster and what to sync of it.
// Source: cluster.clusterpedia.io/v1alpha2 PediaCluster, its spec.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "meta/result.h"
#include "synchro/synchro_manager.h"

namespace pedia::synchro {

struct ParsedPediaCluster {
  ClusterSpec spec;  // Its config is a failure when the manifest's connection data cannot be used.
  std::vector<std::string> warnings;  // Fields that are ignored.
};

// Reads one PediaCluster from JSON. Errors: BadRequest for another kind or apiVersion, a missing or
// unusable name, or fields of the wrong type, naming the field; not for those of the connection.
// Pure.
Result<ParsedPediaCluster> ParsePediaCluster(std::string_view json);

// Whether `name` can be a cluster's name: a DNS-1123 subdomain. It becomes a path segment and part
// of the sort key.
bool IsClusterName(std::string_view name);

}  // namespace pedia::synchro
