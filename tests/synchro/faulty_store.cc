#include "tests/synchro/faulty_store.h"

#include <functional>
#include <string_view>
#include <thread>

namespace pedia::synchro {
namespace {

Status Outage() { return ServiceUnavailable("the store is away"); }

std::string PrefixOf(std::string_view cluster) { return std::string(cluster) + "|"; }
std::string PrefixOf(std::string_view cluster, const GroupVersionResource& gvr) {
  return PrefixOf(cluster) + gvr.ToString() + "|";
}
std::string KeyOf(const storage::Change& change) {
  return PrefixOf(change.cluster, change.gvr) + change.row.name_space + "/" + change.row.name;
}

bool Happens(double odds, std::mt19937_64& random) {
  return std::uniform_real_distribution<double>(0, 1)(random) < odds;
}

}  // namespace

void FaultyStore::SetFaults(const StoreFaults& faults) {
  state_.With([&](State& state) { state.faults = faults; });
}

int64_t FaultyStore::offered() const {
  return state_.With([](const State& state) { return state.offered; });
}

int64_t FaultyStore::needless() const {
  return state_.With([](const State& state) { return state.needless; });
}

FaultyStore::Fate FaultyStore::Roll() {
  if (is_away_) return Fate::kRefused;
  return state_.With([](State& state) {
    if (Happens(state.faults.refuse, state.random)) return Fate::kRefused;
    return Happens(state.faults.lose_answer, state.random) ? Fate::kAnswerLost : Fate::kWell;
  });
}

bool FaultyStore::RollLostWrites() {
  return state_.With([](State& state) { return Happens(state.faults.lose_writes, state.random); });
}

template <typename F>
auto FaultyStore::Faulty(F call) -> decltype(call()) {
  const Fate fate = Roll();
  if (fate == Fate::kRefused) return Outage();
  auto result = call();
  if (fate == Fate::kAnswerLost) return Outage();
  return result;
}

void FaultyStore::CountOffered(std::span<const storage::Change> changes) {
  state_.With([&](State& state) {
    state.offered += static_cast<int64_t>(changes.size());
    for (const storage::Change& change : changes) {
      if (change.action == storage::Change::Action::kDelete) continue;
      const auto last = state.written.find(KeyOf(change));
      if (last != state.written.end() &&
          last->second == std::hash<std::string_view>()(change.row.body))
        ++state.needless;
    }
  });
}

void FaultyStore::Remember(std::span<const storage::Change> changes, bool known) {
  state_.With([&](State& state) {
    for (const storage::Change& change : changes) {
      state.written.erase(KeyOf(change));
      if (known && change.action == storage::Change::Action::kUpsert)
        state.written[KeyOf(change)] = std::hash<std::string_view>()(change.row.body);
    }
  });
}

void FaultyStore::Forget(const std::string& prefix) {
  state_.With([&](State& state) {
    std::erase_if(state.written,
                  [&](const auto& entry) { return entry.first.starts_with(prefix); });
  });
}

Result<storage::ApplyResult> FaultyStore::Apply(std::span<const storage::Change> changes) {
  const auto delay = state_.With([](State& state) { return state.faults.delay; });
  if (delay.count() > 0) std::this_thread::sleep_for(delay);
  const Fate fate = Roll();
  if (fate == Fate::kRefused) return Outage();
  CountOffered(changes);
  Result<storage::ApplyResult> result = store_->Apply(changes);
  Remember(changes, result.ok() && fate == Fate::kWell);
  if (fate == Fate::kAnswerLost) return Outage();
  if (result.ok() && RollLostWrites()) result->lost_writes = true;
  return result;
}

Status FaultyStore::ClaimCluster(std::string_view cluster, std::string_view holder) {
  return Faulty([&] { return store_->ClaimCluster(cluster, holder); });
}

Status FaultyStore::DeleteCluster(std::string_view cluster) {
  Forget(PrefixOf(cluster));
  return Faulty([&] { return store_->DeleteCluster(cluster); });
}

Status FaultyStore::DeleteResource(std::string_view cluster, const GroupVersionResource& gvr) {
  if (cannot_delete_) return ServiceUnavailable("cannot delete");
  Forget(PrefixOf(cluster, gvr));
  return Faulty([&] { return store_->DeleteResource(cluster, gvr); });
}

Status FaultyStore::SaveClusterRecord(const storage::ClusterRecord& record,
                                      std::span<const storage::NamedDocument> documents) {
  return Faulty([&] { return store_->SaveClusterRecord(record, documents); });
}

Result<std::string> FaultyStore::LoadDocument(std::string_view name) {
  return Faulty([&] { return store_->LoadDocument(name); });
}

Result<std::vector<storage::ClusterRecord>> FaultyStore::LoadClusterRecords() {
  return Faulty([&] { return store_->LoadClusterRecords(); });
}

Result<storage::StoredCluster> FaultyStore::LoadCluster(std::string_view cluster) {
  return Faulty([&] { return store_->LoadCluster(cluster); });
}

Status FaultyStore::LoadVersions(std::string_view cluster, const GroupVersionResource& gvr,
                                 const std::function<bool(const storage::StoredVersion&)>& row) {
  return Faulty([&] { return store_->LoadVersions(cluster, gvr, row); });
}

Result<std::vector<storage::ResourceCount>> FaultyStore::CountObjects() {
  return Faulty([&] { return store_->CountObjects(); });
}

}  // namespace pedia::synchro
