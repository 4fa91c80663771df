// ClusterInventory: from PediaClusters, ClusterSyncResources and Secrets to what is synced of which
// cluster. Source: cluster.clusterpedia.io/v1alpha2.
#pragma once
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "discovery/credential_secrets.h"
#include "synchro/pedia_cluster.h"
#include "synchro/synchro_manager.h"

namespace pedia::synchro {

// Clusterpedia's feature gates, by what they allow.
struct InventoryGates {
  bool all_custom_resources = false;  // AllowSyncAllCustomResources
  bool all_resources = false;         // AllowSyncAllResources
  bool ignore_leases = false;         // IgnoreSyncLease
  bool secrets = false;               // ClusterAuthenticationFromSecret
};

// Objects in any order, each as JSON; a second one of the same name replaces the first. One thread.
// A PediaCluster that cannot be understood is a cluster that cannot be reached, and none that is
// gone: what is stored of it stays. What is wrong with a cluster is logged once.
class ClusterInventory {
 public:
  explicit ClusterInventory(InventoryGates gates) : gates_(gates) {}

  void SetPediaCluster(std::string_view name, std::string_view json);
  void RemovePediaCluster(std::string_view name);
  void SetSyncResources(std::string_view name, std::string_view json);
  void RemoveSyncResources(std::string_view name);
  void SetSecret(std::string_view name, std::string_view json);
  void RemoveSecret(std::string_view name);

  bool Has(std::string_view cluster) const { return clusters_.contains(cluster); }
  // Brings the specs up to date. False: all are as they were.
  bool Refresh();
  // By name; as of the last Refresh.
  const std::map<std::string, ClusterSpec, std::less<>>& specs() const { return specs_; }

 private:
  struct Cluster {
    std::string json;  // What specs are made of.
    std::string sync_resources_ref;
    bool names_secrets = false;
    std::string problem;  // As it was logged last.
  };

  void MarkReferring(std::string_view sync_resources);
  ClusterSpec MakeSpec(const std::string& name, Cluster* cluster) const;
  void AddReferenced(const std::string& ref, ClusterSpec* spec) const;

  const InventoryGates gates_;
  std::map<std::string, Cluster, std::less<>> clusters_;
  std::map<std::string, Result<std::vector<SyncRule>>, std::less<>> sync_resources_;
  discovery::CredentialSecrets secrets_;
  std::map<std::string, ClusterSpec, std::less<>> specs_;
  std::set<std::string, std::less<>> stale_;  // Clusters whose specs are, beside those of
  bool secrets_changed_ = false;
  bool changed_ = false;  // Clusters are gone since the last Refresh.
};

}  // namespace pedia::synchro
