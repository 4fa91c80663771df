#include "synchro/synchro_manager.h"

#include <algorithm>
#include <future>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "kube/event_loop.h"
#include "meta/guarded.h"
#include "meta/log.h"
#include "synchro/cluster_synchro.h"
#include "synchro/writer.h"

namespace pedia::synchro {
namespace {

constexpr int kOpenApiDocuments = 2;  // At a time, whatever cluster they are of.

bool SameConfig(const Result<kube::RestConfig>& a, const Result<kube::RestConfig>& b) {
  if (a.ok() != b.ok()) return false;
  return a.ok() ? *a == *b : a.status().message() == b.status().message();
}

bool SameSpec(const ClusterSpec& a, const ClusterSpec& b) {
  return SameConfig(a.config, b.config) && a.sync_resources == b.sync_resources &&
         a.sync_all_custom_resources == b.sync_all_custom_resources && a.skip == b.skip;
}

}  // namespace

class SynchroManager::Core {
 public:
  Core(storage::Store& store, discovery::Registry& registry, const SynchroOptions& options)
      : registry_(registry), options_(options) {
    for (int i = 0; i < std::max(1, options_.loops); ++i)
      loops_.push_back(std::make_unique<kube::EventLoop>());
    LoadRecords(store);
    writer_.emplace(store, options_, counters_, [this] { OnLostWrites(); });
  }

  void SetClusters(std::vector<ClusterSpec> specs) {
    state_.With([&](State& state) {
      if (state.stopped) return;
      std::set<std::string> names;
      for (const ClusterSpec& spec : specs) names.insert(spec.name);
      RemoveOthers(state, names);
      for (ClusterSpec& spec : specs) SetCluster(state, std::move(spec));
      if (!std::exchange(state.cleaned, true)) {
        writer_->queue().PushJob([this](storage::Store& store) { return CleanUp(store); });
      }
    });
  }

  void Stop(std::chrono::milliseconds timeout) {
    const auto deadline = std::chrono::steady_clock::now() + timeout;
    std::vector<std::future<void>> stopped;
    state_.With([&](State& state) {
      state.stopped = true;
      for (auto& [name, entry] : state.clusters) stopped.push_back(StopEntry(entry, [] {}));
      state.clusters.clear();
    });
    for (const std::future<void>& each : stopped) each.wait();
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline - std::chrono::steady_clock::now());
    writer_->Stop(std::max(left, std::chrono::milliseconds(0)));
    loops_.clear();
  }

  std::vector<ClusterProgress> Progress() const {
    return state_.With([](const State& state) {
      std::vector<ClusterProgress> all;
      for (const auto& [name, entry] : state.clusters) {
        all.push_back(
            entry.progress->With([](const ClusterProgress& progress) { return progress; }));
      }
      return all;
    });
  }

  const SyncCounters& counters() const { return counters_; }

 private:
  struct Entry {
    ClusterSpec spec;
    kube::EventLoop* loop;
    std::shared_ptr<ClusterSynchro> synchro;  // Dies on its loop's thread.
    std::shared_ptr<Guarded<ClusterProgress>> progress;
  };
  struct State {
    std::map<std::string, Entry> clusters;
    std::map<std::string, discovery::ClusterState> records;  // Of earlier runs, until taken up.
    std::map<std::string, std::vector<GroupVersionResource>>
        stored;  // What earlier runs left, until taken up.
    std::map<std::string, kube::EventLoop*>
        loop_of;  // A cluster stays on its loop, so that its tasks stay in order.
    bool cleaned = false;
    bool stopped = false;
  };

  void LoadRecords(storage::Store& store) {
    const auto records = store.LoadClusterRecords();
    if (!records.ok())
      return LogWarning("cannot read what is known of the clusters: " + records.status().message());
    state_.With([&](State& state) {
      for (const storage::ClusterRecord& record : *records) {
        auto cluster = discovery::ClusterStateFromJson(record.document);
        if (!cluster.ok()) cluster = discovery::ClusterState{};
        cluster->name = record.cluster;
        state.records.insert_or_assign(record.cluster, std::move(*cluster));
      }
    });
  }

  kube::EventLoop* LoopOf(State& state, const std::string& cluster) {
    const auto [found, inserted] = state.loop_of.try_emplace(cluster, nullptr);
    if (inserted) found->second = loops_[(state.loop_of.size() - 1) % loops_.size()].get();
    return found->second;
  }

  // `after` runs on the loop's thread when the synchro has stopped.
  template <typename F>
  std::future<void> StopEntry(Entry& entry, F after) {
    auto done = std::make_shared<std::promise<void>>();
    std::future<void> future = done->get_future();
    entry.loop->Post(
        [synchro = std::move(entry.synchro), done, after = std::move(after)]() mutable {
          synchro->Stop();
          synchro.reset();
          after();
          done->set_value();
        });
    return future;
  }

  void RemoveOthers(State& state, const std::set<std::string>& names) {
    for (auto at = state.clusters.begin(); at != state.clusters.end();) {
      if (names.contains(at->first)) {
        ++at;
        continue;
      }
      const std::string name = at->first;
      LogInfo("cluster " + name + " is gone; deleting what is stored of it");
      // After the synchro's last change, and before anything of a new cluster of that name.
      StopEntry(at->second, [this, name] {
        registry_.Remove(name);
        writer_->queue().PushJob(
            [name](storage::Store& store) { return store.DeleteCluster(name); });
      });
      registry_.Remove(name);
      state.records.erase(name);
      state.stored.erase(name);
      at = state.clusters.erase(at);
    }
  }

  void SetCluster(State& state, ClusterSpec spec) {
    const std::string name = spec.name;
    std::optional<discovery::ClusterState> recorded;
    if (const auto found = state.clusters.find(name); found != state.clusters.end()) {
      if (SameSpec(found->second.spec, spec)) return;
      if (const auto* known = registry_.Get()->Find(name)) recorded = *known;
      StopEntry(found->second, [] {});
      state.clusters.erase(found);
    } else if (const auto record = state.records.find(name); record != state.records.end()) {
      recorded = std::move(record->second);
      state.records.erase(record);
    }
    Entry entry{spec, LoopOf(state, name), nullptr, std::make_shared<Guarded<ClusterProgress>>()};
    entry.progress->With([&](ClusterProgress& progress) { progress.cluster = name; });
    entry.synchro = std::make_shared<ClusterSynchro>(
        SharedContext{*writer_, registry_, options_, counters_, openapi_}, *entry.loop,
        std::move(spec), std::move(recorded), entry.progress);
    StartEntry(state, entry);
    state.clusters.insert_or_assign(name, std::move(entry));
  }

  void StartEntry(State& state, const Entry& entry) {
    registry_.Update(entry.synchro->InitialState());
    std::vector<GroupVersionResource> stored;
    if (const auto found = state.stored.find(entry.spec.name); found != state.stored.end())
      stored = found->second;
    entry.loop->Post([weak = std::weak_ptr(entry.synchro), stored = std::move(stored)] {
      const auto synchro = weak.lock();
      if (!synchro) return;
      synchro->SetStored(stored);
      synchro->Start();
    });
  }

  // On the writer's thread. All that is stored is compared with the members, and what was deleted
  // may be there again.
  void OnLostWrites() {
    state_.With([&](State& state) {
      if (state.stopped) return;
      for (const auto& [name, entry] : state.clusters) {
        entry.loop->Post([weak = std::weak_ptr(entry.synchro)] {
          if (const auto synchro = weak.lock()) synchro->Reload();
        });
      }
      writer_->queue().PushJob([this](storage::Store& store) { return CleanUp(store); });
    });
  }

  // On the writer's thread: what earlier runs have left behind.
  Status CleanUp(storage::Store& store) {
    const auto counts = store.CountObjects();
    if (!counts.ok()) return counts.status();
    const auto records = store.LoadClusterRecords();
    if (!records.ok()) return records.status();
    const std::vector<std::string> orphans = state_.With([&](State& state) {
      state.stored.clear();
      for (const storage::ResourceCount& count : *counts)
        state.stored[count.cluster].push_back(count.gvr);
      std::set<std::string> names;
      for (const auto& [name, resources] : state.stored) names.insert(name);
      for (const storage::ClusterRecord& record : *records) names.insert(record.cluster);
      for (const auto& [name, entry] : state.clusters) {
        names.erase(name);
        entry.loop->Post([weak = std::weak_ptr(entry.synchro), stored = state.stored[name]] {
          if (const auto synchro = weak.lock()) synchro->SetStored(stored);
        });
      }
      for (const std::string& name : names) state.stored.erase(name);
      state.records.clear();
      return std::vector<std::string>(names.begin(), names.end());
    });
    for (const std::string& name : orphans) {
      LogInfo("deleting what is stored of cluster " + name + ", which is not configured");
      if (Status status = store.DeleteCluster(name); !status.ok()) return status;
    }
    return {};
  }

  discovery::Registry& registry_;
  const SynchroOptions options_;
  SyncCounters counters_;
  OpenApiShare openapi_{kOpenApiDocuments};
  std::vector<std::unique_ptr<kube::EventLoop>> loops_;
  std::optional<Writer> writer_;
  Guarded<State> state_;
};

SynchroManager::SynchroManager(storage::Store& store, discovery::Registry& registry,
                               SynchroOptions options)
    : core_(std::make_unique<Core>(store, registry, options)) {}

SynchroManager::~SynchroManager() { Stop(); }

void SynchroManager::SetClusters(std::vector<ClusterSpec> clusters) {
  core_->SetClusters(std::move(clusters));
}

void SynchroManager::Stop(std::chrono::milliseconds timeout) { core_->Stop(timeout); }

std::vector<ClusterProgress> SynchroManager::Progress() const { return core_->Progress(); }

const SyncCounters& SynchroManager::counters() const { return core_->counters(); }

}  // namespace pedia::synchro
