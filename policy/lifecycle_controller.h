// LifecycleController: makes the PediaClusters of PediaClusterLifecycles, keeps their credentials up
// to date, and tells in the lifecycles' status how that goes.
// Source: policy.clusterpedia.io/v1alpha1; the conditions Created and Updating of Clusterpedia's
// controller-manager.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "policy/followed_resources.h"
#include "policy/host_api.h"
#include "policy/lifecycle.h"
#include "policy/object_cache.h"
#include "policy/pending_writes.h"

namespace pedia::policy {

// One thread, not the loop's. All arguments must outlive it.
class LifecycleController {
 public:
  // `clusters`: the PediaClusters, as ReducePediaCluster has them.
  LifecycleController(HostApi& api, const ObjectCache& clusters, const FollowedResources& followed)
      : api_(api), clusters_(clusters), followed_(followed) {}

  // One pass over all lifecycles. `policies`: {uid, name} of those that stand. Requires: policies,
  // lifecycles and PediaClusters have been listed.
  PassResult Reconcile(const LifecycleMap& lifecycles,
                       const std::map<std::string, std::string>& policies, int64_t now);

 private:
  void ReconcileLifecycle(const Lifecycle& lifecycle,
                          const std::map<std::string, std::string>& policies, int64_t now);
  bool CheckFinalizer(const Lifecycle& lifecycle);
  // False while it is too early to decide.
  bool CheckFollowed(const Lifecycle& lifecycle, LifecycleView* view) const;
  // Writes the PediaCluster; false: it came too late, so that all is to be looked at again.
  bool WriteCluster(const Lifecycle& lifecycle, const std::string& version, int64_t now,
                    LifecycleDecision* decision);
  void Wrote(const Status& status, const std::string& object, const std::string& version);

  HostApi& api_;
  const ObjectCache& clusters_;
  const FollowedResources& followed_;
  PendingWrites pending_;
  PassResult result_;
};

}  // namespace pedia::policy
