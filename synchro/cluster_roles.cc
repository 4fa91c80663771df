#include "synchro/cluster_roles.h"

#include <utility>

#include "synchro/cluster_conditions.h"

namespace pedia::synchro {

using discovery::Condition;
using discovery::PediaClusterMarks;

void ClusterRoles::SetObject(std::string_view name, PediaClusterMarks marks) {
  Cluster& cluster = clusters_[std::string(name)];
  // A new object of an old name.
  if (cluster.gone || !marks.being_deleted) cluster.deleted = false;
  cluster.gone = false;
  cluster.marks = std::move(marks);
}

void ClusterRoles::RemoveObject(std::string_view name) {
  const auto found = clusters_.find(name);
  if (found == clusters_.end()) return;
  // Rows are there as long as nobody has said otherwise. Whoever is responsible then deletes them;
  // for all others the cluster stays somebody else's.
  if (found->second.deleted || !acted_) {
    clusters_.erase(found);
  } else {
    found->second.gone = true;
  }
}

void ClusterRoles::OnDeleted(std::string_view name) {
  const auto found = clusters_.find(name);
  if (found == clusters_.end() || found->second.role != Role::kDelete) return;
  if (found->second.gone) {
    clusters_.erase(found);
  } else {
    found->second.deleted = true;
  }
}

void ClusterRoles::OnReleased(std::string_view name) {
  if (const auto found = clusters_.find(name); found != clusters_.end())
    found->second.stopping = false;
}

void ClusterRoles::OnFenced(std::string_view name, Time now) {
  const auto found = clusters_.find(name);
  if (found == clusters_.end()) return;
  found->second.not_before = now + lease_duration_;
  found->second.role = Role::kElsewhere;
  found->second.stopping = false;
}

std::optional<RoleDecision> ClusterRoles::Decide(Time now, int64_t unix_now) {
  acted_ = acted_ || ownership_.acting();
  if (!acted_) return std::nullopt;
  std::set<std::string> candidates;
  for (auto& [name, cluster] : clusters_) {
    if (BelongsHere(cluster, now) || IsLeaving(cluster)) candidates.insert(name);
  }
  const std::set<std::string> owned = ownership_.Owned(candidates);
  const bool acting = ownership_.acting();
  RoleDecision decision;
  for (auto& [name, cluster] : clusters_) {
    const bool responsible = owned.contains(name);
    const Role role = RoleOf(cluster, responsible && !IsLeaving(cluster), now);
    if (role == Role::kRun) cluster.stopping = false;
    if (role == Role::kElsewhere && cluster.role == Role::kRun) cluster.stopping = true;
    cluster.role = role;
    auto& set = role == Role::kRun      ? decision.run
                : role == Role::kDelete ? decision.deleted
                                        : decision.elsewhere;
    set.insert(name);
    if (acting) AddPatch(name, cluster, responsible, unix_now, &decision);
  }
  return decision;
}

// Whether it is one of this shard's clusters, and of no other shard any more.
bool ClusterRoles::BelongsHere(Cluster& cluster, Time now) const {
  if (cluster.gone) return cluster.marks.shard.value_or(cluster.marks.wanted_shard) == shard_;
  if (cluster.marks.wanted_shard != shard_) return false;
  if (!cluster.marks.shard || *cluster.marks.shard == shard_) {
    cluster.waiting_since.reset();
    return true;
  }
  switch (leases_.Of(*cluster.marks.shard, lease_duration_).state) {
    case ShardLife::State::kDead:
      return true;
    case ShardLife::State::kAbsent:
      if (!cluster.waiting_since) cluster.waiting_since = now;
      return now - *cluster.waiting_since >= lease_duration_;
    default:
      cluster.waiting_since.reset();
      return false;
  }
}

// Whether this shard has it still, but is not to have it any more.
bool ClusterRoles::IsLeaving(const Cluster& cluster) const {
  return !cluster.gone && cluster.marks.shard == shard_ && cluster.marks.wanted_shard != shard_;
}

ClusterRoles::Role ClusterRoles::RoleOf(const Cluster& cluster, bool owned, Time now) const {
  if (!owned || now < cluster.not_before) return Role::kElsewhere;
  if (cluster.gone || cluster.marks.being_deleted) return Role::kDelete;
  // Without the finalizer what is stored could outlive the object. One that was taken away while the
  // cluster runs comes back.
  if (!cluster.marks.HasFinalizer() && cluster.role != Role::kRun) return Role::kElsewhere;
  return Role::kRun;
}

void ClusterRoles::AddPatch(const std::string& name, Cluster& cluster, bool owned, int64_t unix_now,
                            RoleDecision* decision) const {
  const PediaClusterMarks& marks = cluster.marks;
  if (cluster.gone) return;
  const auto add = [&](bool status, std::string body) {
    decision->patches.push_back({name, status, std::move(body)});
  };
  if (owned && IsLeaving(cluster)) {
    if (cluster.stopping) return;
    return add(true, MakeConditionsPatch(
                         marks, StoppedConditions(marks.conditions, kShutdown, "", unix_now),
                         /*release=*/true));
  }
  if (owned && marks.being_deleted) {
    if (cluster.deleted && marks.HasFinalizer()) add(false, MakeFinalizerPatch(marks, false));
    return;
  }
  if (owned) {
    if (!marks.HasFinalizer()) add(false, MakeFinalizerPatch(marks, true));
    return;
  }
  if (auto body = FindLostPatch(cluster, unix_now)) add(true, *std::move(body));
}

// For a cluster of a shard that has died: its status would say for ever that all is well. Said once
// for each death, so that nobody quarrels with a manager that is back.
std::optional<std::string> ClusterRoles::FindLostPatch(Cluster& cluster, int64_t unix_now) const {
  const PediaClusterMarks& marks = cluster.marks;
  if (!marks.shard || *marks.shard == shard_) return std::nullopt;
  const ShardLife life = leases_.Of(*marks.shard, lease_duration_);
  if (life.state != ShardLife::State::kDead || cluster.told_lost == life.renewed)
    return std::nullopt;
  const Condition* running = marks.FindCondition("SynchroRunning");
  if (running != nullptr && running->reason == kManagerLost) cluster.told_lost = life.renewed;
  if (running != nullptr && (running->reason == kShutdown || running->reason == kManagerLost))
    return std::nullopt;
  const std::string message = "the manager of shard \"" + *marks.shard +
                              "\" has not renewed its Lease since " + life.renewed;
  return MakeConditionsPatch(marks,
                             StoppedConditions(marks.conditions, kManagerLost, message, unix_now),
                             /*release=*/false);
}

}  // namespace pedia::synchro
