// Objects against their bodies: columns and packed entries.
#include <algorithm>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "storage/audit_run.h"
#include "storage/body_codec.h"
#include "storage/object_columns.h"
#include "storage/object_key.h"
#include "storage/object_row.h"
#include "storage/packed_entries.h"

namespace pedia::storage {
namespace {

constexpr int64_t kObjectsPerSnapshot = 500;
constexpr size_t kBytesPerSnapshot = 4 << 20;

class ObjectAudit {
 public:
  explicit ObjectAudit(AuditRun& run) : run_(run) {}
  Status Run();

 private:
  Result<bool> CheckSome();
  void CheckObject(const SqlStatement& row);
  void CheckColumns(const SqlStatement& row, const ObjectRow& wanted);
  void CheckPacked(const SqlStatement& row, const DictionaryIds::Type& type,
                   const ObjectRow& wanted);
  Status CheckLostBodies(int64_t after, int64_t up_to);

  AuditRun& run_;
  int64_t last_object_ = 0;
  std::string buffer_;
};

Status ObjectAudit::Run() {
  while (true) {
    if (Status status = run_.Begin(); !status.ok()) return status;
    const int64_t before = last_object_;
    const Result<bool> more = CheckSome();
    if (!more.ok()) return more.status();
    const int64_t up_to = *more ? last_object_ : std::numeric_limits<int64_t>::max();
    if (Status status = CheckLostBodies(before, up_to); !status.ok()) return status;
    if (!*more || !run_.GoOn("objects", last_object_, run_.state().next_object)) return Status();
  }
}

// False if these were the last ones.
Result<bool> ObjectAudit::CheckSome() {
  SqlStatement rows = run_.connection().Prepare(
      "SELECT o.id,o.type_id,o.okey,o.cluster,o.namespace,o.name,o.uid,o.owner_uid,o.rv,"
      "o.rv_number,o.created,o.deleted,o.revision,b.entries,b.body FROM objects o "
      "LEFT JOIN bodies b ON b.id=o.id WHERE o.id>? ORDER BY o.id LIMIT ?",
      RowCount::kUnbounded);
  rows.BindInt(last_object_).BindInt(kObjectsPerSnapshot);
  size_t bytes = 0;
  int64_t count = 0;
  while (bytes < kBytesPerSnapshot && rows.Step()) {
    bytes += rows.Text(14).size();
    ++count;
    last_object_ = rows.Int(0);
    CheckObject(rows);
  }
  if (!rows.ok()) return rows.status();
  run_.report().objects += count;
  return count == kObjectsPerSnapshot || bytes >= kBytesPerSnapshot;
}

void ObjectAudit::CheckObject(const SqlStatement& row) {
  const std::string where = run_.Name(row.Int(1), row.Text(2));
  if (row.Int(0) >= run_.state().next_object) run_.Wrong(where, "an id that is not given out yet");
  if (row.Int(12) > run_.state().revision)
    run_.Wrong(where, "a revision that is not given out yet");
  if (row.IsNull(14)) return run_.Wrong(where, "no body");
  run_.WantEntries(row.Int(0), row.Text(2), row.Text(13));
  const auto type = run_.ids().types.find(row.Int(1));
  if (type == run_.ids().types.end()) return run_.Wrong(where, "unknown resource");
  const Result<std::string_view> body = DecodeBody(row.Text(14), &buffer_);
  if (!body.ok()) return run_.Wrong(where, "damaged body");
  const Result<ObjectRow> wanted = EncodeObject(type->second.type->gvr, *body);
  if (!wanted.ok()) return run_.Wrong(where, "body of no object");
  CheckColumns(row, *wanted);
  CheckPacked(row, type->second, *wanted);
}

void ObjectAudit::CheckColumns(const SqlStatement& row, const ObjectRow& wanted) {
  const std::string where = run_.Name(row.Int(1), row.Text(2));
  const auto text = [&](int column, const char* name, std::string_view value) {
    if (row.IsNull(column) || row.Text(column) != value)
      run_.Wrong(where, std::string("column ") + name);
  };
  const auto number = [&](int column, const char* name, std::optional<int64_t> value) {
    if (row.IsNull(column) == value.has_value() || (value && row.Int(column) != *value))
      run_.Wrong(where, std::string("column ") + name);
  };
  text(2, "okey", ObjectKey(row.Text(3), row.Text(4), row.Text(5)));
  text(4, "namespace", wanted.name_space);
  text(5, "name", wanted.name);
  text(6, "uid", wanted.uid);
  if (!wanted.owner_uid.empty())
    text(7, "owner_uid", wanted.owner_uid);
  else if (!row.IsNull(7))
    run_.Wrong(where, "column owner_uid");
  text(8, "rv", wanted.resource_version);
  number(9, "rv_number", NumberOf(wanted.resource_version));
  number(10, "created", CreatedOf(wanted));
  number(11, "deleted", wanted.deleted);
}

void ObjectAudit::CheckPacked(const SqlStatement& row, const DictionaryIds::Type& type,
                              const ObjectRow& wanted) {
  const std::string where = run_.Name(row.Int(1), row.Text(2));
  std::vector<KeyedValue> keyed;
  std::vector<int64_t> keys;
  for (const Entry& entry : wanted.entries) {
    const auto key = type.type->keys.find(entry.key);
    if (key == type.type->keys.end()) return run_.Wrong(where, "no key " + entry.key);
    keyed.push_back({key->second, entry.value});
    keys.push_back(key->second);
  }
  std::sort(keys.begin(), keys.end());
  const auto set = type.sets.find(PackKeySet(keys));
  if (set == type.sets.end() || type.set_key == 0) return run_.Wrong(where, "no key set");
  keyed.push_back({type.set_key, set->second});
  std::sort(keyed.begin(), keyed.end(),
            [](const KeyedValue& a, const KeyedValue& b) { return a.key_id < b.key_id; });
  if (row.Text(13) != PackEntries(keyed)) run_.Wrong(where, "packed entries");
}

Status ObjectAudit::CheckLostBodies(int64_t after, int64_t up_to) {
  SqlStatement rows = run_.connection().Prepare(
      "SELECT b.id FROM bodies b LEFT JOIN objects o ON o.id=b.id "
      "WHERE b.id>? AND b.id<=? AND o.id IS NULL",
      RowCount::kUnbounded);
  rows.BindInt(after).BindInt(up_to);
  while (rows.Step()) run_.Wrong("body " + std::to_string(rows.Int(0)), "no object");
  return rows.status();
}

}  // namespace

Status AuditObjects(AuditRun& run) { return ObjectAudit(run).Run(); }

}  // namespace pedia::storage
