#include "synchro/synchro_manager.h"

#include <algorithm>

#include "meta/log.h"
#include "meta/time.h"
#include "synchro/cluster_conditions.h"
#include "synchro/synchro_manager_core.h"

namespace pedia::synchro {
namespace {

constexpr int kOpenApiDocuments = 2;  // At a time, whatever cluster they are of.

bool SameConnection(const ClusterSpec& a, const ClusterSpec& b) {
  if (a.config.ok() != b.config.ok()) return false;
  return a.config.ok() ? *a.config == *b.config
                       : a.config.status().message() == b.config.status().message();
}

bool SameRules(const ClusterSpec& a, const ClusterSpec& b) {
  return a.sync_resources == b.sync_resources &&
         a.sync_all_custom_resources == b.sync_all_custom_resources && a.skip == b.skip &&
         a.invalid_sync_resources == b.invalid_sync_resources && a.warning == b.warning;
}

// What is known of a cluster before it may be read.
discovery::ClusterState KnownState(const ClusterSpec& spec, discovery::ClusterState recorded) {
  ClusterFacts facts;
  if (!spec.config.ok()) facts.config_error = spec.config.status().message();
  facts.invalid_sync_resources = spec.invalid_sync_resources;
  facts.warning = spec.warning;
  recorded.name = spec.name;
  recorded.conditions = BuildConditions(facts, recorded.conditions, UnixNow());
  return recorded;
}

}  // namespace

discovery::ClusterState ParseRecord(const std::string& cluster, const std::string& document) {
  auto state = discovery::ClusterStateFromJson(document);
  if (!state.ok()) state = discovery::ClusterState{};
  state->name = cluster;
  return *std::move(state);
}

SynchroManager::Core::Core(storage::Store& store, discovery::Registry& registry,
                           const SynchroOptions& options, ClusterHooks hooks)
    : registry_(registry),
      options_(options),
      hooks_(std::move(hooks)),
      openapi_(kOpenApiDocuments) {
  for (int i = 0; i < std::max(1, options_.loops); ++i)
    loops_.push_back(std::make_unique<kube::EventLoop>());
  LoadRecords(store);
  writer_.emplace(store, options_, counters_,
                  Writer::Hooks{[this] { OnLostWrites(); },
                                [this](const std::string& name) { OnFenced(name); }});
}

void SynchroManager::Core::LoadRecords(storage::Store& store) {
  const auto records = store.LoadClusterRecords();
  if (!records.ok())
    return LogWarning("cannot read what is known of the clusters: " + records.status().message());
  state_.With([&](State& state) {
    for (const storage::ClusterRecord& record : *records)
      state.records.insert_or_assign(record.cluster, ParseRecord(record.cluster, record.document));
  });
}

void SynchroManager::Core::SetClusters(std::vector<ClusterSpec> run,
                                       std::set<std::string> elsewhere,
                                       std::set<std::string> deleted) {
  state_.With([&](State& state) {
    if (state.stopped) return;
    std::set<std::string> here;
    for (const ClusterSpec& spec : run) here.insert(spec.name);
    Release(state, elsewhere);
    DeleteOthers(state, here);
    for (const std::string& name : deleted) {
      if (!state.deletions.contains(name)) Delete(state, name);
    }
    std::erase_if(state.deletions, [&](const auto& deletion) {
      return deletion.second.done && !deleted.contains(deletion.first);
    });
    for (ClusterSpec& spec : run) SetCluster(state, std::move(spec));
    state.elsewhere = std::move(elsewhere);
    if (!state.cleaned) state.cleaned = CleanUpSoon(state);
  });
}

void SynchroManager::Core::Stop(std::chrono::milliseconds timeout) {
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

std::vector<ClusterProgress> SynchroManager::Core::Progress() const {
  return state_.With([](const State& state) {
    std::vector<ClusterProgress> all;
    for (const auto& [name, entry] : state.clusters) {
      all.push_back(entry.progress->With([](const ClusterProgress& progress) { return progress; }));
    }
    return all;
  });
}

SynchroReport SynchroManager::Core::Report(const std::string& cluster,
                                           std::chrono::milliseconds timeout) const {
  ReportRound round;
  state_.With([&](const State& state) {
    for (const auto& [name, entry] : state.clusters) {
      if (!cluster.empty() && name != cluster) continue;
      const auto loop =
          std::ranges::find(loops_, entry.loop, &std::unique_ptr<kube::EventLoop>::get);
      round.Ask(name, static_cast<int>(loop - loops_.begin()), *entry.loop, entry.synchro);
    }
  });
  return {writer_->Report(), round.Wait(timeout)};
}

kube::EventLoop* SynchroManager::Core::LoopOf(State& state, const std::string& cluster) {
  const auto [found, inserted] = state.loop_of.try_emplace(cluster, nullptr);
  if (inserted) found->second = loops_[(state.loop_of.size() - 1) % loops_.size()].get();
  return found->second;
}

SynchroManager::Core::Entry* SynchroManager::Core::Find(State& state, const std::string& name,
                                                        uint64_t id) {
  const auto found = state.clusters.find(name);
  return found == state.clusters.end() || found->second.id != id ? nullptr : &found->second;
}

std::future<void> SynchroManager::Core::StopEntry(Entry& entry, std::function<void()> after) {
  auto done = std::make_shared<std::promise<void>>();
  std::future<void> future = done->get_future();
  entry.loop->Post([synchro = std::move(entry.synchro), done, after = std::move(after)]() mutable {
    if (synchro) synchro->Stop();
    synchro.reset();
    after();
    done->set_value();
  });
  return future;
}

// Of those that others sync from now on.
void SynchroManager::Core::Release(State& state, const std::set<std::string>& elsewhere) {
  const auto known = registry_.Get();
  for (const std::string& name : elsewhere) {
    state.records.erase(name);
    if (known->Find(name) != nullptr) registry_.Remove(name);
    const auto found = state.clusters.find(name);
    const bool ran = found != state.clusters.end();
    if (ran) {
      LogInfo("cluster " + name + " is synced elsewhere from now on");
      StopEntry(found->second, [this, name] {
        registry_.Remove(name);
        PushReleased(name);
      });
      state.clusters.erase(found);
    }
    const auto deletion = state.deletions.find(name);
    if (deletion == state.deletions.end()) continue;
    if (!deletion->second.done && !ran) PushReleased(name);
    state.deletions.erase(deletion);
  }
}

// Said when all that was read before is written.
void SynchroManager::Core::PushReleased(const std::string& name) {
  writer_->queue().PushJob([this, name](storage::Store&) {
    if (hooks_.released) hooks_.released(name);
    return Status();
  });
}

void SynchroManager::Core::DeleteOthers(State& state, const std::set<std::string>& here) {
  std::vector<std::string> gone;
  for (const auto& [name, entry] : state.clusters) {
    if (!here.contains(name)) gone.push_back(name);
  }
  for (const std::string& name : gone) Delete(state, name);
}

// After the last change that was read of it here, and before anything of a new cluster of that name.
void SynchroManager::Core::Delete(State& state, const std::string& name) {
  LogInfo("cluster " + name + " is gone; deleting what is stored of it");
  state.records.erase(name);
  registry_.Remove(name);
  const uint64_t id = ++state.last_id;
  state.deletions.insert_or_assign(name, Deletion{id, false});
  const auto found = state.clusters.find(name);
  bool claimed = found != state.clusters.end() && found->second.claimed;
  const auto push = [this, name, id, claimed] {
    registry_.Remove(name);
    writer_->queue().PushJob([this, name, id, claimed = claimed](storage::Store& store) mutable {
      return RunDeletion(store, name, id, &claimed);
    });
  };
  if (found == state.clusters.end()) return LoopOf(state, name)->Post(push);
  StopEntry(found->second, push);
  state.clusters.erase(found);
}

void SynchroManager::Core::SetCluster(State& state, ClusterSpec spec) {
  const std::string name = spec.name;
  Entry entry{++state.last_id,
              spec,
              {},
              LoopOf(state, name),
              false,
              nullptr,
              std::make_shared<Guarded<ClusterProgress>>()};
  entry.progress->With([&](ClusterProgress& progress) { progress.cluster = name; });
  if (const auto found = state.clusters.find(name); found != state.clusters.end()) {
    Entry& current = found->second;
    if (SameConnection(current.spec, spec)) {
      if (!SameRules(current.spec, spec)) SetRules(current, std::move(spec));
      return;
    }
    KeepRules(current, &entry);
    entry.claimed = current.claimed;
    StopEntry(current, [] {});
    state.clusters.erase(found);
  } else {
    const auto record = state.records.extract(name);
    if (!record.empty()) registry_.Update(KnownState(spec, record.mapped()));
    if (record.empty() && !spec.config.ok()) registry_.Update(KnownState(spec, {}));
  }
  // After what an earlier synchro of the cluster has pushed.
  entry.loop->Post([this, name, id = entry.id] { PushStart(name, id); });
  state.clusters.insert_or_assign(name, std::move(entry));
}

void SynchroManager::Core::SetRules(Entry& current, ClusterSpec spec) {
  Entry next{current.id, spec, {}, current.loop, current.claimed, {}, {}};
  KeepRules(current, &next);
  current.spec = std::move(next.spec);
  current.rules = std::move(next.rules);
  current.loop->Post([weak = std::weak_ptr(current.synchro), spec = std::move(spec)] {
    if (const auto synchro = weak.lock()) synchro->SetRules(spec);
  });
}

// Rules that cannot be understood change nothing of what is synced.
void SynchroManager::Core::KeepRules(Entry& current, Entry* next) {
  if (!next->spec.invalid_sync_resources) return;
  if (!current.spec.invalid_sync_resources) {
    next->rules = std::move(current.spec);
  } else {
    next->rules = std::move(current.rules);
  }
}

void SynchroManager::Core::PushStart(const std::string& name, uint64_t id) {
  writer_->queue().PushJob(
      [this, name, id](storage::Store& store) { return Start(store, name, id); });
}

bool SynchroManager::Core::CleanUpSoon(State& state) {
  if (state.clusters.empty() && state.elsewhere.empty()) {
    if (!std::exchange(state.blank_told, true))
      LogWarning("there are no clusters: what is stored of earlier ones stays");
    return false;
  }
  writer_->queue().PushJob([this](storage::Store& store) { return CleanUp(store); });
  return true;
}

SynchroManager::SynchroManager(storage::Store& store, discovery::Registry& registry,
                               SynchroOptions options, ClusterHooks hooks)
    : core_(std::make_unique<Core>(store, registry, options, std::move(hooks))) {}

SynchroManager::~SynchroManager() { Stop(); }

void SynchroManager::SetClusters(std::vector<ClusterSpec> run, std::set<std::string> elsewhere,
                                 std::set<std::string> deleted) {
  core_->SetClusters(std::move(run), std::move(elsewhere), std::move(deleted));
}

void SynchroManager::Stop(std::chrono::milliseconds timeout) { core_->Stop(timeout); }

std::vector<ClusterProgress> SynchroManager::Progress() const { return core_->Progress(); }

const SyncCounters& SynchroManager::counters() const { return core_->counters(); }

std::map<SeriesLabels, WriteSeries> SynchroManager::WrittenSeries() const {
  return core_->writer().statistics().Read();
}

WriterReport SynchroManager::ReportWriter() const { return core_->writer().Report(); }

SynchroReport SynchroManager::Report(const std::string& cluster,
                                     std::chrono::milliseconds timeout) const {
  return core_->Report(cluster, timeout);
}

}  // namespace pedia::synchro
