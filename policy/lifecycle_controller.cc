#include "policy/lifecycle_controller.h"

#include <optional>
#include <utility>

#include "discovery/pedia_cluster_status.h"
#include "meta/log.h"

namespace pedia::policy {
namespace {

std::string PathOf(const Lifecycle& lifecycle) {
  return std::string(kLifecyclesPath) + "/" + lifecycle.meta.name;
}

// Why no policy that stands controls the lifecycle; "" if one does.
std::string WhyOrphan(const Lifecycle& lifecycle,
                      const std::map<std::string, std::string>& policies) {
  const OwnerReference* const owner = lifecycle.meta.Controller();
  if (owner == nullptr) return "no ClusterImportPolicy controls it";
  if (owner->kind != "ClusterImportPolicy" ||
      !owner->api_version.starts_with("policy.clusterpedia.io/"))
    return "it is controlled by the " + owner->kind + " \"" + owner->name + "\"";
  const auto found = policies.find(owner->uid);
  if (found == policies.end() || found->second != owner->name)
    return "the ClusterImportPolicy \"" + owner->name + "\" is gone";
  return "";
}

}  // namespace

PassResult LifecycleController::Reconcile(const LifecycleMap& lifecycles,
                                          const std::map<std::string, std::string>& policies,
                                          int64_t now) {
  result_ = PassResult();
  for (const auto& [name, lifecycle] : lifecycles) ReconcileLifecycle(lifecycle, policies, now);
  return result_;
}

void LifecycleController::ReconcileLifecycle(const Lifecycle& lifecycle,
                                             const std::map<std::string, std::string>& policies,
                                             int64_t now) {
  const std::string& name = lifecycle.meta.name;
  const ObjectCache::Text text = clusters_.Find("", name);
  const std::string version = text == nullptr ? "" : *text;
  if (pending_.IsPending("lifecycle/" + name, lifecycle.meta.resource_version) ||
      pending_.IsPending("cluster/" + name, version)) {
    result_.waiting = true;
    return;
  }
  if (!CheckFinalizer(lifecycle)) return;
  LifecycleView view;
  view.orphan = WhyOrphan(lifecycle, policies);
  if (view.orphan.empty() && !CheckFollowed(lifecycle, &view)) {
    result_.waiting = true;
    return;
  }
  if (view.not_synced) result_.failed = true;  // A watch that is open again tells nobody.
  std::optional<ExistingCluster> cluster;
  if (text != nullptr) {
    if (auto parsed = ParseExistingCluster(*text); parsed.ok()) cluster = *std::move(parsed);
  }
  view.cluster = cluster ? &*cluster : nullptr;
  view.find = [this](const ObjectReference& object) -> ObjectCache::Text {
    const ObjectCache* const cache = followed_.Find(object.gvr);
    return cache == nullptr ? nullptr : cache->Find(object.name_space, object.name);
  };
  LifecycleDecision decision = Decide(lifecycle, view, now);
  if (!WriteCluster(lifecycle, version, now, &decision)) return;
  if (decision.conditions == lifecycle.conditions && decision.references == lifecycle.resolved)
    return;
  Wrote(api_.Patch(PathOf(lifecycle) + "/status",
                   LifecycleStatusPatch(decision.conditions, decision.references)),
        "lifecycle/" + name, lifecycle.meta.resource_version);
}

bool LifecycleController::CheckFinalizer(const Lifecycle& lifecycle) {
  const ObjectMeta& meta = lifecycle.meta;
  if (meta.HasFinalizer(kLifecycleFinalizer) != meta.deleting) return !meta.deleting;
  std::vector<std::string> finalizers = meta.finalizers;
  if (meta.deleting) {
    // The PediaCluster that it made goes by garbage collection.
    std::erase(finalizers, kLifecycleFinalizer);
  } else {
    finalizers.emplace_back(kLifecycleFinalizer);
  }
  Wrote(api_.Patch(PathOf(lifecycle), FinalizersPatch(meta, finalizers)), "lifecycle/" + meta.name,
        meta.resource_version);
  return false;
}

bool LifecycleController::CheckFollowed(const Lifecycle& lifecycle, LifecycleView* view) const {
  using Kind = FollowedResources::Progress::Kind;
  std::vector<GroupVersionResource> all = {lifecycle.spec.source.gvr};
  for (const ReferenceTemplate& reference : lifecycle.spec.references) all.push_back(reference.gvr);
  for (const GroupVersionResource& gvr : all) {
    const FollowedResources::Progress progress = followed_.ProgressOf(gvr);
    if (progress.kind == Kind::kSynced) continue;
    if (progress.kind == Kind::kStarting) return false;
    view->not_synced = progress.message;
  }
  return true;
}

bool LifecycleController::WriteCluster(const Lifecycle& lifecycle, const std::string& version,
                                       int64_t now, LifecycleDecision* decision) {
  using Write = LifecycleDecision::Write;
  if (decision->write == Write::kNothing) return true;
  const std::string& name = lifecycle.meta.name;
  const bool creation = decision->write == Write::kCreate;
  const std::string path(discovery::kPediaClustersPath);
  const Status status = creation ? api_.Create(path, std::move(decision->body))
                                 : api_.Patch(path + "/" + name, std::move(decision->body));
  if (status.ok()) {
    LogInfo("PediaCluster " + name + (creation ? " created" : " updated"));
    pending_.Add("cluster/" + name, version);
    return true;
  }
  if (status.reason() == StatusReason::kConflict ||
      status.reason() == StatusReason::kAlreadyExists ||
      (!creation && status.reason() == StatusReason::kNotFound)) {
    result_.waiting = true;
    return false;
  }
  result_.failed = true;
  decision->conditions = AfterFailedWrite(*decision, lifecycle, status, now);
  return true;
}

void LifecycleController::Wrote(const Status& status, const std::string& object,
                                const std::string& version) {
  switch (status.reason()) {
    case StatusReason::kSuccess:
      return pending_.Add(object, version);
    case StatusReason::kConflict:
    case StatusReason::kNotFound:  // It is gone, which the informer is about to say.
      result_.waiting = true;
      return;
    default:
      LogWarning("PediaClusterLifecycles: cannot write " + object + ": " + status.message());
      result_.failed = true;
  }
}

}  // namespace pedia::policy
