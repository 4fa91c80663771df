// WantedClusters: the member clusters that the PediaClusters of the management cluster ask for, and
// the status that is written back to them.
// Source: cluster.clusterpedia.io/v1alpha2 PediaCluster.
#pragma once
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "discovery/registry.h"
#include "kube/informer.h"
#include "meta/guarded.h"
#include "synchro/status_writer.h"
#include "synchro/synchro_manager.h"

namespace pedia::cmd {

// For a kube::Informer of PediaClusters. On the client's loop thread, construction and destruction
// too; TakeChanged is thread-safe. A PediaCluster that cannot be understood is a cluster that cannot
// be reached, and none that is gone: what is stored of it stays.
class WantedClusters : public kube::InformerHandler {
 public:
  WantedClusters(kube::Client& client, const discovery::Registry& registry)
      : status_writer_(client, registry) {}

  void OnObject(std::string_view name_space, std::string_view name, std::string_view json) override;
  void OnDelete(std::string_view name_space, std::string_view name) override;
  void OnSynced() override;
  void OnError(const Status& status) override;

  // All clusters, if they have changed since the last call; nothing before the first complete list,
  // which would look like clusters that are gone.
  std::optional<std::vector<synchro::ClusterSpec>> TakeChanged();

 private:
  struct State {
    std::map<std::string, synchro::ClusterSpec, std::less<>> specs;
    bool synced = false;
    bool changed = false;
  };

  void WarnOnce(std::string_view name, const std::string& what);

  Guarded<State> state_;
  // Hashes of the specs: most changes are of the status alone.
  std::map<std::string, size_t, std::less<>> spec_hashes_;
  std::set<std::string> warned_;
  bool failing_ = false;  // To follow.
  synchro::StatusWriter status_writer_;
};

}  // namespace pedia::cmd
