// What a PediaCluster says of its own life: which shard syncs it, who keeps it from going. And the
// merge patches that change that.
// Source: metav1.ObjectMeta; cluster.clusterpedia.io/v1alpha2 spec.shardingName, status.shardingName.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "discovery/registry.h"

namespace pedia::discovery {

inline constexpr std::string_view kSynchroFinalizer = "clusterpedia.io/cluster-synchro-controller";

struct PediaClusterMarks {
  std::string resource_version;
  bool being_deleted = false;
  std::vector<std::string> finalizers;
  std::string wanted_shard;           // spec.shardingName
  std::optional<std::string> shard;   // status.shardingName: who syncs it; nothing: nobody does.
  std::vector<Condition> conditions;  // Of its status.

  bool HasFinalizer() const;
  const Condition* FindCondition(std::string_view type) const;
  bool operator==(const PediaClusterMarks&) const = default;
};

// What cannot be read is as if it were not there. Pure.
PediaClusterMarks ReadMarks(std::string_view object);

// Each is refused by the server (409) if the object has changed since. Pure.
std::string MakeFinalizerPatch(const PediaClusterMarks& marks, bool present);
// Of the status subresource: other conditions; `release`: no shard syncs it any more.
std::string MakeConditionsPatch(const PediaClusterMarks& marks,
                                const std::vector<Condition>& conditions, bool release);

}  // namespace pedia::discovery
