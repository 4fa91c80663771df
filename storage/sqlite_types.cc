#include "storage/sqlite_types.h"

#include <sqlite3.h>

#include <algorithm>

namespace pedia::storage {
namespace {

// What is in use at a time are some hundreds.
constexpr size_t kMaxRemembered = 20'000;

// The value in the only row that `find` gives.
Result<int64_t> IdOf(SqliteStatement& find, const char* what) {
  if (find.Step()) return find.Int(0);
  return find.ok() ? InternalError(std::string(what) + " vanished") : find.status();
}

Result<int64_t> CountKeySets(SqliteConnection& connection) {
  SqliteStatement count = connection.Prepare("SELECT count(*) FROM key_sets");
  return IdOf(count, "a count");
}

}  // namespace

void SqliteTypes::Begin(int64_t pruned) {
  if (pruned != pruned_ || remembered_ > kMaxRemembered) Forget();
  pruned_ = pruned;
}

void SqliteTypes::Forget() {
  types_.clear();
  remembered_ = 0;
}

Result<SqliteTypes::Type*> SqliteTypes::Find(const GroupVersionResource& gvr) {
  const auto known = types_.find(gvr);
  if (known != types_.end()) return &known->second;
  SqliteStatement find =
      connection_.Prepare("SELECT type_id FROM types WHERE grp=? AND version=? AND resource=?");
  find.BindText(gvr.group).BindText(gvr.version).BindText(gvr.resource);
  if (!find.Step()) {
    if (!find.ok()) return find.status();
    return static_cast<Type*>(nullptr);
  }
  Type& type = types_[gvr];
  type.id = find.Int(0);
  return &type;
}

Result<SqliteTypes::Type*> SqliteTypes::FindOrMake(const GroupVersionResource& gvr,
                                                   std::string_view kind) {
  Result<Type*> found = Find(gvr);
  if (!found.ok() || *found != nullptr) return found;
  SqliteStatement insert =
      connection_.Prepare("INSERT INTO types(grp,version,resource,kind) VALUES(?,?,?,?)");
  insert.BindText(gvr.group).BindText(gvr.version).BindText(gvr.resource).BindText(kind);
  if (Status status = insert.Run(); !status.ok()) return status;
  return Find(gvr);
}

Result<int64_t> SqliteTypes::FindOrMakeKey(Type& type, const std::string& path) {
  const auto known = type.keys.find(path);
  if (known != type.keys.end()) return known->second;
  SqliteStatement insert =
      connection_.Prepare("INSERT INTO keys(type_id,path) VALUES(?,?) ON CONFLICT DO NOTHING");
  if (Status status = insert.BindInt(type.id).BindText(path).Run(); !status.ok()) return status;
  made_since_pruning_ += sqlite3_changes(connection_.handle());
  SqliteStatement find = connection_.Prepare("SELECT key_id FROM keys WHERE type_id=? AND path=?");
  const Result<int64_t> id = IdOf(find.BindInt(type.id).BindText(path), "a key");
  if (!id.ok()) return id;
  ++remembered_;
  return type.keys.emplace(path, *id).first->second;
}

Result<int64_t> SqliteTypes::KeyOfSets(Type& type) {
  if (type.key_of_sets == 0) {
    const Result<int64_t> key_id = FindOrMakeKey(type, kKeySetPath);
    if (!key_id.ok()) return key_id;
    type.key_of_sets = *key_id;
  }
  return type.key_of_sets;
}

Result<std::string_view> SqliteTypes::FindOrMakeSet(Type& type, const std::string& packed_keys) {
  const auto known = type.sets.find(packed_keys);
  if (known != type.sets.end()) return std::string_view(known->second);
  SqliteStatement insert =
      connection_.Prepare("INSERT INTO key_sets(type_id,keys) VALUES(?,?) ON CONFLICT DO NOTHING");
  insert.BindInt(type.id).BindBlob(packed_keys);
  if (Status status = insert.Run(); !status.ok()) return status;
  made_since_pruning_ += sqlite3_changes(connection_.handle());
  SqliteStatement find =
      connection_.Prepare("SELECT set_id FROM key_sets WHERE type_id=? AND keys=?");
  const Result<int64_t> id = IdOf(find.BindInt(type.id).BindBlob(packed_keys), "a key set");
  if (!id.ok()) return id.status();
  ++remembered_;
  return std::string_view(type.sets.emplace(packed_keys, std::to_string(*id)).first->second);
}

Result<std::vector<KeyedValue>> SqliteTypes::Pack(Type& type, const std::vector<Entry>& entries) {
  std::vector<KeyedValue> keyed;
  keyed.reserve(entries.size() + 1);
  for (const Entry& entry : entries) {
    const Result<int64_t> key_id = FindOrMakeKey(type, entry.key);
    if (!key_id.ok()) return key_id.status();
    keyed.push_back({*key_id, entry.value});
  }
  std::sort(keyed.begin(), keyed.end(),
            [](const KeyedValue& a, const KeyedValue& b) { return a.key_id < b.key_id; });
  if (Status status = AddKeySet(type, &keyed); !status.ok()) return status;
  return keyed;
}

Status SqliteTypes::AddKeySet(Type& type, std::vector<KeyedValue>* entries) {
  std::vector<int64_t> key_ids;
  key_ids.reserve(entries->size());
  for (const KeyedValue& entry : *entries) key_ids.push_back(entry.key_id);
  const Result<std::string_view> set_id = FindOrMakeSet(type, PackKeySet(key_ids));
  if (!set_id.ok()) return set_id.status();
  const Result<int64_t> key_id = KeyOfSets(type);
  if (!key_id.ok()) return key_id.status();
  const auto at = std::find_if(entries->begin(), entries->end(),
                               [&](const KeyedValue& entry) { return entry.key_id > *key_id; });
  entries->insert(at, {*key_id, *set_id});
  return Status();
}

Status SqliteTypes::PruneIfDue() {
  if (made_since_pruning_ < made_before_pruning_) return Status();
  const Result<int64_t> removed = PruneKeys(connection_);
  if (!removed.ok()) return removed.status();
  const Result<int64_t> left = CountKeySets(connection_);
  if (!left.ok()) return left.status();
  // At most half of the sets are looked at in vain.
  made_before_pruning_ = std::max(kMadeBeforePruning, *left);
  made_since_pruning_ = 0;
  return Status();
}

Result<int64_t> PruneKeys(SqliteConnection& connection) {
  int64_t removed = 0;
  // Sets first: the keys of a set that an object has are keys of that object.
  for (const char* sql :
       {"DELETE FROM key_sets WHERE NOT EXISTS (SELECT 1 FROM keys k CROSS JOIN entries e "
        "WHERE k.type_id=key_sets.type_id AND k.path='s' AND e.key_id=k.key_id "
        "AND e.value=CAST(key_sets.set_id AS TEXT))",
        "DELETE FROM keys WHERE NOT EXISTS "
        "(SELECT 1 FROM entries e WHERE e.key_id=keys.key_id)"}) {
    if (Status status = connection.Prepare(sql).Run(); !status.ok()) return status;
    removed += sqlite3_changes(connection.handle());
  }
  if (removed == 0) return removed;
  // Tells every process to forget the ids it remembers: they may be given again.
  Status status = connection.Prepare("UPDATE meta SET pruned=pruned+1 WHERE id=1").Run();
  if (!status.ok()) return status;
  return removed;
}

}  // namespace pedia::storage
