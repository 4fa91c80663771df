// PediaCluster.status, the state of a member cluster as Clusterpedia's custom resource tells it:
// from a ClusterState to JSON, and back.
// Source: cluster.clusterpedia.io/v1alpha2 ClusterStatus.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "discovery/registry.h"
#include "meta/result.h"

namespace pedia::discovery {

inline constexpr std::string_view kPediaClustersPath =
    "/apis/cluster.clusterpedia.io/v1alpha2/pediaclusters";

// The member's gitVersion, "v1.32.0"; "" if it is not known. Pure.
std::string GitVersion(const ClusterState& state);

// {"apiserver":"https://...","version":"v1.32.0","conditions":[...],"syncResources":[...]}; never
// holds credentials. Pure.
std::string PediaClusterStatusToJson(const ClusterState& state);

// The merge patch after which the status of `object`, a PediaCluster, says what `state` does, and
// that `shard` syncs it; "" if it does already. What is synced is left as it is while `state` does
// not know that yet, as after a restart. Pure.
std::string MakeStatusPatch(const ClusterState& state, std::string_view object,
                            std::string_view shard);

// The member conditions of a status: as JSON, and of `object`; what is not understood is left out.
// Pure.
std::string ConditionsToJson(const std::vector<Condition>& conditions);
std::vector<Condition> ReadConditions(std::string_view object);

// What the status of `object` says. `synced` has what can be known from it: kinds, scopes and
// versions, no short names. What is not understood is left out. Errors: BadRequest for what is no
// object with a name. Pure.
Result<ClusterState> ParsePediaClusterStatus(std::string_view object);

// Whether it has a deletionTimestamp. Pure.
bool IsBeingDeleted(std::string_view object);

}  // namespace pedia::discovery
