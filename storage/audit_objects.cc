// Objects against their bodies: columns, packed entries, and that the table of entries has theirs.
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

// A row that `entries` must have.
struct WantedEntry {
  int64_t key_id;
  std::string value;
  std::string okey;
  int64_t id;
  int64_t type_id;
  bool found = false;
};

class ObjectAudit {
 public:
  explicit ObjectAudit(AuditRun& run) : run_(run) {}
  Status Run();

 private:
  Result<bool> CheckSome();
  void CheckObject(const SqlStatement& row);
  void CheckColumns(const SqlStatement& row, const ObjectRow& wanted);
  void Want(const SqlStatement& row, const DictionaryIds::Type& type, const ObjectRow& wanted);
  Status LookForWanted();
  Status CheckLostBodies(int64_t after, int64_t up_to);

  AuditRun& run_;
  int64_t last_object_ = 0;
  std::vector<WantedEntry> wanted_;
  std::string buffer_;
};

Status ObjectAudit::Run() {
  while (true) {
    if (Status status = run_.Begin(); !status.ok()) return status;
    const int64_t before = last_object_;
    const Result<bool> more = CheckSome();
    if (!more.ok()) return more.status();
    if (Status status = LookForWanted(); !status.ok()) return status;
    const int64_t up_to = *more ? last_object_ : std::numeric_limits<int64_t>::max();
    if (Status status = CheckLostBodies(before, up_to); !status.ok()) return status;
    const auto share =
        static_cast<double>(last_object_) / static_cast<double>(run_.state().next_object);
    if (!*more || !run_.GoOn("objects", share, run_.report().objects)) return Status();
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
  const auto type = run_.ids().types.find(row.Int(1));
  if (type == run_.ids().types.end()) return run_.Wrong(where, "unknown resource");
  const Result<std::string_view> body = DecodeBody(row.Text(14), &buffer_);
  if (!body.ok()) return run_.Wrong(where, "damaged body");
  const Result<ObjectRow> wanted = EncodeObject(type->second.type->gvr, *body);
  if (!wanted.ok()) return run_.Wrong(where, "body of no object");
  CheckColumns(row, *wanted);
  Want(row, type->second, *wanted);
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

// Compares the packed entries, and notes which rows of the table there must be.
void ObjectAudit::Want(const SqlStatement& row, const DictionaryIds::Type& type,
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
  for (const KeyedValue& entry : keyed) {
    wanted_.push_back(
        {entry.key_id, std::string(entry.value), std::string(row.Text(2)), row.Int(0), row.Int(1)});
  }
}

// Each part of the statement finds one row by its key; what is found is looked for among the wanted,
// which are sorted by object and key.
Status ObjectAudit::LookForWanted() {
  const std::string text = RepeatedForLookup(
      "SELECT e.key_id,e.value,e.okey,e.id FROM entries e WHERE e.key_id=? AND e.value=? AND "
      "e.okey=?",
      " UNION ALL ");
  for (size_t start = 0; start < wanted_.size(); start += kRowsPerLookup) {
    SqlStatement rows = run_.connection().Prepare(text);
    for (size_t i = start; i < start + kRowsPerLookup; ++i) {
      const WantedEntry& entry = wanted_[std::min(i, wanted_.size() - 1)];
      rows.BindInt(entry.key_id).BindText(entry.value).BindText(entry.okey);
    }
    while (rows.Step()) {
      const auto wanted =
          std::lower_bound(wanted_.begin(), wanted_.end(), std::pair(rows.Int(3), rows.Int(0)),
                           [](const WantedEntry& entry, const std::pair<int64_t, int64_t>& key) {
                             return std::pair(entry.id, entry.key_id) < key;
                           });
      if (wanted != wanted_.end() && wanted->id == rows.Int(3) && wanted->key_id == rows.Int(0) &&
          wanted->value == rows.Text(1) && wanted->okey == rows.Text(2)) {
        wanted->found = true;
      }
    }
    if (!rows.ok()) return rows.status();
  }
  for (const WantedEntry& entry : wanted_) {
    if (!entry.found)
      run_.Wrong(run_.Name(entry.type_id, entry.okey),
                 "no row for key " + std::to_string(entry.key_id));
  }
  wanted_.clear();
  return Status();
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
