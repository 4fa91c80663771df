#include "synchro/cluster_ownership.h"

#include <utility>
#include <vector>

#include "kube/lease_group.h"
#include "synchro/rendezvous.h"

namespace pedia::synchro {
namespace {

class SoleOwnership : public ClusterOwnership {
 public:
  bool acting() const override { return true; }
  std::set<std::string> Owned(const std::set<std::string>& clusters) const override {
    return clusters;
  }
};

class LeaderOwnership : public ClusterOwnership {
 public:
  LeaderOwnership(kube::Client& client, kube::LeaderElectorOptions options,
                  std::function<void()> changed)
      : elector_(client, std::move(options), std::move(changed)) {}
  bool acting() const override { return elector_.leading(); }
  std::set<std::string> Owned(const std::set<std::string>& clusters) const override {
    return acting() ? clusters : std::set<std::string>();
  }

 private:
  kube::LeaderElector elector_;
};

class GroupOwnership : public ClusterOwnership {
 public:
  GroupOwnership(kube::Client& client, kube::LeaderElectorOptions options,
                 std::function<void()> changed)
      : identity_(options.identity),
        group_(client, {options.name_space, options.lease, options.identity, options.times},
               std::move(changed)) {}
  bool acting() const override { return !group_.Members().empty(); }
  std::set<std::string> Owned(const std::set<std::string>& clusters) const override {
    const std::vector<std::string> members = group_.Members();
    std::set<std::string> owned;
    for (const std::string& cluster : clusters) {
      if (OwnerOf(cluster, members) == identity_) owned.insert(cluster);
    }
    return owned;
  }

 private:
  const std::string identity_;
  kube::LeaseGroup group_;
};

}  // namespace

std::unique_ptr<ClusterOwnership> MakeSoleOwnership() { return std::make_unique<SoleOwnership>(); }

std::unique_ptr<ClusterOwnership> MakeLeaderOwnership(kube::Client& client,
                                                      kube::LeaderElectorOptions options,
                                                      std::function<void()> changed) {
  return std::make_unique<LeaderOwnership>(client, std::move(options), std::move(changed));
}

std::unique_ptr<ClusterOwnership> MakeGroupOwnership(kube::Client& client,
                                                     kube::LeaderElectorOptions options,
                                                     std::function<void()> changed) {
  return std::make_unique<GroupOwnership>(client, std::move(options), std::move(changed));
}

}  // namespace pedia::synchro
