// ShardLeases: which shards of clustersynchro-managers are alive, as their Leases say.
// Source: coordination.k8s.io/v1 Lease. Shard "a" holds clusterpedia-clustersynchro-manager-a, or its
// members hold Leases with that name in the label clusterpedia.io/lease-group.
#pragma once
#include <chrono>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "kube/lease.h"
#include "kube/lease_sighting.h"

namespace pedia::synchro {

// "clusterpedia-clustersynchro-manager-a" for "a", without its end for "".
std::string LeaseOfShard(std::string_view shard);

struct ShardLife {
  enum class State {
    kUnknown,  // The Leases were never listed.
    kAlive,
    kAbsent,  // No Lease, or one that was given back: it has ended in order, or never needed one.
    kDead,    // A Lease that is held by nobody alive.
  };
  State state = State::kUnknown;
  std::string renewed;  // Of one that is dead: when its Lease was renewed last, by its own clock.
};

// One thread.
class ShardLeases {
 public:
  // All Leases of the namespace, by an answer to a request that was sent at `asked`.
  void See(const std::vector<kube::Lease>& leases, kube::BootClock::time_point asked);
  // `lasts`: what a Lease that does not say so itself does.
  ShardLife Of(std::string_view shard, std::chrono::milliseconds lasts) const;

 private:
  struct Entry {
    std::string group;  // Whose it is; one without the label is its own.
    kube::LeaseSighting sighting;
  };
  bool listed_ = false;
  std::map<std::string, Entry> leases_;
};

}  // namespace pedia::synchro
