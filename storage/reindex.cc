#include "storage/reindex.h"

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "meta/log.h"
#include "storage/body_codec.h"
#include "storage/dictionary_writer.h"
#include "storage/entry_changes.h"
#include "storage/object_columns.h"
#include "storage/object_row.h"

namespace pedia::storage {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int64_t kObjectsPerTransaction = 1'000;
constexpr size_t kBytesPerTransaction = 64 << 20;
constexpr int64_t kLoggedFailures = 20;

constexpr std::span kComputedColumns =
    std::span(kPlainColumns).first(kPlainColumns.size() - kStampColumns);

// For one use. One thread.
class Work {
 public:
  explicit Work(SqlConnection& connection) : connection_(connection) {}

  Status Run();

 private:
  // An object of the transaction. Its texts must live until all is written.
  struct Object {
    int64_t id = 0;
    int64_t type_id = 0;
    std::string okey;
    std::string packed;            // As it is stored.
    std::optional<ObjectRow> row;  // Nothing if the body cannot be read.
    bool plain_differs = false;    // Columns of the table `objects`.
    bool indexed_differs = false;
  };

  Result<StoreState> ReadState();
  Result<bool> Turn();
  Result<std::optional<StoreState>> Begin();
  Result<bool> Transact(StoreState& state);
  Status Announce(const StoreState& state);
  Result<std::vector<Object>> Read(int64_t after);
  Status ReadObject(const SqlStatement& row, Object* object);
  void CompareColumns(const SqlStatement& row, Object* object);
  Status Write(const std::vector<Object>& objects);
  Status WriteColumns(const std::vector<Object>& objects);
  // The entries that the objects shall have.
  Result<std::vector<DictionaryWriter::Packing>> Wanted(const std::vector<Object>& objects);
  Status WriteState(const StoreState& state);
  Status ReadTypes();
  void Complain(const Object& object, const std::string& cause);

  SqlConnection& connection_;
  DictionaryWriter dictionary_;
  std::map<int64_t, GroupVersionResource> resources_;  // By type_id.
  std::string buffer_;                                 // A decoded body.
  bool announced_ = false;
  Clock::time_point start_ = Clock::now();
  int64_t seen_ = 0;
  int64_t written_ = 0;
  int64_t failed_ = 0;
};

Status Work::Run() {
  const Result<StoreState> state = ReadState();
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

Result<StoreState> Work::ReadState() {
  Result<StoreState> state = connection_.BeginRead();
  connection_.Rollback();
  return state;
}

// One transaction. False if none is left to do.
Result<bool> Work::Turn() {
  Result<std::optional<StoreState>> state = Begin();
  if (!state.ok()) return state.status();
  if (!*state) return false;
  Result<bool> more = Transact(**state);
  if (more.ok()) {
    if (Status status = connection_.Commit(); !status.ok()) more = status;
  }
  if (!more.ok()) connection_.Rollback();
  return more;
}

// The state if the transaction has begun, nothing if another process has finished the work. Waits
// for others as long as they make progress.
Result<std::optional<StoreState>> Work::Begin() {
  while (true) {
    const Result<StoreState> before = ReadState();
    if (!before.ok()) return before.status();
    if (before->IsCurrent()) return std::optional<StoreState>();
    const Result<StoreState> state = connection_.BeginWrite();
    if (state.ok()) return std::optional(*state);
    connection_.Rollback();
    if (state.status().reason() != StatusReason::kServiceUnavailable) return state.status();
    const Result<StoreState> after = ReadState();
    if (!after.ok()) return after.status();
    if (after->encoded_to == before->encoded_to && after->encoding == before->encoding)
      return ServiceUnavailable("another process keeps the database locked");
  }
}

// What a transaction does. False if nothing is left to do.
Result<bool> Work::Transact(StoreState& state) {
  if (state.IsCurrent()) return false;
  const bool ours = state.encoding == EncodingVersion();
  if (!ours && announced_) return InternalError("another version of pedia uses the same database");
  const int64_t from = ours ? state.encoded_to.value_or(0) : 0;
  if (Status status = Announce(state); !status.ok()) return status;
  dictionary_.Begin(connection_, state);
  const Result<std::vector<Object>> objects = Read(from);
  if (!objects.ok()) return objects.status();
  if (Status status = Write(*objects); !status.ok()) return status;
  seen_ += static_cast<int64_t>(objects->size());
  const bool more = !objects->empty();
  if (!more) {
    if (const Result<int64_t> pruned = PruneKeys(connection_, state); !pruned.ok())
      return pruned.status();
  }
  state.encoding = EncodingVersion();
  state.encoded_to = more ? std::optional(objects->back().id) : std::nullopt;
  if (Status status = WriteState(state); !status.ok()) return status;
  return more;
}

// Says once what is going to happen.
Status Work::Announce(const StoreState& state) {
  if (announced_) return Status();
  announced_ = true;
  const bool resumed = state.encoding == EncodingVersion();
  SqlStatement count = connection_.Prepare("SELECT count(*) FROM objects WHERE id>?");
  count.BindInt(resumed ? state.encoded_to.value_or(0) : 0);
  if (!count.Step()) return count.ok() ? InternalError("no count") : count.status();
  if (count.Int(0) == 0) return Status();
  LogInfo("the store was written by another version of pedia: computing the indexes of " +
          std::to_string(count.Int(0)) + (resumed ? " more" : "") + " objects anew");
  return Status();
}

Result<std::vector<Work::Object>> Work::Read(int64_t after) {
  if (Status status = ReadTypes(); !status.ok()) return status;
  std::vector<Object> objects;
  objects.reserve(kObjectsPerTransaction);
  size_t bytes = 0;
  SqlStatement rows = connection_.Prepare(
      std::string("SELECT o.id,o.type_id,o.okey,b.entries,b.body,o.namespace,o.name,o.uid,o.rv,"
                  "o.rv_number,o.deleted,o.owner_uid,o.created FROM objects o") +
          connection_.dialect().ordered_join +
          "bodies b WHERE o.id>? AND b.id=o.id ORDER BY o.id LIMIT ?",
      RowCount::kUnbounded);
  rows.BindInt(after).BindInt(kObjectsPerTransaction);
  while (bytes < kBytesPerTransaction && rows.Step()) {
    bytes += rows.Text(4).size();
    if (Status status = ReadObject(rows, &objects.emplace_back()); !status.ok()) return status;
  }
  if (!rows.ok()) return rows.status();
  return objects;
}

Status Work::ReadObject(const SqlStatement& row, Object* object) {
  object->id = row.Int(0);
  object->type_id = row.Int(1);
  object->okey = row.Text(2);
  object->packed = row.Text(3);
  const auto gvr = resources_.find(object->type_id);
  if (gvr == resources_.end()) return InternalError("a resource vanished");
  const Result<std::string_view> body = DecodeBody(row.Text(4), &buffer_);
  if (!body.ok()) {
    Complain(*object, body.status().message());
    return Status();
  }
  Result<ObjectRow> encoded = EncodeObject(gvr->second, *body);
  if (!encoded.ok()) {
    Complain(*object, encoded.status().message());
  } else if (encoded->name_space != row.Text(5) || encoded->name != row.Text(6)) {
    Complain(*object, "its body is that of another object");
  } else {
    object->row = std::move(*encoded);
    object->row->body.clear();
    CompareColumns(row, object);
  }
  return Status();
}

void Work::CompareColumns(const SqlStatement& row, Object* object) {
  const auto number = [&](int column) {
    return row.IsNull(column) ? std::nullopt : std::optional(row.Int(column));
  };
  const ObjectRow& wanted = *object->row;
  object->plain_differs = row.Text(7) != wanted.uid || row.Text(8) != wanted.resource_version ||
                          number(9) != NumberOf(wanted.resource_version) ||
                          number(10) != wanted.deleted;
  object->indexed_differs = row.Text(11) != wanted.owner_uid || number(12) != CreatedOf(wanted);
}

Status Work::Write(const std::vector<Object>& objects) {
  if (objects.empty()) return Status();
  if (Status status = WriteColumns(objects); !status.ok()) return status;
  const Result<std::vector<DictionaryWriter::Packing>> wanted = Wanted(objects);
  if (!wanted.ok()) return wanted.status();
  EntryChanges entries;
  std::vector<std::string> packed;
  packed.reserve(objects.size());
  std::vector<SqlParameter> rows;
  for (size_t i = 0; i < objects.size(); ++i) {
    const Object& object = objects[i];
    packed.push_back(PackEntries((*wanted)[i].keyed));
    const bool differs = packed.back() != object.packed;
    if (differs || object.plain_differs || object.indexed_differs) ++written_;
    if (!differs) continue;
    entries.Compare(object.packed, (*wanted)[i].keyed, object.okey, object.id);
    rows.insert(rows.end(), {object.id, BlobView{packed.back()}});
  }
  static constexpr size_t kEntries = 1;  // The column of kBodiesTable.
  if (!rows.empty()) {
    Status status = connection_.Update(kBodiesTable, std::span(&kEntries, 1), rows);
    if (!status.ok()) return status;
  }
  return entries.Write(connection_);
}

Status Work::WriteColumns(const std::vector<Object>& objects) {
  std::vector<SqlParameter> plain, indexed;
  for (const Object& object : objects) {
    if (object.plain_differs) AppendPlain(object.id, *object.row, &plain);
    if (object.indexed_differs) AppendIndexed(object.id, *object.row, &indexed);
  }
  if (!plain.empty()) {
    Status status = connection_.Update(kObjectsTable, kComputedColumns, plain);
    if (!status.ok()) return status;
  }
  if (indexed.empty()) return Status();
  return connection_.Update(kObjectsTable, kIndexedColumns, indexed);
}

Result<std::vector<DictionaryWriter::Packing>> Work::Wanted(const std::vector<Object>& objects) {
  std::vector<DictionaryWriter::Packing> wanted;
  for (const Object& object : objects) {
    const Result<DictionaryWriter::Type*> type =
        dictionary_.Find(resources_.find(object.type_id)->second);
    if (!type.ok()) return type.status();
    DictionaryWriter::Packing& packing =
        wanted.emplace_back(DictionaryWriter::Packing{*type, nullptr});
    if (object.row) {
      packing.entries = &object.row->entries;
      continue;
    }
    const Result<int64_t> set_key = dictionary_.KeyOfSets(**type);
    if (!set_key.ok()) return set_key.status();
    packing.keyed = UnpackEntries(object.packed);
    std::erase_if(packing.keyed, [&](const KeyedValue& entry) { return entry.key_id == *set_key; });
  }
  if (Status status = dictionary_.Pack(wanted); !status.ok()) return status;
  return wanted;
}

Status Work::WriteState(const StoreState& state) {
  SqlStatement update = connection_.Prepare(
      "UPDATE meta SET encoding=?,encoded_to=?,pruned=?,dictionary=?,next_dictionary=? WHERE id=1");
  update.BindInt(state.encoding).BindIntOrNull(state.encoded_to).BindInt(state.pruned);
  return update.BindInt(state.dictionary).BindInt(state.next_dictionary).Run();
}

Status Work::ReadTypes() {
  SqlStatement types = connection_.Prepare("SELECT type_id,grp,version,resource FROM types");
  while (types.Step()) {
    resources_.insert_or_assign(
        types.Int(0), GroupVersionResource{std::string(types.Text(1)), std::string(types.Text(2)),
                                           std::string(types.Text(3))});
  }
  return types.status();
}

void Work::Complain(const Object& object, const std::string& cause) {
  if (++failed_ > kLoggedFailures) return;
  LogError("the stored object " + object.okey + " cannot be read: " + cause);
}

}  // namespace

Status Reindex(SqlConnection& connection) { return Work(connection).Run(); }

}  // namespace pedia::storage
