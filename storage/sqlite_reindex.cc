#include "storage/sqlite_reindex.h"

#include <sqlite3.h>

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "meta/log.h"
#include "storage/body_codec.h"
#include "storage/object_row.h"
#include "storage/sqlite_columns.h"
#include "storage/sqlite_entries.h"
#include "storage/sqlite_schema.h"
#include "storage/sqlite_types.h"

namespace pedia::storage {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int64_t kObjectsPerTransaction = 1'000;
constexpr size_t kBytesPerTransaction = 64 << 20;
constexpr int64_t kLoggedFailures = 20;

// For one use. One thread.
class Reindex {
 public:
  explicit Reindex(SqliteConnection& connection) : connection_(connection), types_(connection) {}

  Status Run();

 private:
  // An object of the transaction. Its texts must live until all is written.
  struct Object {
    int64_t id = 0;
    std::string okey;
    std::string packed;            // As it is stored.
    std::optional<ObjectRow> row;  // Nothing if the body cannot be read.
    SqliteTypes::Type* type = nullptr;
  };

  Result<bool> Turn();
  Result<bool> Begin();
  Result<bool> Work();
  Status Announce(const StoreState& state);
  Result<std::vector<Object>> Read(int64_t after);
  Status ReadObject(const SqliteStatement& row, Object* object);
  Status Write(const Object& object);
  // The entries that the object shall have.
  Result<std::vector<KeyedValue>> Wanted(const Object& object);
  // Whether a column differed.
  Result<bool> WriteColumns(const Object& object);
  Status SetMark(std::optional<int64_t> encoded_to);
  Result<const GroupVersionResource*> ResourceOf(int64_t type_id);
  void Complain(const Object& object, const std::string& cause);

  SqliteConnection& connection_;
  SqliteTypes types_;
  EntryChanges entries_;
  std::map<int64_t, GroupVersionResource> resources_;  // By type_id.
  std::string buffer_;                                 // A decoded body.
  bool announced_ = false;
  Clock::time_point start_ = Clock::now();
  int64_t seen_ = 0;
  int64_t written_ = 0;
  int64_t failed_ = 0;
};

Status Reindex::Run() {
  const Result<StoreState> state = ReadStoreState(connection_);
  if (!state.ok()) return state.status();
  bool more = !state->IsCurrent();
  while (more) {
    const Result<bool> turn = Turn();
    if (!turn.ok()) return turn.status();
    more = *turn;
  }
  if (seen_ > 0) {
    const auto took = std::chrono::duration<double>(Clock::now() - start_).count();
    LogInfo("computed the indexes of " + std::to_string(seen_) + " objects anew in " +
            std::to_string(static_cast<int64_t>(took + 0.5)) + " s; " + std::to_string(written_) +
            " differed, " + std::to_string(failed_) + " cannot be read");
  }
  return Status();
}

// One transaction. False if none is left to do.
Result<bool> Reindex::Turn() {
  const Result<bool> begun = Begin();
  if (!begun.ok() || !*begun) return begun;
  Result<bool> more = Work();
  if (more.ok()) {
    if (Status status = connection_.Execute("COMMIT"); !status.ok()) more = status;
  }
  if (!more.ok()) (void)connection_.Execute("ROLLBACK");
  return more;
}

// True if the transaction has begun, false if another process has finished the work. Waits for
// others as long as they make progress.
Result<bool> Reindex::Begin() {
  while (true) {
    const Result<StoreState> before = ReadStoreState(connection_);
    if (!before.ok()) return before.status();
    if (before->IsCurrent()) return false;
    if (sqlite3_exec(connection_.handle(), "BEGIN IMMEDIATE", nullptr, nullptr, nullptr) ==
        SQLITE_OK) {
      return true;
    }
    if (!connection_.IsBusy()) return connection_.Failure();
    const Result<StoreState> after = ReadStoreState(connection_);
    if (!after.ok()) return after.status();
    if (after->encoded_to == before->encoded_to) {
      return ServiceUnavailable("another process keeps the database locked");
    }
  }
}

// What a transaction does. False if nothing is left to do.
Result<bool> Reindex::Work() {
  const Result<StoreState> state = ReadStoreState(connection_);
  if (!state.ok()) return state.status();
  if (state->IsCurrent()) return false;
  const bool ours = state->encoding == EncodingVersion();
  if (!ours && announced_) return InternalError("another version of pedia uses the same database");
  const int64_t from = ours ? state->encoded_to.value_or(0) : 0;
  if (Status status = Announce(*state); !status.ok()) return status;
  types_.Begin(state->pruned);
  const Result<std::vector<Object>> objects = Read(from);
  if (!objects.ok()) return objects.status();
  for (const Object& object : *objects) {
    if (Status status = Write(object); !status.ok()) return status;
  }
  if (Status status = entries_.Write(connection_); !status.ok()) return status;
  seen_ += static_cast<int64_t>(objects->size());
  const bool more = !objects->empty();
  if (!more) {
    if (const Result<int64_t> pruned = PruneKeys(connection_); !pruned.ok()) return pruned.status();
  }
  if (Status status = SetMark(more ? std::optional(objects->back().id) : std::nullopt);
      !status.ok()) {
    return status;
  }
  return more;
}

// Says once what is going to happen.
Status Reindex::Announce(const StoreState& state) {
  if (announced_) return Status();
  announced_ = true;
  const bool resumed = state.encoding == EncodingVersion();
  SqliteStatement count = connection_.Prepare("SELECT count(*) FROM objects WHERE id>?");
  count.BindInt(resumed ? state.encoded_to.value_or(0) : 0);
  if (!count.Step()) return count.ok() ? InternalError("no count") : count.status();
  if (count.Int(0) == 0) return Status();
  LogInfo("the store was written by another version of pedia: computing the indexes of " +
          std::to_string(count.Int(0)) + (resumed ? " more" : "") + " objects anew");
  return Status();
}

Result<std::vector<Reindex::Object>> Reindex::Read(int64_t after) {
  std::vector<Object> objects;
  objects.reserve(kObjectsPerTransaction);
  size_t bytes = 0;
  SqliteStatement rows = connection_.Prepare(
      "SELECT o.id,o.type_id,o.okey,b.entries,b.body,o.namespace,o.name FROM objects o "
      "CROSS JOIN bodies b WHERE o.id>? AND b.id=o.id ORDER BY o.id LIMIT ?");
  rows.BindInt(after).BindInt(kObjectsPerTransaction);
  while (bytes < kBytesPerTransaction && rows.Step()) {
    bytes += rows.Text(4).size();
    if (Status status = ReadObject(rows, &objects.emplace_back()); !status.ok()) return status;
  }
  if (!rows.ok()) return rows.status();
  return objects;
}

Status Reindex::ReadObject(const SqliteStatement& row, Object* object) {
  object->id = row.Int(0);
  object->okey = row.Text(2);
  object->packed = row.Text(3);
  const Result<const GroupVersionResource*> gvr = ResourceOf(row.Int(1));
  if (!gvr.ok()) return gvr.status();
  const Result<SqliteTypes::Type*> type = types_.Find(**gvr);
  if (!type.ok()) return type.status();
  object->type = *type;
  const Result<std::string_view> body = DecodeBody(row.Text(4), &buffer_);
  if (!body.ok()) {
    Complain(*object, body.status().message());
    return Status();
  }
  Result<ObjectRow> encoded = EncodeObject(**gvr, *body);
  if (!encoded.ok()) {
    Complain(*object, encoded.status().message());
  } else if (encoded->name_space != row.Text(5) || encoded->name != row.Text(6)) {
    Complain(*object, "its body is that of another object");
  } else {
    object->row = std::move(*encoded);
    object->row->body.clear();
  }
  return Status();
}

Status Reindex::Write(const Object& object) {
  const Result<std::vector<KeyedValue>> wanted = Wanted(object);
  if (!wanted.ok()) return wanted.status();
  const Result<bool> columns = WriteColumns(object);
  if (!columns.ok()) return columns.status();
  const std::string packed = PackEntries(*wanted);
  if (*columns || packed != object.packed) ++written_;
  if (packed == object.packed) return Status();
  entries_.Compare(object.packed, *wanted, object.okey, object.id);
  SqliteStatement update = connection_.Prepare("UPDATE bodies SET entries=? WHERE id=?");
  return update.BindBlob(packed).BindInt(object.id).Run();
}

Result<std::vector<KeyedValue>> Reindex::Wanted(const Object& object) {
  if (object.row) return types_.Pack(*object.type, object.row->entries);
  const Result<int64_t> set_key = types_.KeyOfSets(*object.type);
  if (!set_key.ok()) return set_key.status();
  std::vector<KeyedValue> entries = UnpackEntries(object.packed);
  std::erase_if(entries, [&](const KeyedValue& entry) { return entry.key_id == *set_key; });
  if (Status status = types_.AddKeySet(*object.type, &entries); !status.ok()) return status;
  return entries;
}

Result<bool> Reindex::WriteColumns(const Object& object) {
  if (!object.row) return false;
  SqliteStatement update = connection_.Prepare(
      "UPDATE objects SET uid=?1,rv=?2,rv_number=?3,deleted=?4,owner_uid=?5,created=?6 "
      "WHERE (uid,rv,rv_number,deleted,owner_uid,created) IS NOT (?1,?2,?3,?4,?5,?6) AND id=?7");
  BindPlainColumns(*object.row, update);
  BindIndexedColumns(*object.row, update);
  if (Status status = update.BindInt(object.id).Run(); !status.ok()) return status;
  return sqlite3_changes(connection_.handle()) > 0;
}

Status Reindex::SetMark(std::optional<int64_t> encoded_to) {
  SqliteStatement update =
      connection_.Prepare("UPDATE meta SET encoding=?,encoded_to=? WHERE id=1");
  return update.BindInt(EncodingVersion()).BindIntOrNull(encoded_to).Run();
}

Result<const GroupVersionResource*> Reindex::ResourceOf(int64_t type_id) {
  const auto known = resources_.find(type_id);
  if (known != resources_.end()) return &known->second;
  SqliteStatement find =
      connection_.Prepare("SELECT grp,version,resource FROM types WHERE type_id=?");
  find.BindInt(type_id);
  if (!find.Step()) return find.ok() ? InternalError("a resource vanished") : find.status();
  GroupVersionResource gvr{std::string(find.Text(0)), std::string(find.Text(1)),
                           std::string(find.Text(2))};
  return &resources_.emplace(type_id, std::move(gvr)).first->second;
}

void Reindex::Complain(const Object& object, const std::string& cause) {
  if (++failed_ > kLoggedFailures) return;
  LogError("the stored object " + object.okey + " cannot be read: " + cause);
}

}  // namespace

Status ReindexSqlite(SqliteConnection& connection) { return Reindex(connection).Run(); }

}  // namespace pedia::storage
