#include "storage/writer.h"

#include <algorithm>
#include <chrono>
#include <string>
#include <tuple>
#include <utility>

#include "meta/log.h"
#include "storage/document_writer.h"
#include "storage/object_key.h"
#include "storage/store_history.h"

namespace pedia::storage {
namespace {

constexpr int64_t kKeptTombstones = 100'000;
constexpr int64_t kTombstonesPerPruning = 1'000;
// What the indexes of all databases can hold: cluster and name of 253 bytes, a namespace of 63.
constexpr size_t kMaxKeyBytes = 253 + 1 + 63 + 1 + 253;
constexpr size_t kMaxClusterBytes = 253;

int64_t NowMilliseconds() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

Status CheckCluster(std::string_view cluster) {
  if (!cluster.empty() && IsKeyPart(cluster) && cluster.size() <= kMaxClusterBytes) return Status();
  return BadRequest("'" + std::string(cluster) + "' is not the name of a cluster");
}

Status CheckKey(const Change& change) {
  const ObjectRow& row = change.row;
  if (change.cluster.empty() || !IsKeyPart(change.cluster) || !IsKeyPart(row.name_space))
    return BadRequest("a cluster or namespace has a character that is not allowed");
  if (change.cluster.size() + row.name_space.size() + row.name.size() + 2 > kMaxKeyBytes)
    return BadRequest("the names of an object are too long");
  return Status();
}

// Order and identity of the objects that changes are about.
auto KeyOf(const Change& change) {
  return std::tie(change.gvr, change.cluster, change.row.name_space, change.row.name);
}

// The last change of each object, in key order: neighbours in the tables are written one after the
// other.
Result<std::vector<const Change*>> Sort(std::span<const Change> changes) {
  std::vector<const Change*> sorted;
  sorted.reserve(changes.size());
  for (const Change& change : changes) {
    if (Status status = CheckKey(change); !status.ok()) return status;
    sorted.push_back(&change);
  }
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const Change* a, const Change* b) { return KeyOf(*a) < KeyOf(*b); });
  size_t kept = 0;
  for (size_t i = 0; i < sorted.size(); ++i) {
    if (i + 1 < sorted.size() && KeyOf(*sorted[i]) == KeyOf(*sorted[i + 1])) continue;
    sorted[kept++] = sorted[i];
  }
  sorted.resize(kept);
  return sorted;
}

}  // namespace

template <typename Body>
Result<ApplyResult> StoreWriter::InTransaction(Body body) {
  Transaction transaction;
  Status status = Begin(transaction);
  if (status.ok()) status = body(transaction);
  if (status.ok()) status = Finish(transaction);
  if (!status.ok()) {
    Rollback();
    return status;
  }
  return transaction.result;
}

Status StoreWriter::Begin(Transaction& transaction) {
  const Result<StoreState> state = connection_->BeginWrite();
  if (!state.ok()) return state.status();
  if (!state->IsCurrent()) {
    LogError("another version of pedia has taken over the store; this one no longer writes to it");
    return ServiceUnavailable("another version of pedia has taken over the store");
  }
  transaction.begun = transaction.state = *state;
  if (Status status = CompareWithKnown(transaction.state); !status.ok()) return status;
  if (epoch_ == 0 || transaction.state.epoch != epoch_) BeginEpoch(transaction.state);
  transaction.stamp = {NowMilliseconds(), transaction.state.revision + 1};
  dictionary_.Begin(*connection_, transaction.state);
  return claims_.Refresh(*connection_, transaction.state);
}

Status StoreWriter::CompareWithKnown(StoreState& state) {
  const Result<bool> leads_from_known = LeadsFrom(known_, state, *connection_);
  if (!leads_from_known.ok()) return leads_from_known.status();
  if (*leads_from_known) {
    known_ = state;
    return Status();
  }
  if (!std::exchange(lost_writes_, true)) {
    LogError("the database is at revision " + std::to_string(state.revision) +
             " and has lost writes: it was at revision " + std::to_string(known_.revision) +
             " of another history; all clusters will be listed anew");
  }
  // Others that knew the lost writes see by the epoch where the history parts.
  BeginEpoch(state);
  epoch_ = state.epoch;
  state.revision = std::max(state.revision, known_.revision) + 1;
  state.next_object = std::max(state.next_object, known_.next_object);
  state.next_dictionary = std::max(state.next_dictionary, known_.next_dictionary);
  state.dictionary = std::max(state.dictionary, known_.dictionary) + 1;
  state.pruned = std::max(state.pruned, known_.pruned) + 1;
  return Status();
}

Status StoreWriter::Finish(Transaction& transaction) {
  const ApplyResult& result = transaction.result;
  const bool wrote = result.inserted + result.updated + result.deleted > 0;
  const bool went_back = transaction.state.revision != transaction.begun.revision;
  if (!wrote && !went_back) {
    transaction.result.revision = transaction.begun.revision;
    return connection_->Commit();
  }
  if (wrote) {
    transaction.state.revision = transaction.stamp.revision;
    if (Status status = PruneTombstones(); !status.ok()) return status;
    if (Status status = dictionary_.PruneIfDue(); !status.ok()) return status;
  }
  transaction.result.revision = transaction.state.revision;
  if (transaction.state.epoch != transaction.begun.epoch) {
    Status status = SaveEpoch(transaction.state, *connection_);
    if (!status.ok()) return status;
  }
  if (Status status = WriteState(transaction.state); !status.ok()) return status;
  // Perhaps it takes place although it fails: the next one shall not be mistaken for it.
  epoch_ = 0;
  if (Status status = connection_->Commit(); !status.ok()) return status;
  known_ = transaction.state;
  epoch_ = known_.epoch;
  return Status();
}

Status StoreWriter::WriteState(const StoreState& state) {
  SqlStatement update = connection_->Prepare(
      "UPDATE meta SET revision=?,pruned=?,dictionary=?,next_object=?,next_dictionary=?,epoch=?,"
      "epoch_after=? WHERE id=1");
  return update.BindInt(state.revision)
      .BindInt(state.pruned)
      .BindInt(state.dictionary)
      .BindInt(state.next_object)
      .BindInt(state.next_dictionary)
      .BindInt(state.epoch)
      .BindInt(state.epoch_after)
      .Run();
}

// Ids that the transaction gave to types and keys are gone with it.
void StoreWriter::Rollback() {
  dictionary_.Forget();
  connection_->Rollback();
}

Status StoreWriter::ClaimCluster(std::string_view cluster, std::string_view holder) {
  if (Status status = CheckCluster(cluster); !status.ok()) return status;
  int64_t token = 0;
  const Result<ApplyResult> result = InTransaction([&](Transaction& transaction) -> Status {
    const Result<int64_t> claim =
        claims_.Write(*connection_, cluster, holder, transaction.stamp.synced);
    if (!claim.ok()) return claim.status();
    token = *claim;
    return Status();
  });
  if (!result.ok()) return result.status();
  claims_.Hold(cluster, token);
  return Status();
}

// The clusters whose changes were there.
std::vector<std::string> StoreWriter::LeaveOutFenced(std::vector<const Change*>* changes) const {
  std::vector<std::string> fenced;
  if (!claims_.any_fenced()) return fenced;
  std::erase_if(*changes, [&](const Change* change) {
    if (!claims_.IsFenced(change->cluster)) return false;
    if (std::find(fenced.begin(), fenced.end(), change->cluster) == fenced.end())
      fenced.push_back(change->cluster);
    return true;
  });
  return fenced;
}

Result<ApplyResult> StoreWriter::Apply(std::span<const Change> changes) {
  Result<std::vector<const Change*>> sorted = Sort(changes);
  if (!sorted.ok()) return sorted.status();
  Result<ApplyResult> result = InTransaction([&](Transaction& transaction) -> Status {
    transaction.result.fenced = LeaveOutFenced(&*sorted);
    const Result<std::vector<ObjectWrite>> objects = Resolve(*sorted);
    if (!objects.ok()) return objects.status();
    return WriteObjects(*objects, transaction);
  });
  if (!result.ok()) return result;
  result->lost_writes = std::exchange(lost_writes_, false);
  for (const std::string& cluster : claims_.TakeNewlyFenced()) {
    std::vector<std::string>& fenced = result->fenced;
    if (std::find(fenced.begin(), fenced.end(), cluster) == fenced.end()) fenced.push_back(cluster);
  }
  return result;
}

Result<std::vector<ObjectWrite>> StoreWriter::Resolve(std::span<const Change* const> changes) {
  std::vector<ObjectWrite> objects;
  objects.reserve(changes.size());
  // Neighbours are of one type.
  const GroupVersionResource* gvr = nullptr;
  DictionaryWriter::Type* type = nullptr;
  for (const Change* change : changes) {
    const bool deletion = change->action == Change::Action::kDelete;
    if (gvr == nullptr || change->gvr != *gvr || (type == nullptr && !deletion)) {
      const Result<DictionaryWriter::Type*> found =
          deletion ? dictionary_.Find(change->gvr)
                   : dictionary_.FindOrMake(change->gvr, change->kind);
      if (!found.ok()) return found.status();
      gvr = &change->gvr;
      type = *found;
    }
    if (type == nullptr) continue;
    objects.push_back({deletion ? nullptr : &change->row, change->cluster, type, type->id,
                       ObjectKey(change->cluster, change->row.name_space, change->row.name)});
  }
  return objects;
}

Status StoreWriter::WriteObjects(std::span<const ObjectWrite> objects, Transaction& transaction) {
  if (objects.empty()) return Status();
  WriteBatch batch(*connection_, dictionary_, transaction.state, transaction.stamp);
  Status status = batch.Write(objects, &transaction.result);
  tombstones_since_pruning_ += transaction.result.deleted;
  return status;
}

Result<int64_t> StoreWriter::DeleteSome(std::string_view cluster, const GroupVersionResource* gvr,
                                        int64_t limit) {
  const Result<ApplyResult> result = InTransaction([&](Transaction& transaction) -> Status {
    if (Status status = claims_.Check(cluster); !status.ok()) return status;
    const Result<std::vector<ObjectWrite>> found = FindSome(cluster, gvr, limit);
    if (!found.ok()) return found.status();
    return WriteObjects(*found, transaction);
  });
  if (!result.ok()) return result.status();
  return result->deleted;
}

Result<std::vector<ObjectWrite>> StoreWriter::FindSome(std::string_view cluster,
                                                       const GroupVersionResource* gvr,
                                                       int64_t limit) {
  const KeyRange range = KeyRange::Cluster(cluster);
  SqlStatement find = connection_->Prepare(
      std::string("SELECT o.type_id,o.okey FROM types t") + connection_->dialect().ordered_join +
      "objects o WHERE o.type_id=t.type_id AND o.okey>? AND o.okey<?" +
      (gvr == nullptr ? "" : " AND t.grp=? AND t.version=? AND t.resource=?") + " LIMIT ?");
  find.BindText(range.low).BindText(range.high);
  if (gvr != nullptr) find.BindText(gvr->group).BindText(gvr->version).BindText(gvr->resource);
  find.BindInt(limit);
  std::vector<ObjectWrite> found;
  while (find.Step())
    found.push_back({nullptr, {}, nullptr, find.Int(0), std::string(find.Text(1))});
  if (!find.ok()) return find.status();
  std::sort(found.begin(), found.end(), [](const ObjectWrite& a, const ObjectWrite& b) {
    return std::tie(a.type_id, a.okey) < std::tie(b.type_id, b.okey);
  });
  return found;
}

// The oldest beyond kKeptTombstones, whole transactions of them.
Status StoreWriter::PruneTombstones() {
  if (tombstones_since_pruning_ < kTombstonesPerPruning) return Status();
  tombstones_since_pruning_ = 0;
  SqlStatement cut = connection_->Prepare(
      "SELECT revision FROM tombstones ORDER BY revision DESC LIMIT 1 OFFSET ?");
  if (!cut.BindInt(kKeptTombstones).Step()) return cut.status();
  const int64_t revision = cut.Int(0);
  cut.Reset();
  return connection_->Prepare("DELETE FROM tombstones WHERE revision<?").BindInt(revision).Run();
}

Status StoreWriter::SaveClusterRecord(const ClusterRecord& record,
                                      std::span<const NamedDocument> documents) {
  const Result<ApplyResult> result = InTransaction([&](Transaction&) -> Status {
    if (Status status = claims_.Check(record.cluster); !status.ok()) return status;
    SqlStatement find = connection_->Prepare("SELECT 1 FROM clusters WHERE cluster=?");
    const bool known = find.BindText(record.cluster).Step();
    if (!find.ok()) return find.status();
    find.Reset();
    const std::vector<SqlParameter> row = {TextView{record.cluster}, TextView{record.document}};
    static constexpr size_t kDocument = 1;
    Status status = known ? connection_->Update(kClustersTable, std::span(&kDocument, 1), row)
                          : connection_->Insert(kClustersTable, row);
    if (!status.ok()) return status;
    return SaveDocuments(*connection_, record.cluster, record.documents, documents);
  });
  return result.ok() ? Status() : result.status();
}

Status StoreWriter::DeleteClusterRecord(std::string_view cluster) {
  const Result<ApplyResult> result = InTransaction([&](Transaction&) -> Status {
    Status status = claims_.Check(cluster);
    if (status.ok()) status = SaveDocuments(*connection_, cluster, {}, {});
    if (!status.ok()) return status;
    return connection_->Delete(kClustersTable, std::vector<SqlParameter>{TextView{cluster}});
  });
  return result.ok() ? Status() : result.status();
}

}  // namespace pedia::storage
