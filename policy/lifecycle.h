// What a PediaClusterLifecycle has to do: its templates filled in with its source and references, and
// what follows from them for its PediaCluster and its own status.
// Source: policy.clusterpedia.io/v1alpha1 PediaClusterLifecycle.
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "policy/import_policy.h"
#include "policy/pedia_cluster_draft.h"
#include "policy/policy_objects.h"

namespace pedia::policy {

// What is known of a lifecycle's surroundings.
struct LifecycleView {
  // Why its controlling policy does not count; "" if it does.
  std::string orphan;
  // Why its source and references cannot be looked up yet; nothing if they can.
  std::optional<std::string> not_synced;
  // The JSON of an object; null if there is none. Called only when synced.
  std::function<std::shared_ptr<const std::string>(const ObjectReference&)> find;
  const ExistingCluster* cluster = nullptr;  // The PediaCluster of its name, if there is one.
};

struct LifecycleDecision {
  std::vector<Condition> conditions;  // The whole status as it is to be, if nothing is written
  std::vector<ObjectReference> references;  // or the write succeeds.
  enum class Write { kNothing, kCreate, kPatch };
  Write write = Write::kNothing;
  std::string body;  // Of the PediaCluster's POST or merge patch.
};

// For a lifecycle that is not being deleted. Pure.
LifecycleDecision Decide(const Lifecycle& lifecycle, const LifecycleView& view, int64_t now);

// The conditions when the write of a decision was refused with `status`.
std::vector<Condition> AfterFailedWrite(const LifecycleDecision& decision,
                                        const Lifecycle& lifecycle, const Status& status,
                                        int64_t now);

}  // namespace pedia::policy
