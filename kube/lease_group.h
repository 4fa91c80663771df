// LeaseGroup: which processes of a group are alive: each renews a Lease of its own and sees those of
// the others. Source: coordination.k8s.io/v1 Lease; as kube-apiserver's identity leases.
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "kube/client.h"
#include "kube/leader_elector.h"

namespace pedia::kube {

struct LeaseGroupOptions {
  std::string name_space;
  std::string
      group;  // Value of the label clusterpedia.io/lease-group, and prefix of the Leases' names.
  std::string identity;
  LeaseTimes times{};
};

// Thread-safe. `client` must outlive it. A member counts as long as its Lease changes, by this
// process's steady clock; the Lease of one that does not any more is deleted.
class LeaseGroup {
 public:
  // `changed` is called on the loop's thread whenever Members() becomes another; must not block.
  LeaseGroup(Client& client, LeaseGroupOptions options, std::function<void()> changed);
  // Deletes the own Lease; waits for that, at most two seconds. Not on the loop's thread.
  ~LeaseGroup();
  LeaseGroup(const LeaseGroup&) = delete;
  LeaseGroup& operator=(const LeaseGroup&) = delete;

  // Identities, sorted. Empty while this process is no member: its Lease is not there, or could not
  // be renewed until the deadline; or the others are not known yet.
  std::vector<std::string> Members() const;

 private:
  class Core;
  std::shared_ptr<Core> core_;
};

}  // namespace pedia::kube
