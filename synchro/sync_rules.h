// SyncRule: what is synced of a cluster: one item of spec.syncResources of a PediaCluster or a
// ClusterSyncResources, e.g. {"group":"apps","resources":["deployments"],"namespaces":["shop"]}.
// Source: Clusterpedia, ClusterGroupResources; and the fields that pedia adds to it.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "meta/result.h"
#include "synchro/label_selector.h"

namespace pedia::synchro {

// What of a Secret's data is kept; later ones are more sparing.
enum class SecretData { kFull, kHash, kKeysOnly };

// An object is synced if some rule selects it.
struct SyncRule {
  std::string group{};  // "" = core, "*" = every group.
  std::vector<std::string>
      versions{};  // Empty: the first three served; "*": all; else those that are served.
  std::vector<std::string> resources{};  // Plural or singular, any case; "*" = all of the group.
  // What a "*" leaves out: as `resources`, or with a group: "leases.coordination.k8s.io".
  std::vector<std::string> exclude_resources{};
  std::vector<std::string> namespaces{};          // Empty = all; else nothing without a namespace.
  std::vector<std::string> exclude_namespaces{};  // Nothing of these.
  LabelSelector label_selector{};
  SecretData secret_data = SecretData::kFull;  // Of several rules the most sparing one counts.
  // Of which of the rule's resources the events are synced, as `resources`.
  std::vector<std::string> events_involved_resources{};
  bool operator==(const SyncRule&) const = default;
};

// `list`: the JSON of the list; "" and "null" are no rules. Unknown fields are ignored. Errors:
// BadRequest, naming the field: "spec.syncResources[0].secretData must be ...". Pure.
Result<std::vector<SyncRule>> ParseSyncResources(std::string_view list);

}  // namespace pedia::synchro
