#include "policy/import_policy_controller.h"

#include <algorithm>
#include <set>

#include "meta/log.h"

namespace pedia::policy {
namespace {

constexpr const char* kValidated = "Validated";
constexpr const char* kReconciling = "Reconciling";
constexpr size_t kMaxProblems = 5;

Condition MakeCondition(const char* type, bool good, std::string reason, std::string message) {
  return {type, good ? "True" : "False", std::move(reason), std::move(message), 0};
}

// "a; b; and 3 more".
std::string Summary(const std::vector<std::string>& problems) {
  std::string text;
  for (size_t i = 0; i < std::min(problems.size(), kMaxProblems); ++i)
    text += (i == 0 ? "" : "; ") + problems[i];
  if (problems.size() > kMaxProblems)
    text += "; and " + std::to_string(problems.size() - kMaxProblems) + " more";
  return text;
}

std::string PathOf(std::string_view collection, const std::string& name) {
  return std::string(collection) + "/" + name;
}

}  // namespace

PassResult ImportPolicyController::Reconcile(const LifecycleMap& lifecycles, int64_t now) {
  result_ = PassResult();
  Read();
  for (auto& [name, state] : states_) Negotiate(&state);
  Follow();
  for (auto& [name, state] : states_) ReconcilePolicy(&state, lifecycles, now);
  return result_;
}

std::map<std::string, std::string> ImportPolicyController::policies() const {
  std::map<std::string, std::string> standing;
  for (const auto& [name, state] : states_) {
    if (!state.policy.meta.deleting) standing.emplace(state.policy.meta.uid, name);
  }
  return standing;
}

void ImportPolicyController::Read() {
  const auto texts = policies_.All();
  std::erase_if(states_, [&](const auto& entry) {
    return !texts.contains({std::string(), entry.first});
  });
  for (const auto& [key, text] : texts) {
    PolicyState& state = states_[key.second];
    if (state.seen == text) continue;
    auto policy = ParseImportPolicy(*text);
    if (!policy.ok()) {
      states_.erase(key.second);
      continue;
    }
    const bool same = state.seen != nullptr && state.policy.spec == policy->spec;
    state.seen = text;
    state.policy = *std::move(policy);
    if (same) continue;
    state.rule = ImportRule::Make(state.policy, &state.cause);
    state.source.reset();
    state.selections.clear();
  }
}

void ImportPolicyController::Negotiate(PolicyState* state) {
  if (!state->rule || state->policy.meta.deleting) return;
  if (state->source) {
    // What is not served any more may be served in another version.
    const ObjectCache* const cache = followed_.Find(*state->source);
    if (cache == nullptr || cache->failure().reason() != StatusReason::kNotFound) return;
    state->source.reset();
  }
  const ImportPolicySpec& spec = state->policy.spec;
  const auto source = api_.Negotiate(spec.source, spec.source_versions);
  if (!source.ok()) {
    state->cause = {"FailedNegotiateSourceResource", source.status().message()};
    result_.failed = true;
    return;
  }
  std::vector<ReferenceTemplate> references = spec.references;
  for (ReferenceTemplate& reference : references) {
    const auto gvr = api_.Negotiate(reference.gvr, reference.versions);
    if (!gvr.ok()) {
      state->cause = {"FailedNegotiateReferenceResource",
                      "reference \"" + reference.key + "\": " + gvr.status().message()};
      result_.failed = true;
      return;
    }
    reference.gvr = *gvr;
    reference.versions.clear();
  }
  state->source = *source;
  state->references = std::move(references);
  state->selections.clear();
}

void ImportPolicyController::Follow() {
  std::set<GroupVersionResource> wanted;
  for (const auto& [name, state] : states_) {
    if (!state.source || state.policy.meta.deleting) continue;
    wanted.insert(*state.source);
    for (const ReferenceTemplate& reference : state.references) wanted.insert(reference.gvr);
  }
  followed_.Keep(wanted);
}

const ImportPolicyController::PolicyState* ImportPolicyController::OwnerOfSource(
    const GroupVersionResource& gvr) const {
  const PolicyState* owner = nullptr;
  for (const auto& [name, state] : states_) {
    if (!state.source || *state.source != gvr || state.policy.meta.deleting) continue;
    if (owner == nullptr || state.policy.meta.created < owner->policy.meta.created) owner = &state;
  }
  return owner;
}

void ImportPolicyController::ReconcilePolicy(PolicyState* state, const LifecycleMap& lifecycles,
                                             int64_t now) {
  const ImportPolicy& policy = state->policy;
  if (pending_.IsPending(policy.meta.name, policy.meta.resource_version)) {
    result_.waiting = true;
    return;
  }
  if (!CheckFinalizer(policy)) return;
  std::vector<Condition> conditions = policy.conditions;
  if (!state->source) {
    RemoveCondition(kReconciling, &conditions);
    SetCondition(MakeCondition(kValidated, false, state->cause.reason, state->cause.message), now,
                 &conditions);
  } else {
    SetCondition(MakeCondition(kValidated, true, "Success", ""), now, &conditions);
    if (auto reconciling = ReconcileSources(state, lifecycles)) {
      SetCondition(*std::move(reconciling), now, &conditions);
    } else {
      result_.waiting = true;
    }
  }
  if (conditions == policy.conditions) return;
  Wrote(
      api_.Patch(PathOf(kPoliciesPath, policy.meta.name) + "/status", ConditionsPatch(conditions)),
      policy.meta.name, policy.meta.resource_version);
}

bool ImportPolicyController::CheckFinalizer(const ImportPolicy& policy) {
  const ObjectMeta& meta = policy.meta;
  if (meta.HasFinalizer(kPolicyFinalizer) != meta.deleting) return !meta.deleting;
  std::vector<std::string> finalizers = meta.finalizers;
  if (meta.deleting) {
    // Its lifecycles go by garbage collection.
    std::erase(finalizers, kPolicyFinalizer);
  } else {
    finalizers.emplace_back(kPolicyFinalizer);
  }
  Wrote(api_.Patch(PathOf(kPoliciesPath, meta.name), FinalizersPatch(meta, finalizers)), meta.name,
        meta.resource_version);
  return false;
}

std::optional<Condition> ImportPolicyController::ReconcileSources(PolicyState* state,
                                                                  const LifecycleMap& lifecycles) {
  const PolicyState* const owner = OwnerOfSource(*state->source);
  if (owner != state)
    return MakeCondition(kReconciling, false, "FailedCheckResourceSync",
                         state->source->ToString() +
                             " is the source of the ClusterImportPolicy \"" +
                             owner->policy.meta.name + "\" already");
  bool starting = false;
  if (auto cause = CheckFollowed(*state, &starting)) {
    result_.failed = true;  // A watch that is open again tells nobody.
    return MakeCondition(kReconciling, false, std::move(cause->reason), std::move(cause->message));
  }
  if (starting) return std::nullopt;
  const LifecyclePlan plan =
      PlanLifecycles(state->policy, state->references, Select(state), lifecycles);
  std::vector<std::string> problems = plan.problems;
  Apply(state->policy, plan, &problems);
  if (problems.empty())
    return MakeCondition(kReconciling, true, "ReconcileSourceResourceAndLifecycle", "");
  return MakeCondition(kReconciling, false, "FailedReconcile", Summary(problems));
}

std::optional<Cause> ImportPolicyController::CheckFollowed(const PolicyState& state,
                                                           bool* starting) const {
  using Kind = FollowedResources::Progress::Kind;
  std::vector<GroupVersionResource> all = {*state.source};
  for (const ReferenceTemplate& reference : state.references) all.push_back(reference.gvr);
  for (const GroupVersionResource& gvr : all) {
    const FollowedResources::Progress progress = followed_.ProgressOf(gvr);
    if (progress.kind == Kind::kSynced) continue;
    const ObjectCache* const cache = followed_.Find(gvr);
    const bool was_listed = gvr == *state.source && cache != nullptr && cache->synced();
    if (progress.kind == Kind::kFailing)
      return Cause{was_listed ? "FailedListSourceResources" : "FailedCheckResourceSync",
                   progress.message};
    if (progress.kind == Kind::kWaiting) return Cause{"WaitResourceSynced", progress.message};
    *starting = true;
  }
  if (const Status failure = lifecycles_.failure(); !failure.ok())
    return Cause{"FailedListLifecycles", failure.message()};
  if (!lifecycles_.synced()) *starting = true;
  return std::nullopt;
}

std::vector<SelectedSource> ImportPolicyController::Select(PolicyState* state) const {
  const auto objects = followed_.Find(*state->source)->All();
  std::erase_if(state->selections,
                [&](const auto& entry) { return !objects.contains(entry.first); });
  std::vector<SelectedSource> sources;
  for (const auto& [key, text] : objects) {
    auto known = state->selections.find(key);
    if (known == state->selections.end() || known->second.first != text)
      known = state->selections.insert_or_assign(key, std::pair(text, state->rule->Select(*text)))
                  .first;
    sources.push_back({{*state->source, key.first, key.second}, known->second.second});
  }
  return sources;
}

void ImportPolicyController::Apply(const ImportPolicy& policy, const LifecyclePlan& plan,
                                   std::vector<std::string>* problems) {
  const auto pending = [this](const std::string& name, const std::string& version) {
    const bool is = pending_.IsPending("lifecycle/" + name, version);
    result_.waiting = result_.waiting || is;
    return is;
  };
  const auto note = [&](const std::string& name, const std::string& version, const Status& status) {
    if (!Wrote(status, "lifecycle/" + name, version))
      problems->push_back("PediaClusterLifecycle " + name + ": " + status.message());
  };
  for (const auto& [name, spec] : plan.create) {
    if (pending(name, "")) continue;
    note(name, "", api_.Create(kLifecyclesPath, LifecycleToCreate(policy, name, spec)));
  }
  for (const auto& [lifecycle, spec] : plan.update) {
    const ObjectMeta& meta = lifecycle->meta;
    if (pending(meta.name, meta.resource_version)) continue;
    note(meta.name, meta.resource_version,
         api_.Patch(PathOf(kLifecyclesPath, meta.name), LifecyclePatch(policy, *lifecycle, spec)));
  }
  for (const Lifecycle* lifecycle : plan.remove) {
    const ObjectMeta& meta = lifecycle->meta;
    if (pending(meta.name, meta.resource_version)) continue;
    note(meta.name, meta.resource_version,
         api_.Delete(PathOf(kLifecyclesPath, meta.name), meta.uid));
  }
}

bool ImportPolicyController::Wrote(const Status& status, const std::string& object,
                                   const std::string& version) {
  switch (status.reason()) {
    case StatusReason::kSuccess:
      pending_.Add(object, version);
      return true;
    case StatusReason::kConflict:
    case StatusReason::kAlreadyExists:
    case StatusReason::kNotFound:  // It is gone, which the informer is about to say.
      result_.waiting = true;
      return true;
    default:
      LogWarning("ClusterImportPolicies: cannot write " + object + ": " + status.message());
      result_.failed = true;
      return false;
  }
}

}  // namespace pedia::policy
