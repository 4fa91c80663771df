// SynchroManager::Core: which clusters run, are handed over, or are being deleted, and what the writer's
// thread does for them.
#pragma once
#include <cstdint>
#include <future>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "kube/event_loop.h"
#include "meta/guarded.h"
#include "synchro/cluster_synchro.h"
#include "synchro/synchro_manager.h"
#include "synchro/writer.h"

namespace pedia::synchro {

// Thread-safe. What belongs to one cluster happens in order: its loop stops what ran before and then
// pushes the next job, and the writer runs the jobs one after the other.
class SynchroManager::Core {
 public:
  Core(storage::Store& store, discovery::Registry& registry, const SynchroOptions& options,
       ClusterHooks hooks);

  // See SynchroManager.
  void SetClusters(std::vector<ClusterSpec> run, std::set<std::string> elsewhere,
                   std::set<std::string> deleted);
  void Stop(std::chrono::milliseconds timeout);
  std::vector<ClusterProgress> Progress() const;
  const SyncCounters& counters() const { return counters_; }
  const Writer& writer() const { return *writer_; }
  SynchroReport Report(const std::string& cluster, std::chrono::milliseconds timeout) const;

 private:
  struct Entry {
    uint64_t id = 0;  // Other than that of any earlier one.
    ClusterSpec spec;
    std::optional<ClusterSpec> rules;  // The last spec with valid rules, if `spec` has none.
    kube::EventLoop* loop = nullptr;
    bool claimed = false;
    std::shared_ptr<ClusterSynchro> synchro;  // Once it is claimed. Dies on its loop's thread.
    std::shared_ptr<Guarded<ClusterProgress>> progress;
  };
  struct Deletion {
    uint64_t id = 0;
    bool done = false;
  };
  struct State {
    std::map<std::string, Entry> clusters;
    std::set<std::string> elsewhere;
    std::map<std::string, Deletion> deletions;
    std::map<std::string, discovery::ClusterState> records;  // Of earlier runs, until taken up.
    std::map<std::string, kube::EventLoop*>
        loop_of;  // A cluster stays on its loop, so that its tasks stay in order.
    uint64_t last_id = 0;
    bool cleaned = false;
    bool blank_told = false;
    bool stopped = false;
  };

  void LoadRecords(storage::Store& store);
  kube::EventLoop* LoopOf(State& state, const std::string& cluster);
  // An entry that is still wanted, or nullptr.
  static Entry* Find(State& state, const std::string& name, uint64_t id);

  // `after` runs on the loop's thread when the synchro has stopped.
  std::future<void> StopEntry(Entry& entry, std::function<void()> after);
  void Release(State& state, const std::set<std::string>& elsewhere);
  void PushReleased(const std::string& name);
  void DeleteOthers(State& state, const std::set<std::string>& here);
  void Delete(State& state, const std::string& name);
  void SetCluster(State& state, ClusterSpec spec);
  void SetRules(Entry& current, ClusterSpec spec);
  static void KeepRules(Entry& current, Entry* next);
  void PushStart(const std::string& name, uint64_t id);
  bool CleanUpSoon(State& state);  // False if it is not to be done.

  // On the writer's thread.
  Status Start(storage::Store& store, const std::string& name, uint64_t id);
  Status TryLater(const std::string& name, uint64_t id, Status status);
  // `lists`: its part of those that may run at a time.
  void StartEntry(Entry& entry, const storage::StoredCluster& stored, int lists);
  Status RunDeletion(storage::Store& store, const std::string& name, uint64_t id, bool* claimed);
  void OnFenced(const std::string& name);
  void OnLostWrites();
  Status CleanUp(storage::Store& store);

  discovery::Registry& registry_;
  const SynchroOptions options_;
  const ClusterHooks hooks_;
  SyncCounters counters_;
  OpenApiShare openapi_;
  std::vector<std::unique_ptr<kube::EventLoop>> loops_;
  std::optional<Writer> writer_;
  Guarded<State> state_;
};

// From the record of an earlier run; empty if it cannot be read.
discovery::ClusterState ParseRecord(const std::string& cluster, const std::string& document);

}  // namespace pedia::synchro
