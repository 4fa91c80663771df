// Registry: which member clusters there are, what of each is synced, and how it does. synchro
// writes it, apiserver reads it. Source: Clusterpedia's PediaCluster.status.
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "discovery/cluster_catalog.h"
#include "meta/guarded.h"

namespace pedia::discovery {

// metav1.Condition. Types: Validated, SynchroRunning, ClusterHealthy, Ready.
struct Condition {
  std::string type;
  std::string status;  // "True", "False", "Unknown"
  std::string reason;
  std::string message;
  int64_t last_transition = 0;  // Unix seconds.
  bool operator==(const Condition&) const = default;
};

// How the sync of one resource does.
struct ResourceSync {
  GroupVersionResource gvr;  // As it is stored.
  std::string status;        // "Pending", "Syncing", "Stop", "Error"
  std::string reason;
  std::string message;
  bool initial_list_done = false;
  int64_t last_transition = 0;
  GroupVersionResource source{};  // As it is read from the member, if not as it is stored.
  bool operator==(const ResourceSync&) const = default;
};

// The OpenAPI description of one group version, as the store keeps it.
struct OpenApiDocument {
  std::string path;    // As in the index of /openapi/v3: "api/v1", "apis/apps/v1".
  std::string hash;    // Of the stored bytes: their name in the store and in URLs.
  std::string source;  // What the member calls this state of it; the same means unchanged.
  bool operator==(const OpenApiDocument&) const = default;
};

struct ClusterState {
  std::string name;
  std::string api_server;                // URL
  std::string version_json;              // The member's /version document, "" if never seen.
  ClusterCatalog synced;                 // Only resources that are synced; verbs as the member's.
  std::vector<OpenApiDocument> openapi;  // Of what is synced, as far as known; sorted by path.
  // What is stored of Secrets' data at most, as PediaCluster's secretData; "" = everything.
  std::string secret_data{};
  std::vector<Condition> conditions;
  std::vector<ResourceSync> resources;

  const Condition* FindCondition(std::string_view type) const;
  bool operator==(const ClusterState&) const = default;
};

// Immutable picture of all clusters.
struct Snapshot {
  std::map<std::string, std::shared_ptr<const ClusterState>, std::less<>> clusters;
  // Those of them whose stored objects may be old or not complete: not healthy, not asked yet what
  // they serve, or with a first list that is not done. By name; most often none.
  std::vector<std::shared_ptr<const ClusterState>> unsettled;
  uint64_t generation = 0;  // Grows with each change; equal generations are equal pictures.

  const ClusterState* Find(std::string_view cluster) const;
};

// Thread-safe.
class Registry {
 public:
  Registry();
  std::shared_ptr<const Snapshot> Get() const;
  void Update(ClusterState state);  // Inserts or replaces; an equal state changes nothing.
  void Remove(std::string_view cluster);

 private:
  Guarded<std::shared_ptr<const Snapshot>> snapshot_;
};

// For the store's cluster record: name, server, version, catalog and OpenAPI. Conditions and resources are
// left out, a restart makes them void. Errors: BadRequest.
std::string ClusterStateToJson(const ClusterState& state);
Result<ClusterState> ClusterStateFromJson(std::string_view json);

}  // namespace pedia::discovery
