// ClusterFollower: fills the registry of `pedia apiserver` from the PediaClusters of the management
// cluster, and from what the synchro has recorded of each cluster in the store.
// Source: cluster.clusterpedia.io/v1alpha2 PediaCluster, its spec and status.
#pragma once
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "discovery/registry.h"
#include "kube/client.h"
#include "kube/informer.h"
#include "kube/rest_config.h"
#include "meta/result.h"
#include "storage/store.h"

namespace pedia::apiserver {

struct FollowerOptions {
  kube::InformerOptions informer{};  // Its path is set by the follower.
  // Where the Secrets are that PediaClusters may take their credentials from; "" = they may not.
  std::string secrets_namespace{};
  // Records are read when PediaClusters change, but no more often than this,
  std::chrono::milliseconds record_pause{2'000};
  // once more so much later, since a record may be written after the status that led here,
  std::chrono::milliseconds record_delay{5'000};
  // and anyway so often.
  std::chrono::milliseconds record_interval{60'000};
  // Following() fails when the management cluster has not been heard for so long.
  std::chrono::milliseconds silence{60'000};
};

// A cluster is in the registry while its PediaCluster exists and is not being deleted. Served is
// what its status says is synced; short names, categories, OpenAPI and the whole version come from
// the record, if there is one. While the management cluster is away everything stays as it was.
// Thread-safe. All arguments must outlive it; not destroyed on the client's loop.
class ClusterFollower {
 public:
  ClusterFollower(kube::Client& client, storage::Store& store, discovery::Registry& registry,
                  FollowerOptions options = {});
  ~ClusterFollower();
  ClusterFollower(const ClusterFollower&) = delete;
  ClusterFollower& operator=(const ClusterFollower&) = delete;

  // How the cluster is reached, or why it cannot be; nothing if there is no such cluster.
  std::optional<Result<kube::RestConfig>> Connection(std::string_view cluster) const;

  // Whether all clusters were seen once: for /readyz. Errors: ServiceUnavailable saying why not.
  Status Ready() const;
  // Whether what is known is up to date. Errors: ServiceUnavailable: for how long it is not.
  Status Following() const;

 private:
  class Core;
  std::unique_ptr<Core> core_;
};

}  // namespace pedia::apiserver
