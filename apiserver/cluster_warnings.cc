#include "apiserver/cluster_warnings.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "convert/version_families.h"

namespace pedia::apiserver {
namespace {

constexpr size_t kMaxNames = 5;

// Names, of which the first are remembered: "c1 (NotReachable), c2 and 3 more".
class Names {
 public:
  void Add(std::string_view name, std::string_view reason) {
    if (count_++ >= kMaxNames) return;
    if (count_ > 1) text_ += ", ";
    text_ += name;
    if (!reason.empty()) text_.append(" (").append(reason).append(")");
  }

  size_t count() const { return count_; }
  std::string Text() const {
    return count_ <= kMaxNames ? text_
                               : text_ + " and " + std::to_string(count_ - kMaxNames) + " more";
  }

 private:
  std::string text_;
  size_t count_ = 0;
};

bool Fits(const query::ResourcePattern& pattern, const GroupVersionResource& gvr) {
  return pattern.any_group || (pattern.group == gvr.group &&
                               (pattern.resource.empty() || pattern.resource == gvr.resource));
}

enum class Trouble { kNone, kUnhealthy, kSyncing };

// What may be wrong with a cluster's part of the answer to `scope`.
class Diagnosis {
 public:
  explicit Diagnosis(const query::ListScope& scope)
      : scope_(scope), stored_(convert::StoredVersion(scope.gvr)) {}

  // Sets `*reason` to a word that says more, or "".
  Trouble Of(const discovery::ClusterState& cluster, std::string_view* reason) const {
    *reason = {};
    const discovery::ResourceSync* pending = nullptr;
    bool syncs_it = cluster.resources.empty();  // Not asked yet: it may.
    for (const discovery::ResourceSync& sync : cluster.resources) {
      if (!IsAskedFor(sync.gvr)) continue;
      syncs_it = true;
      if (!sync.initial_list_done) pending = &sync;
    }
    if (!syncs_it) return Trouble::kNone;
    const discovery::Condition* healthy = cluster.FindCondition("ClusterHealthy");
    if (healthy == nullptr || healthy->status != "True") {
      if (healthy != nullptr) *reason = healthy->reason;
      return Trouble::kUnhealthy;
    }
    if (pending != nullptr && pending->status == "Error") *reason = pending->reason;
    const discovery::Condition* running = cluster.FindCondition("SynchroRunning");
    const bool starting = running != nullptr && running->status != "True";
    return pending != nullptr || starting ? Trouble::kSyncing : Trouble::kNone;
  }

  std::string TextOf(Trouble trouble) const {
    if (trouble == Trouble::kUnhealthy)
      return " not ready and the resources obtained may be inaccurate";
    const std::string what = scope_.gvr.resource.empty() ? "" : " " + scope_.gvr.GroupResource();
    return " still syncing" + what + " and the resources obtained may be incomplete";
  }

 private:
  bool IsAskedFor(const GroupVersionResource& stored) const {
    if (scope_.gvr.resource.empty() && scope_.collection.empty()) return true;
    if (scope_.collection.empty()) return stored == stored_;
    return std::any_of(scope_.patterns.begin(), scope_.patterns.end(),
                       [&](const auto& pattern) { return Fits(pattern, stored); });
  }

  const query::ListScope& scope_;
  const GroupVersionResource& stored_;
};

void WarnAboutOne(Exchange& exchange, const Diagnosis& diagnosis,
                  const discovery::ClusterState& cluster) {
  std::string_view reason;
  const Trouble trouble = diagnosis.Of(cluster, &reason);
  if (trouble == Trouble::kNone) return;
  std::string text = cluster.name + " is" + diagnosis.TextOf(trouble);
  // Clusterpedia's sentence has its full stop only where there is no reason.
  text += reason.empty() ? "." : ", reason: " + std::string(reason);
  AddWarning(exchange, text);
}

// `asked`: how many clusters the list is over.
void WarnAboutSeveral(Exchange& exchange, const Diagnosis& diagnosis,
                      const query::NameSet& clusters, size_t asked) {
  Names unhealthy;
  Names syncing;
  for (const auto& cluster : exchange.clusters->unsettled) {
    if (!clusters.Matches(cluster->name)) continue;
    if (asked == 1) return WarnAboutOne(exchange, diagnosis, *cluster);
    std::string_view reason;
    const Trouble trouble = diagnosis.Of(*cluster, &reason);
    if (trouble == Trouble::kUnhealthy) unhealthy.Add(cluster->name, reason);
    if (trouble == Trouble::kSyncing) syncing.Add(cluster->name, reason);
  }
  for (const auto& [trouble, names] :
       {std::pair(Trouble::kUnhealthy, &unhealthy), std::pair(Trouble::kSyncing, &syncing)}) {
    if (names->count() == 0) continue;
    AddWarning(exchange, std::to_string(names->count()) + " of " + std::to_string(asked) +
                             (names->count() == 1 ? " clusters is" : " clusters are") +
                             diagnosis.TextOf(trouble) + ": " + names->Text());
  }
}

size_t CountKnown(const discovery::Snapshot& snapshot, const std::vector<std::string>& names) {
  return static_cast<size_t>(std::count_if(names.begin(), names.end(), [&](const auto& name) {
    return snapshot.Find(name) != nullptr;
  }));
}

void WarnAboutUnknown(Exchange& exchange, const std::vector<std::string>& asked) {
  Names unknown;
  for (const std::string& name : asked) {
    if (exchange.clusters->Find(name) == nullptr) unknown.Add('"' + name + '"', "");
  }
  if (unknown.count() == 0) return;
  AddWarning(exchange,
             (unknown.count() == 1 ? "unknown cluster " : "unknown clusters ") + unknown.Text());
}

}  // namespace

void WarnAboutClusters(Exchange& exchange, const query::ListScope& scope,
                       const query::NameSet& clusters) {
  const discovery::Snapshot& all = *exchange.clusters;
  const Diagnosis diagnosis(scope);
  if (!scope.cluster.empty()) {
    const discovery::ClusterState* cluster = all.Find(scope.cluster);
    if (cluster != nullptr) WarnAboutOne(exchange, diagnosis, *cluster);
    return;
  }
  if (clusters.restricted) WarnAboutUnknown(exchange, clusters.in);
  if (all.unsettled.empty()) return;
  const size_t asked = clusters.restricted ? CountKnown(all, clusters.in)
                                           : all.clusters.size() - CountKnown(all, clusters.not_in);
  WarnAboutSeveral(exchange, diagnosis, clusters, asked);
}

}  // namespace pedia::apiserver
