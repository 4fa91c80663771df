// PolicyManager: makes PediaClusters of what a management cluster has of clusters of its own, as its
// ClusterImportPolicies say. Source: Clusterpedia's controller-manager.
#pragma once
#include <functional>
#include <memory>

#include "kube/client.h"

namespace pedia::policy {

struct PolicyManagerOptions {
  std::chrono::milliseconds backoff_initial{2'000};  // After something that is to be tried again.
  std::chrono::milliseconds backoff_max{10'000};
};

// Works on a thread of its own from construction to destruction, which waits for it. `client` must
// outlive it. Not to be used on the loop's thread.
class PolicyManager {
 public:
  // Nothing is written once `leading`, which is called on its thread, says no.
  PolicyManager(kube::Client& client, std::function<bool()> leading,
                PolicyManagerOptions options = {});
  ~PolicyManager();
  PolicyManager(const PolicyManager&) = delete;
  PolicyManager& operator=(const PolicyManager&) = delete;

 private:
  class Core;
  std::unique_ptr<Core> core_;
};

}  // namespace pedia::policy
