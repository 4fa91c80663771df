// ClusterOwnership: which of the clusters of a shard this process syncs, when several processes are
// there for the same.
#pragma once
#include <chrono>
#include <functional>
#include <memory>
#include <set>
#include <string>

#include "kube/client.h"
#include "kube/leader_elector.h"

namespace pedia::synchro {

// Thread-safe.
class ClusterOwnership {
 public:
  virtual ~ClusterOwnership() = default;
  // Whether the process takes part at all; false for a standby, and for one that cannot be sure.
  virtual bool acting() const = 0;
  // Which of `clusters` are this process's just now; none unless acting().
  virtual std::set<std::string> Owned(const std::set<std::string>& clusters) const = 0;
};

// Nobody else is there.
std::unique_ptr<ClusterOwnership> MakeSoleOwnership();
// The leader has all, others nothing. `changed`: as of kube::LeaderElector. Destroying it gives the
// Lease back.
std::unique_ptr<ClusterOwnership> MakeLeaderOwnership(kube::Client& client,
                                                      kube::LeaderElectorOptions options,
                                                      std::function<void()> changed);
// The members of a group share all clusters among themselves (OwnerOf).
std::unique_ptr<ClusterOwnership> MakeGroupOwnership(kube::Client& client,
                                                     kube::LeaderElectorOptions options,
                                                     std::function<void()> changed);

}  // namespace pedia::synchro
