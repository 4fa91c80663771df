// ClusterRoles: what this process does with each PediaCluster of the management cluster, by what is
// known of them, of the other managers, and of the clock. The rules, without any I/O.
// Source: Clusterpedia's clustersynchro-manager: finalizer, spec.shardingName, status.shardingName.
#pragma once
#include <chrono>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "discovery/pedia_cluster_marks.h"
#include "synchro/cluster_ownership.h"
#include "synchro/shard_leases.h"

namespace pedia::synchro {

// A merge patch that some PediaCluster needs. Asked for again and again until the object shows it.
struct ClusterPatch {
  std::string cluster;
  bool status = false;  // Of the status subresource.
  std::string body;
};

struct RoleDecision {
  std::set<std::string> run, elsewhere, deleted;  // As of SynchroManager::SetClusters.
  std::vector<ClusterPatch> patches;
};

// One thread.
class ClusterRoles {
 public:
  using Time = std::chrono::steady_clock::time_point;

  // `shard`: --sharding-name. `lease_duration`: for how long a cluster that somebody else has claimed
  // is left to him, and one is that still belongs to a shard without a Lease.
  ClusterRoles(const ClusterOwnership& ownership, std::string shard,
               std::chrono::milliseconds lease_duration)
      : ownership_(ownership), shard_(std::move(shard)), lease_duration_(lease_duration) {}

  void SetObject(std::string_view name, discovery::PediaClusterMarks marks);
  void RemoveObject(std::string_view name);
  void SeeLeases(const std::vector<kube::Lease>& leases, kube::BootClock::time_point asked) {
    leases_.See(leases, asked);
  }
  // What the SynchroManager says.
  void OnDeleted(std::string_view name);
  void OnReleased(std::string_view name);
  void OnFenced(std::string_view name, Time now);

  // Nothing as long as this process has never been acting. `unix_now`: for conditions.
  std::optional<RoleDecision> Decide(Time now, int64_t unix_now);

 private:
  enum class Role { kElsewhere, kRun, kDelete };
  struct Cluster {
    discovery::PediaClusterMarks marks;
    bool gone = false;  // The object is: what is stored goes, too.
    Role role = Role::kElsewhere;
    bool stopping = false;  // It ran here, and that it does not any more is not certain.
    bool deleted = false;   // Nothing is stored any more.
    Time not_before{};      // Somebody else has claimed it.
    std::optional<Time> waiting_since;  // For a shard that has it still.
    std::string told_lost;  // Its manager's last sign of life, if the status has told of it.
  };

  bool BelongsHere(Cluster& cluster, Time now) const;
  bool IsLeaving(const Cluster& cluster) const;
  Role RoleOf(const Cluster& cluster, bool owned, Time now) const;
  void AddPatch(const std::string& name, Cluster& cluster, bool owned, int64_t unix_now,
                RoleDecision* decision) const;
  std::optional<std::string> FindLostPatch(Cluster& cluster, int64_t unix_now) const;

  const ClusterOwnership& ownership_;
  const std::string shard_;
  const std::chrono::milliseconds lease_duration_;
  ShardLeases leases_;
  std::map<std::string, Cluster, std::less<>> clusters_;
  bool acted_ = false;
};

}  // namespace pedia::synchro
