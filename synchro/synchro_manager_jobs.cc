// The half of SynchroManager that runs on the writer's thread.
#include <algorithm>
#include <utility>

#include "meta/log.h"
#include "synchro/synchro_manager_core.h"

namespace pedia::synchro {

// Nothing of a cluster is read or written before it is claimed.
Status SynchroManager::Core::Start(storage::Store& store, const std::string& name, uint64_t id) {
  const auto claimed = state_.With([&](State& state) {
    const Entry* entry = Find(state, name, id);
    return entry == nullptr ? std::nullopt : std::optional(entry->claimed);
  });
  if (!claimed) return Status();
  if (!*claimed) {
    Status status = store.ClaimCluster(name, options_.identity);
    if (!status.ok()) return TryLater(name, id, std::move(status));
    state_.With([&](State& state) {
      if (Entry* entry = Find(state, name, id)) entry->claimed = true;
    });
  }
  const Result<storage::StoredCluster> stored = store.LoadCluster(name);
  if (!stored.ok()) return TryLater(name, id, stored.status());
  state_.With([&](State& state) {
    const int lists = options_.lists / static_cast<int>(state.clusters.size() + 1);
    if (Entry* entry = Find(state, name, id)) StartEntry(*entry, *stored, lists);
  });
  return Status();
}

// The writer tries again by itself if the store cannot be used.
Status SynchroManager::Core::TryLater(const std::string& name, uint64_t id, Status status) {
  if (status.reason() != StatusReason::kInternalError) return status;
  LogError("cluster " + name + " cannot be started: " + status.ToString());
  state_.With([&](State& state) {
    if (const Entry* entry = Find(state, name, id))
      entry->loop->PostAfter(options_.backoff_max, [this, name, id] { PushStart(name, id); });
  });
  return Status();
}

void SynchroManager::Core::StartEntry(Entry& entry, const storage::StoredCluster& stored,
                                      int lists) {
  std::optional<discovery::ClusterState> recorded;
  if (stored.document) recorded = ParseRecord(entry.spec.name, *stored.document);
  ClusterSpec spec = entry.spec;
  if (entry.rules) {
    spec = *entry.rules;
    spec.config = entry.spec.config;
  }
  entry.synchro = std::make_shared<ClusterSynchro>(
      SharedContext{*writer_, registry_, options_, counters_, openapi_,
                    std::clamp(lists, 1, std::max(1, options_.lists_per_cluster))},
      *entry.loop, std::move(spec), std::move(recorded), entry.progress);
  registry_.Update(entry.synchro->InitialState());
  entry.loop->Post([weak = std::weak_ptr(entry.synchro), resources = stored.resources] {
    const auto synchro = weak.lock();
    if (!synchro) return;
    synchro->SetStored(resources);
    synchro->Start();
  });
  if (!entry.rules) return;
  entry.loop->Post([weak = std::weak_ptr(entry.synchro), newest = entry.spec] {
    if (const auto synchro = weak.lock()) synchro->SetRules(newest);
  });
}

// `claimed`: for this deletion; it is not claimed a second time.
Status SynchroManager::Core::RunDeletion(storage::Store& store, const std::string& name,
                                         uint64_t id, bool* claimed) {
  const auto with_deletion = [&](auto f) {
    return state_.With([&](State& state) {
      const auto found = state.deletions.find(name);
      if (found == state.deletions.end() || found->second.id != id) return false;
      f(state, found);
      return true;
    });
  };
  if (!with_deletion([](State&, auto) {})) return Status();
  Status status = *claimed ? Status() : store.ClaimCluster(name, options_.identity);
  if (!status.ok()) return status;
  *claimed = true;
  status = store.DeleteCluster(name);
  const bool fenced = status.reason() == StatusReason::kExpired;
  if (!status.ok() && !fenced) return status;
  with_deletion([&](State& state, auto found) {
    if (!fenced) {
      found->second.done = true;
      return;
    }
    state.deletions.erase(found);
    state.elsewhere.insert(name);
  });
  const auto& hook = fenced ? hooks_.fenced : hooks_.deleted;
  if (hook) hook(name);
  return Status();
}

// Reports of what was queued before the cluster is claimed, or after it was given up, are old news.
void SynchroManager::Core::OnFenced(const std::string& name) {
  const bool ran = state_.With([&](State& state) {
    const auto found = state.clusters.find(name);
    if (found == state.clusters.end() || !found->second.claimed) return false;
    StopEntry(found->second, [] {});
    state.clusters.erase(found);
    state.elsewhere.insert(name);  // Until SetClusters says what it is: it must not be cleaned up.
    return true;
  });
  if (!ran) return;
  writer_->queue().Drop(name);
  ++counters_.fenced;
  if (hooks_.fenced) hooks_.fenced(name);
}

// All that is stored is compared with the members, and what was deleted may be there again.
void SynchroManager::Core::OnLostWrites() {
  state_.With([&](State& state) {
    if (state.stopped) return;
    for (const auto& [name, entry] : state.clusters) {
      entry.loop->Post([weak = std::weak_ptr(entry.synchro)] {
        if (const auto synchro = weak.lock()) synchro->Reload();
      });
    }
    CleanUpSoon(state);
  });
}

// What earlier runs have left behind.
Status SynchroManager::Core::CleanUp(storage::Store& store) {
  const auto counts = store.CountObjects();
  if (!counts.ok()) return counts.status();
  const auto records = store.LoadClusterRecords();
  if (!records.ok()) return records.status();
  std::map<std::string, std::vector<GroupVersionResource>> stored;
  for (const storage::ClusterRecord& record : *records) stored[record.cluster];
  for (const storage::ResourceCount& count : *counts) stored[count.cluster].push_back(count.gvr);
  state_.With([&](State& state) {
    if (state.stopped) return;
    state.records.clear();
    for (const auto& [name, resources] : stored) {
      if (const auto found = state.clusters.find(name); found != state.clusters.end()) {
        found->second.loop->Post(
            [weak = std::weak_ptr(found->second.synchro), resources = resources] {
              if (const auto synchro = weak.lock()) synchro->SetStored(resources);
            });
      } else if (const auto deletion = state.deletions.find(name);
                 !state.elsewhere.contains(name) &&
                 (deletion == state.deletions.end() || deletion->second.done)) {
        Delete(state, name);
      }
    }
  });
  return {};
}

}  // namespace pedia::synchro
