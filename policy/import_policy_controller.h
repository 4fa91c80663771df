// ImportPolicyController: keeps one PediaClusterLifecycle for each object that a ClusterImportPolicy
// selects, and tells in the policy's status how that goes.
// Source: policy.clusterpedia.io/v1alpha1; the conditions Validated and Reconciling of Clusterpedia's
// controller-manager.
#pragma once
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "policy/followed_resources.h"
#include "policy/host_api.h"
#include "policy/import_policy.h"
#include "policy/object_cache.h"
#include "policy/pending_writes.h"

namespace pedia::policy {

// One thread, not the loop's. All arguments must outlive it.
class ImportPolicyController {
 public:
  ImportPolicyController(HostApi& api, const ObjectCache& policies, const ObjectCache& lifecycles,
                         FollowedResources& followed)
      : api_(api), policies_(policies), lifecycles_(lifecycles), followed_(followed) {}

  // One pass over all policies. `lifecycles`: what the cache holds. Decides which resources are
  // followed. Requires: the policies have been listed.
  PassResult Reconcile(const LifecycleMap& lifecycles, int64_t now);

  // The policies as of the last pass that stand and are not being deleted: {uid, name}.
  std::map<std::string, std::string> policies() const;

 private:
  struct PolicyState {
    ObjectCache::Text seen;
    ImportPolicy policy;
    std::optional<ImportRule> rule;
    Cause cause;                                 // Why there is no rule, or no negotiated source.
    std::optional<GroupVersionResource> source;  // Negotiated, as the references then are.
    std::vector<ReferenceTemplate> references;
    // What the rule said of each object, which is not asked again while it is the same.
    std::map<ObjectCache::Key, std::pair<ObjectCache::Text, Result<std::optional<std::string>>>>
        selections;
  };

  void Read();
  void Negotiate(PolicyState* state);
  void Follow();
  // Which policy has its source for itself: the oldest of several.
  const PolicyState* OwnerOfSource(const GroupVersionResource& gvr) const;
  void ReconcilePolicy(PolicyState* state, const LifecycleMap& lifecycles, int64_t now);
  bool CheckFinalizer(const ImportPolicy& policy);
  // The condition Reconciling; nothing while it is too early to say.
  std::optional<Condition> ReconcileSources(PolicyState* state, const LifecycleMap& lifecycles);
  std::optional<Cause> CheckFollowed(const PolicyState& state, bool* starting) const;
  std::vector<SelectedSource> Select(PolicyState* state) const;
  void Apply(const ImportPolicy& policy, const LifecyclePlan& plan,
             std::vector<std::string>* problems);
  // Whether a write went well; one that came too late is only looked at again.
  bool Wrote(const Status& status, const std::string& object, const std::string& version);

  HostApi& api_;
  const ObjectCache& policies_;
  const ObjectCache& lifecycles_;
  FollowedResources& followed_;
  std::map<std::string, PolicyState> states_;  // By name.
  PendingWrites pending_;
  PassResult result_;
};

}  // namespace pedia::policy
