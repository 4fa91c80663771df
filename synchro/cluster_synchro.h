// ClusterSynchro: one member cluster: its health, what it serves, a reflector for each resource to
// sync, and its state for all to see. Source: Clusterpedia's clustersynchro.
#pragma once
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "discovery/registry.h"
#include "kube/client.h"
#include "meta/guarded.h"
#include "synchro/cluster_conditions.h"
#include "synchro/health_monitor.h"
#include "synchro/member_discovery.h"
#include "synchro/negotiation.h"
#include "synchro/openapi_reader.h"
#include "synchro/reflector.h"
#include "synchro/synchro_manager.h"
#include "synchro/writer.h"

namespace pedia::synchro {

// What all clusters share; outlives them.
struct SharedContext {
  Writer& writer;
  discovery::Registry& registry;
  const SynchroOptions& options;
  SyncCounters& counters;
  OpenApiShare& openapi;
  int lists;  // Of one cluster, at a time.
};

// Lives on its loop's thread, but for the constructor and InitialState. Owned by a shared_ptr.
class ClusterSynchro : public std::enable_shared_from_this<ClusterSynchro> {
 public:
  // `recorded`: the state saved by an earlier run; it is served until the member says better.
  ClusterSynchro(const SharedContext& shared, kube::EventLoop& loop, ClusterSpec spec,
                 std::optional<discovery::ClusterState> recorded,
                 std::shared_ptr<Guarded<ClusterProgress>> progress);
  ~ClusterSynchro();

  const discovery::ClusterState& InitialState() const { return state_; }  // Before Start.
  void Start();
  void Stop();  // For good: no callback, no change, no publication comes after it.
  // Takes the rules of `spec`, of the same cluster and connection: what they change starts, stops or
  // is read again, and nothing else. If they are invalid the old ones stay in force; a cluster that
  // has none yet waits, and keeps what is stored of it.
  void SetRules(ClusterSpec spec);
  // The resources that have rows in the store, those of earlier runs included.
  void SetStored(const std::vector<GroupVersionResource>& stored);
  void Reload();  // The store may have lost what was written.
  ClusterReport Report() const;

 private:
  template <typename F>
  auto IfAlive(F f) {
    return [weak = weak_from_this(), f = std::move(f)](auto&&... args) {
      const std::shared_ptr<ClusterSynchro> self = weak.lock();
      if (self && !self->stopped_) f(*self, std::forward<decltype(args)>(args)...);
    };
  }

  void OnHealth(const HealthReport& report);
  void Resume();
  void Pause();
  void FetchVersion();

  void DiscoverAfter(std::chrono::milliseconds delay);
  void Discover();
  void OnDiscovered(Result<MemberDiscovery> found);
  void DiscoverSoon();  // Something announced a change of what is served.
  std::chrono::milliseconds NextDiscovery();
  bool HearsOfChanges() const;

  void KeepStale(MemberDiscovery* found) const;
  // What is stored of Secrets is never more than the rules allow, whether or not the cluster can be
  // reached.
  void SpareSecrets();
  void Reconcile();
  // From which resource the objects that are stored as the key are read.
  using Sources = std::map<GroupVersionResource, discovery::ApiResource>;
  std::vector<GroupVersionResource> FindRemoved(const Sources& wanted);
  void Remove(const GroupVersionResource& gvr);
  void OnRemoved(const GroupVersionResource& gvr, const Status& status);
  void Sync(const GroupVersionResource& stored, ReflectorSource source);
  void StartReflector(const GroupVersionResource& stored, ReflectorSource source);

  void OnOpenApi(OpenApiBatch batch);
  void Changed();  // Publishes soon.
  void Publish();
  void NoteStore();
  discovery::ResourceSync SyncOf(const Reflector& reflector) const;
  void SaveRecord();

  const SharedContext shared_;
  kube::EventLoop& loop_;
  ClusterSpec spec_;
  discovery::ClusterState state_;
  std::string saved_record_;
  const std::shared_ptr<Guarded<ClusterProgress>> progress_;
  ClusterFacts facts_;
  ListSlots slots_;
  std::unique_ptr<kube::Client> client_;  // Null if the configuration cannot be used.
  std::unique_ptr<ReflectorContext> reflector_context_;
  std::shared_ptr<HealthMonitor> health_;
  std::shared_ptr<OpenApiReader> openapi_;
  OpenApiBatch unsaved_openapi_;
  std::map<GroupVersionResource, std::shared_ptr<Reflector>> reflectors_;  // By stored version.

  std::set<GroupVersionResource> aside_;  // Of them, those that are not shown (Negotiation::aside).

  // Removed, but perhaps still stored.
  std::map<GroupVersionResource, discovery::ResourceSync> removing_;

  const int64_t since_;      // Unix seconds.
  bool same_server_ = true;  // As the recorded state's.
  bool has_rules_ = false;   // Else those of spec_ mean nothing.
  std::string unmet_;        // What the rules name and cannot be synced; "" = nothing.
  std::optional<int64_t> store_away_since_;  // Unix seconds; nothing while it can be written.
  bool stopped_ = false;
  bool running_ = false;  // The member is healthy enough to read from.
  bool discovered_ = false;
  bool discovering_ = false;
  bool publishing_ = false;
  int failed_checks_ = 0;  // In a row.
  kube::Backoff discovery_backoff_;
  MemberDiscovery served_;
  std::set<GroupVersionResource> stored_;  // May have rows, but no reflector.
  std::set<GroupVersionResource>
      missing_;  // The last discovery did not show them, the one before did.
  uint64_t discovery_timer_ = 0;
  std::optional<std::chrono::steady_clock::time_point> discovery_due_;
  int eager_discoveries_ = 0;
  std::optional<std::chrono::steady_clock::time_point> version_fetched_;
};

}  // namespace pedia::synchro
