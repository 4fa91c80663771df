// ClusterPatcher: sends merge patches of PediaClusters, one at a time for each, with back-off after
// those that failed. Source: Kubernetes API conventions; RFC 7386 (JSON Merge Patch).
#pragma once
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "kube/backoff.h"
#include "kube/client.h"
#include "synchro/cluster_roles.h"

namespace pedia::synchro {

// On the client's loop thread. `client` must outlive it. Owned by a shared_ptr; nothing is called when
// that is gone.
class ClusterPatcher : public std::enable_shared_from_this<ClusterPatcher> {
 public:
  // `patched`: the object as it is now.
  using Patched = std::function<void(const std::string& cluster, std::string_view object)>;
  ClusterPatcher(kube::Client& client, std::chrono::milliseconds backoff_initial,
                 std::chrono::milliseconds backoff_max, Patched patched)
      : client_(client),
        backoff_initial_(backoff_initial),
        backoff_max_(backoff_max),
        patched_(std::move(patched)) {}

  // Does nothing while another patch of the cluster is under way, or too soon after one that failed:
  // to be asked again later.
  void Send(ClusterPatch patch);

 private:
  struct Cluster {
    explicit Cluster(kube::Backoff the_backoff) : backoff(the_backoff) {}
    bool running = false;
    bool failing = false;
    std::chrono::steady_clock::time_point not_before{};
    kube::Backoff backoff;
  };
  void OnAnswer(const std::string& name, const Result<kube::Client::Document>& answer);

  kube::Client& client_;
  const std::chrono::milliseconds backoff_initial_, backoff_max_;
  const Patched patched_;
  std::map<std::string, Cluster> clusters_;  // Those with a patch under way, or one that failed.
};

}  // namespace pedia::synchro
