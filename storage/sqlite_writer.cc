#include "storage/sqlite_writer.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "meta/log.h"
#include "storage/object_key.h"
#include "storage/sqlite_columns.h"
#include "storage/sqlite_schema.h"

namespace pedia::storage {
namespace {

constexpr int64_t kKeptTombstones = 100'000;
constexpr int64_t kTombstonesPerPruning = 1'000;

int64_t NowMilliseconds() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

std::string_view ClusterOf(std::string_view okey) { return okey.substr(0, okey.find('!')); }

std::string_view NamespaceOf(std::string_view okey) {
  const size_t start = okey.find('!') + 1;
  return okey.substr(start, okey.find('!', start) - start);
}

}  // namespace

SqliteWriter::SqliteWriter(std::unique_ptr<SqliteConnection> connection)
    : connection_(std::move(connection)), types_(*connection_) {}

template <typename Body>
Result<ApplyResult> SqliteWriter::InTransaction(Body body) {
  Transaction transaction;
  if (Status status = Begin(transaction); !status.ok()) return status;
  Status status = body(transaction);
  if (status.ok()) status = Finish(transaction);
  if (!status.ok()) {
    Rollback();
    return status;
  }
  return transaction.result;
}

Status SqliteWriter::Begin(Transaction& transaction) {
  if (Status status = connection_->Prepare("BEGIN IMMEDIATE").Run(); !status.ok()) return status;
  const Result<StoreState> state = ReadStoreState(*connection_);
  if (!state.ok() || !state->IsCurrent()) {
    Rollback();
    if (!state.ok()) return state.status();
    LogError("another version of pedia has taken over the store; this one no longer writes to it");
    return ServiceUnavailable("another version of pedia has taken over the store");
  }
  transaction.result.revision = state->revision + 1;
  transaction.synced = NowMilliseconds();
  types_.Begin(state->pruned);
  return Status();
}

Status SqliteWriter::Finish(Transaction& transaction) {
  if (transaction.wrote) {
    if (Status status = WriteScopes(transaction); !status.ok()) return status;
    if (Status status = PruneTombstones(); !status.ok()) return status;
    if (Status status = types_.PruneIfDue(); !status.ok()) return status;
    SqliteStatement revision = connection_->Prepare("UPDATE meta SET revision=? WHERE id=1");
    if (Status status = revision.BindInt(transaction.result.revision).Run(); !status.ok())
      return status;
  } else {
    --transaction.result.revision;
  }
  return connection_->Prepare("COMMIT").Run();
}

// Ids that the transaction gave to types and keys are gone with it.
void SqliteWriter::Rollback() {
  types_.Forget();
  (void)connection_->Execute("ROLLBACK");
}

Result<ApplyResult> SqliteWriter::Apply(std::span<const Change> changes) {
  return InTransaction([&](Transaction& transaction) -> Status {
    Result<std::vector<Item>> items = Sort(changes);
    if (!items.ok()) return items.status();
    for (const Item& item : *items) {
      if (Status status = Write(item, transaction); !status.ok()) return status;
    }
    return transaction.entries.Write(*connection_);  // While the items live.
  });
}

// The last change of each object, in key order: neighbours in the tables are written one after the
// other.
Result<std::vector<SqliteWriter::Item>> SqliteWriter::Sort(std::span<const Change> changes) {
  std::vector<Item> items;
  items.reserve(changes.size());
  for (const Change& change : changes) {
    const ObjectRow& row = change.row;
    if (change.cluster.empty() || !IsKeyPart(change.cluster) || !IsKeyPart(row.name_space)) {
      return BadRequest("a cluster or namespace has a character that is not allowed");
    }
    const bool deletion = change.action == Change::Action::kDelete;
    const Result<SqliteTypes::Type*> type =
        deletion ? types_.Find(change.gvr) : types_.FindOrMake(change.gvr, change.kind);
    if (!type.ok()) return type.status();
    if (*type == nullptr) continue;
    items.push_back({&change, *type, ObjectKey(change.cluster, row.name_space, row.name)});
  }
  const auto same_object = [](const Item& a, const Item& b) {
    return a.type == b.type && a.okey == b.okey;
  };
  std::stable_sort(items.begin(), items.end(), [](const Item& a, const Item& b) {
    return a.type->id != b.type->id ? a.type->id < b.type->id : a.okey < b.okey;
  });
  size_t kept = 0;
  for (size_t i = 0; i < items.size(); ++i) {
    if (i + 1 < items.size() && same_object(items[i], items[i + 1])) continue;
    if (kept != i) items[kept] = std::move(items[i]);
    ++kept;
  }
  items.erase(items.begin() + static_cast<std::ptrdiff_t>(kept), items.end());
  return items;
}

Result<std::optional<SqliteWriter::StoredObject>> SqliteWriter::FindObject(int64_t type_id,
                                                                           std::string_view okey) {
  SqliteStatement find = connection_->Prepare(
      "SELECT id,rv,owner_uid,created FROM objects WHERE type_id=? AND okey=?");
  find.BindInt(type_id).BindText(okey);
  if (!find.Step()) {
    if (!find.ok()) return find.status();
    return std::optional<StoredObject>();
  }
  StoredObject stored{find.Int(0), std::string(find.Text(1)), std::string(find.Text(2)),
                      std::nullopt};
  if (!find.IsNull(3)) stored.created = find.Int(3);
  return std::optional(std::move(stored));
}

Status SqliteWriter::Write(const Item& item, Transaction& transaction) {
  const Result<std::optional<StoredObject>> stored = FindObject(item.type->id, item.okey);
  if (!stored.ok()) return stored.status();
  if (item.change->action == Change::Action::kDelete) {
    if (!*stored) return Status();
    return Delete(item.type->id, (*stored)->id, item.okey, transaction);
  }
  return *stored ? Update(item, **stored, transaction) : Insert(item, transaction);
}

Status SqliteWriter::Insert(const Item& item, Transaction& transaction) {
  const ObjectRow& row = item.change->row;
  const Result<std::vector<KeyedValue>> keyed = types_.Pack(*item.type, row.entries);
  if (!keyed.ok()) return keyed.status();
  SqliteStatement object = connection_->Prepare(
      "INSERT INTO objects(uid,rv,rv_number,deleted,owner_uid,created,synced,revision,"
      "type_id,okey,cluster,namespace,name) VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?) RETURNING id");
  BindPlainColumns(row, object);
  BindIndexedColumns(row, object);
  object.BindInt(transaction.synced).BindInt(transaction.result.revision);
  object.BindInt(item.type->id).BindText(item.okey).BindText(item.change->cluster);
  object.BindText(row.name_space).BindText(row.name);
  transaction.wrote = true;
  if (!object.Step()) return object.ok() ? InternalError("an insert gave no id") : object.status();
  const int64_t id = object.Int(0);
  if (Status status = object.Run(); !status.ok()) return status;

  const std::string packed = PackEntries(*keyed);
  SqliteStatement body = connection_->Prepare("INSERT INTO bodies(id,entries,body) VALUES(?,?,?)");
  if (Status status = body.BindInt(id).BindBlob(packed).BindBlob(row.body).Run(); !status.ok())
    return status;
  transaction.entries.Compare({}, *keyed, item.okey, id);
  CountScope(item.type->id, item.change->cluster, row.name_space, 1, transaction);
  ++transaction.result.inserted;
  return Status();
}

Status SqliteWriter::Update(const Item& item, const StoredObject& stored,
                            Transaction& transaction) {
  const ObjectRow& row = item.change->row;
  if (stored.resource_version == row.resource_version) {  // Else the bodies differ.
    const Result<bool> unchanged = HasBody(stored.id, row.body);
    if (!unchanged.ok()) return unchanged.status();
    if (*unchanged) return Status();
  }
  const Result<std::vector<KeyedValue>> keyed = types_.Pack(*item.type, row.entries);
  if (!keyed.ok()) return keyed.status();
  transaction.wrote = true;
  SqliteStatement object = connection_->Prepare(
      "UPDATE objects SET uid=?,rv=?,rv_number=?,deleted=?,synced=?,revision=? WHERE id=?");
  BindPlainColumns(row, object);
  object.BindInt(transaction.synced).BindInt(transaction.result.revision).BindInt(stored.id);
  if (Status status = object.Run(); !status.ok()) return status;
  if (stored.created != CreatedOf(row) || stored.owner_uid != row.owner_uid) {
    SqliteStatement indexed =
        connection_->Prepare("UPDATE objects SET owner_uid=?,created=? WHERE id=?");
    BindIndexedColumns(row, indexed);
    if (Status status = indexed.BindInt(stored.id).Run(); !status.ok()) return status;
  }
  {
    SqliteStatement old = connection_->Prepare("SELECT entries FROM bodies WHERE id=?");
    old.BindInt(stored.id);
    if (!old.Step()) return old.ok() ? InternalError("an object has no body") : old.status();
    transaction.entries.Compare(old.Text(0), *keyed, item.okey, stored.id);
  }
  const std::string packed = PackEntries(*keyed);
  SqliteStatement body = connection_->Prepare("UPDATE bodies SET entries=?,body=? WHERE id=?");
  if (Status s = body.BindBlob(packed).BindBlob(row.body).BindInt(stored.id).Run(); !s.ok())
    return s;
  ++transaction.result.updated;
  return Status();
}

Result<bool> SqliteWriter::HasBody(int64_t id, std::string_view body) {
  SqliteStatement stored = connection_->Prepare("SELECT length(body),body FROM bodies WHERE id=?");
  stored.BindInt(id);
  if (!stored.Step()) return stored.ok() ? InternalError("an object has no body") : stored.status();
  return stored.Int(0) == static_cast<int64_t>(body.size()) && stored.Text(1) == body;
}

Status SqliteWriter::Delete(int64_t type_id, int64_t id, std::string_view okey,
                            Transaction& transaction) {
  transaction.wrote = true;
  {
    SqliteStatement old = connection_->Prepare("SELECT entries FROM bodies WHERE id=?");
    old.BindInt(id);
    if (!old.Step()) return old.ok() ? InternalError("an object has no body") : old.status();
    transaction.entries.Compare(old.Text(0), {}, okey, id);
  }
  for (const char* sql : {"DELETE FROM bodies WHERE id=?", "DELETE FROM objects WHERE id=?"}) {
    if (Status status = connection_->Prepare(sql).BindInt(id).Run(); !status.ok()) return status;
  }
  SqliteStatement tombstone =
      connection_->Prepare("INSERT INTO tombstones(revision,type_id,okey) VALUES(?,?,?)");
  tombstone.BindInt(transaction.result.revision).BindInt(type_id).BindText(okey);
  if (Status status = tombstone.Run(); !status.ok()) return status;
  ++tombstones_since_pruning_;
  CountScope(type_id, ClusterOf(okey), NamespaceOf(okey), -1, transaction);
  ++transaction.result.deleted;
  return Status();
}

Result<int64_t> SqliteWriter::DeleteSome(std::string_view cluster, const GroupVersionResource* gvr,
                                         int64_t limit) {
  struct Found {
    int64_t type_id;
    int64_t id;
    std::string okey;
  };
  const KeyRange range = KeyRange::Cluster(cluster);
  const auto remove = [&](Transaction& transaction) -> Status {
    std::vector<Found> found;
    {
      const std::string sql =
          std::string(
              "SELECT o.type_id,o.id,o.okey FROM types t CROSS JOIN objects o "
              "WHERE o.type_id=t.type_id AND o.okey>? AND o.okey<?") +
          (gvr == nullptr ? "" : " AND t.grp=? AND t.version=? AND t.resource=?") + " LIMIT ?";
      SqliteStatement find = connection_->Prepare(sql);
      find.BindText(range.low).BindText(range.high);
      if (gvr != nullptr) find.BindText(gvr->group).BindText(gvr->version).BindText(gvr->resource);
      find.BindInt(limit);
      while (find.Step()) found.push_back({find.Int(0), find.Int(1), std::string(find.Text(2))});
      if (!find.ok()) return find.status();
    }
    for (const Found& object : found) {
      Status status = Delete(object.type_id, object.id, object.okey, transaction);
      if (!status.ok()) return status;
    }
    return transaction.entries.Write(*connection_);
  };
  const Result<ApplyResult> result = InTransaction(remove);
  if (!result.ok()) return result.status();
  return result->deleted;
}

void SqliteWriter::CountScope(int64_t type_id, std::string_view cluster,
                              std::string_view name_space, int64_t objects,
                              Transaction& transaction) {
  std::vector<ScopeChange>& scopes = transaction.scopes;
  if (scopes.empty() || scopes.back().type_id != type_id || scopes.back().cluster != cluster ||
      scopes.back().name_space != name_space) {
    scopes.push_back({type_id, std::string(cluster), std::string(name_space), 0});
  }
  scopes.back().objects += objects;
}

Status SqliteWriter::WriteScopes(const Transaction& transaction) {
  SqliteStatement count = connection_->Prepare(
      "INSERT INTO scopes(type_id,cluster,namespace,n) VALUES(?,?,?,?) "
      "ON CONFLICT(type_id,cluster,namespace) DO UPDATE SET n=n+excluded.n");
  SqliteStatement remove = connection_->Prepare(
      "DELETE FROM scopes WHERE type_id=? AND cluster=? AND namespace=? AND n<=0");
  for (const ScopeChange& scope : transaction.scopes) {
    count.BindInt(scope.type_id)
        .BindText(scope.cluster)
        .BindText(scope.name_space)
        .BindInt(scope.objects);
    if (Status status = count.Run(); !status.ok()) return status;
    if (scope.objects >= 0) continue;
    remove.BindInt(scope.type_id).BindText(scope.cluster).BindText(scope.name_space);
    if (Status status = remove.Run(); !status.ok()) return status;
  }
  return Status();
}

Status SqliteWriter::PruneTombstones() {
  if (tombstones_since_pruning_ < kTombstonesPerPruning) return Status();
  tombstones_since_pruning_ = 0;
  SqliteStatement prune =
      connection_->Prepare("DELETE FROM tombstones WHERE id<=(SELECT max(id) FROM tombstones)-?");
  return prune.BindInt(kKeptTombstones).Run();
}

Status SqliteWriter::SaveClusterRecord(const ClusterRecord& record) {
  SqliteStatement save = connection_->Prepare(
      "INSERT INTO clusters(cluster,document) VALUES(?,?) "
      "ON CONFLICT(cluster) DO UPDATE SET document=excluded.document");
  return save.BindText(record.cluster).BindText(record.document).Run();
}

Status SqliteWriter::DeleteClusterRecord(std::string_view cluster) {
  return connection_->Prepare("DELETE FROM clusters WHERE cluster=?").BindText(cluster).Run();
}

void SqliteWriter::Truncate() {
  (void)connection_->Prepare("PRAGMA wal_checkpoint(TRUNCATE)").Run();
}

}  // namespace pedia::storage
