// DiscoverMember: asks a member what it serves: aggregated discovery where offered, else document
// by document. Source: Kubernetes API concepts "Aggregated discovery"; client-go/discovery.
#pragma once
#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include "discovery/cluster_catalog.h"
#include "kube/client.h"
#include "meta/result.h"

namespace pedia::synchro {

struct MemberDiscovery {
  discovery::ClusterCatalog served;
  // Group versions that exist but could not be asked: what is missing there is not known to be
  // gone.
  std::vector<std::string> stale;

  bool IsStale(const GroupVersionResource& gvr) const {
    return std::find(stale.begin(), stale.end(), gvr.GroupVersion()) != stale.end();
  }
};

// `done` is called on the loop's thread, later, once; never if the client is destroyed before.
// Errors: those of the client, or what the member answered; never a partial result. A member that
// serves nothing is an error.
void DiscoverMember(kube::Client& client, std::function<void(Result<MemberDiscovery>)> done);

}  // namespace pedia::synchro
