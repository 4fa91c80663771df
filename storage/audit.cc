#include "storage/audit.h"

#include <algorithm>
#include <chrono>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "storage/body_codec.h"
#include "storage/dictionary.h"
#include "storage/object_columns.h"
#include "storage/object_key.h"
#include "storage/object_row.h"
#include "storage/packed_entries.h"

namespace pedia::storage {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int64_t kObjectsPerSnapshot = 500;
constexpr size_t kBytesPerSnapshot = 4 << 20;
constexpr int64_t kEntriesPerSnapshot = 4000;
constexpr size_t kRowsPerLookup = 128;
constexpr auto kProgressPeriod = std::chrono::milliseconds(200);

// `part` kRowsPerLookup times, with `separator` between.
std::string Repeated(std::string_view part, std::string_view separator) {
  std::string text(part);
  for (size_t i = 1; i < kRowsPerLookup; ++i) text.append(separator).append(part);
  return text;
}

// A dictionary by id.
struct Ids {
  struct Type {
    std::shared_ptr<const DictionaryType> type;
    std::unordered_map<std::string, std::string> sets;  // Packed keys to decimal set_id.
    int64_t set_key = 0;
  };
  explicit Ids(const Dictionary& dictionary) {
    for (const auto& type : dictionary.types) {
      Type& entry = types[type->id];
      entry.type = type;
      for (const KeySet& set : type->sets) entry.sets[PackKeySet(set.keys)] = set.id;
      for (const auto& [path, key_id] : type->keys) type_of_key[key_id] = type->id;
      const auto set_key = type->keys.find(kKeySetPath);
      if (set_key != type->keys.end()) entry.set_key = set_key->second;
    }
  }
  std::map<int64_t, Type> types;
  std::map<int64_t, int64_t> type_of_key;
};

// A row that `entries` must have.
struct WantedEntry {
  int64_t key_id;
  std::string value;
  std::string okey;
  int64_t id;
  int64_t type_id;
  bool found = false;
};

// A row that `entries` has.
struct StoredEntry {
  int64_t key_id;
  std::string value;
  std::string okey;
  int64_t id;
};

class Audit {
 public:
  Audit(std::unique_ptr<SqlConnection> connection, const AuditOptions& options)
      : connection_(std::move(connection)), options_(options) {}

  Result<AuditReport> Run() {
    Status (Audit::*const parts[])() = {&Audit::CheckDictionary, &Audit::CheckObjects,
                                        &Audit::CheckEntries, &Audit::CheckScopes};
    for (const auto part : parts) {
      if (report_.ended) break;
      const Status status = (this->*part)();
      connection_->Rollback();
      if (!status.ok()) return status;
    }
    return std::move(report_);
  }

 private:
  // A new snapshot, and what ids mean in it.
  Status Begin() {
    connection_->Rollback();
    const Result<StoreState> state = connection_->BeginRead();
    if (!state.ok()) return state.status();
    if (!state->IsCurrent()) {
      return Status(StatusReason::kConflict,
                    "the rows of the store are those of another version of pedia; pedia storage "
                    "migrate brings them up to date");
    }
    state_ = *state;
    const auto dictionary = dictionaries_.Get(*connection_, *state);
    if (!dictionary.ok()) return dictionary.status();
    if (*dictionary == dictionary_) return Status();
    dictionary_ = *dictionary;
    ids_.emplace(*dictionary_);
    return Status();
  }

  Status CheckDictionary();
  Status CheckObjects();
  Result<bool> CheckSomeObjects();
  void CheckObject(const SqlStatement& row);
  void CheckColumns(const SqlStatement& row, const ObjectRow& wanted);
  void Want(const SqlStatement& row, const Ids::Type& type, const ObjectRow& wanted);
  Status LookForWanted();
  Status CheckLostBodies(int64_t after, int64_t up_to);
  Status CheckEntries();
  Result<std::vector<StoredEntry>> ReadEntries();
  Status CheckOwners(std::span<const StoredEntry> entries);
  Status CheckScopes();
  Status CheckScopesOf(int64_t type_id, std::string_view type);

  std::string Name(int64_t type_id, std::string_view okey) const {
    const auto type = ids_->types.find(type_id);
    return (type == ids_->types.end() ? "type " + std::to_string(type_id)
                                      : type->second.type->gvr.ToString()) +
           " " + std::string(okey);
  }
  void Wrong(const std::string& where, std::string_view what) {
    if (report_.first.size() < options_.described)
      report_.first.push_back(where + ": " + std::string(what));
    ++report_.differences;
  }
  bool GoOn(const char* part, double share, int64_t checked) {
    const auto now = Clock::now();
    if (!options_.progress || now < next_progress_) return true;
    next_progress_ = now + kProgressPeriod;
    report_.ended = !options_.progress({part, std::min(share, 1.0), checked});
    return !report_.ended;
  }

  const std::unique_ptr<SqlConnection> connection_;
  const AuditOptions& options_;
  DictionaryCache dictionaries_;
  StoreState state_;
  std::shared_ptr<const Dictionary> dictionary_;
  std::optional<Ids> ids_;
  int64_t last_object_ = 0;
  std::vector<WantedEntry> wanted_;
  std::string buffer_;
  StoredEntry last_entry_{std::numeric_limits<int64_t>::min(), "", "", 0};
  AuditReport report_;
  Clock::time_point next_progress_{};
};

// A key set is in the form that it is looked for by, and has keys of its own resource only.
Status Audit::CheckDictionary() {
  if (Status status = Begin(); !status.ok()) return status;
  SqlStatement sets =
      connection_->Prepare("SELECT set_id,type_id,key_ids FROM key_sets", RowCount::kUnbounded);
  while (sets.Step()) {
    const std::string where = "key set " + std::to_string(sets.Int(0));
    const std::vector<int64_t> keys = UnpackKeySet(sets.Text(2));
    if (PackKeySet(keys) != sets.Text(2)) Wrong(where, "damaged");
    for (const int64_t key_id : keys) {
      const auto type = ids_->type_of_key.find(key_id);
      if (type == ids_->type_of_key.end() || type->second != sets.Int(1))
        Wrong(where, "a key that its resource does not have");
    }
    if (sets.Int(0) >= state_.next_dictionary) Wrong(where, "an id that is not given out yet");
  }
  return sets.status();
}

Status Audit::CheckObjects() {
  while (true) {
    if (Status status = Begin(); !status.ok()) return status;
    const int64_t before = last_object_;
    const Result<bool> more = CheckSomeObjects();
    if (!more.ok()) return more.status();
    if (Status status = LookForWanted(); !status.ok()) return status;
    const int64_t up_to = *more ? last_object_ : std::numeric_limits<int64_t>::max();
    if (Status status = CheckLostBodies(before, up_to); !status.ok()) return status;
    const auto share = static_cast<double>(last_object_) / static_cast<double>(state_.next_object);
    if (!*more || !GoOn("objects", share, report_.objects)) return Status();
  }
}

// False if these were the last ones.
Result<bool> Audit::CheckSomeObjects() {
  SqlStatement rows = connection_->Prepare(
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
  report_.objects += count;
  return count == kObjectsPerSnapshot || bytes >= kBytesPerSnapshot;
}

void Audit::CheckObject(const SqlStatement& row) {
  const std::string where = Name(row.Int(1), row.Text(2));
  if (row.Int(0) >= state_.next_object) Wrong(where, "an id that is not given out yet");
  if (row.Int(12) > state_.revision) Wrong(where, "a revision that is not given out yet");
  if (row.IsNull(14)) return Wrong(where, "no body");
  const auto type = ids_->types.find(row.Int(1));
  if (type == ids_->types.end()) return Wrong(where, "unknown resource");
  const Result<std::string_view> body = DecodeBody(row.Text(14), &buffer_);
  if (!body.ok()) return Wrong(where, "damaged body");
  const Result<ObjectRow> wanted = EncodeObject(type->second.type->gvr, *body);
  if (!wanted.ok()) return Wrong(where, "body of no object");
  CheckColumns(row, *wanted);
  Want(row, type->second, *wanted);
}

void Audit::CheckColumns(const SqlStatement& row, const ObjectRow& wanted) {
  const std::string where = Name(row.Int(1), row.Text(2));
  const auto text = [&](int column, const char* name, std::string_view value) {
    if (row.IsNull(column) || row.Text(column) != value)
      Wrong(where, std::string("column ") + name);
  };
  const auto number = [&](int column, const char* name, std::optional<int64_t> value) {
    if (row.IsNull(column) == value.has_value() || (value && row.Int(column) != *value))
      Wrong(where, std::string("column ") + name);
  };
  text(2, "okey", ObjectKey(row.Text(3), row.Text(4), row.Text(5)));
  text(4, "namespace", wanted.name_space);
  text(5, "name", wanted.name);
  text(6, "uid", wanted.uid);
  if (!wanted.owner_uid.empty())
    text(7, "owner_uid", wanted.owner_uid);
  else if (!row.IsNull(7))
    Wrong(where, "column owner_uid");
  text(8, "rv", wanted.resource_version);
  number(9, "rv_number", NumberOf(wanted.resource_version));
  number(10, "created", CreatedOf(wanted));
  number(11, "deleted", wanted.deleted);
}

// Compares the packed entries, and notes which rows of the table there must be.
void Audit::Want(const SqlStatement& row, const Ids::Type& type, const ObjectRow& wanted) {
  const std::string where = Name(row.Int(1), row.Text(2));
  std::vector<KeyedValue> keyed;
  std::vector<int64_t> keys;
  for (const Entry& entry : wanted.entries) {
    const auto key = type.type->keys.find(entry.key);
    if (key == type.type->keys.end()) return Wrong(where, "no key " + entry.key);
    keyed.push_back({key->second, entry.value});
    keys.push_back(key->second);
  }
  std::sort(keys.begin(), keys.end());
  const auto set = type.sets.find(PackKeySet(keys));
  if (set == type.sets.end() || type.set_key == 0) return Wrong(where, "no key set");
  keyed.push_back({type.set_key, set->second});
  std::sort(keyed.begin(), keyed.end(),
            [](const KeyedValue& a, const KeyedValue& b) { return a.key_id < b.key_id; });
  if (row.Text(13) != PackEntries(keyed)) Wrong(where, "packed entries");
  for (const KeyedValue& entry : keyed) {
    wanted_.push_back(
        {entry.key_id, std::string(entry.value), std::string(row.Text(2)), row.Int(0), row.Int(1)});
  }
}

// Each part of the statement finds one row by its key; what is found is looked for among the wanted,
// which are sorted by object and key.
Status Audit::LookForWanted() {
  const std::string text = Repeated(
      "SELECT e.key_id,e.value,e.okey,e.id FROM entries e WHERE e.key_id=? AND e.value=? AND "
      "e.okey=?",
      " UNION ALL ");
  for (size_t start = 0; start < wanted_.size(); start += kRowsPerLookup) {
    SqlStatement rows = connection_->Prepare(text);
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
      Wrong(Name(entry.type_id, entry.okey), "no row for key " + std::to_string(entry.key_id));
  }
  wanted_.clear();
  return Status();
}

Status Audit::CheckLostBodies(int64_t after, int64_t up_to) {
  SqlStatement rows = connection_->Prepare(
      "SELECT b.id FROM bodies b LEFT JOIN objects o ON o.id=b.id "
      "WHERE b.id>? AND b.id<=? AND o.id IS NULL",
      RowCount::kUnbounded);
  rows.BindInt(after).BindInt(up_to);
  while (rows.Step()) Wrong("body " + std::to_string(rows.Int(0)), "no object");
  return rows.status();
}

// Every row of the table must be one that its object has. That none is missing is known already.
Status Audit::CheckEntries() {
  while (true) {
    if (Status status = Begin(); !status.ok()) return status;
    const Result<std::vector<StoredEntry>> entries = ReadEntries();
    if (!entries.ok()) return entries.status();
    if (entries->empty()) return Status();
    if (Status status = CheckOwners(*entries); !status.ok()) return status;
    report_.entries += static_cast<int64_t>(entries->size());
    last_entry_ = entries->back();
    const auto share =
        static_cast<double>(last_entry_.key_id) / static_cast<double>(state_.next_dictionary);
    if (!GoOn("entries", share, report_.entries)) return Status();
  }
}

// Those that follow last_entry_. Each statement is one range of the primary key.
Result<std::vector<StoredEntry>> Audit::ReadEntries() {
  std::vector<StoredEntry> entries;
  static constexpr const char* kRanges[] = {"key_id=? AND value=? AND okey>?",
                                            "key_id=? AND value>?", "key_id>?"};
  for (int range = 0; range < 3 && entries.empty(); ++range) {
    SqlStatement rows =
        connection_->Prepare(std::string("SELECT key_id,value,okey,id FROM entries WHERE ") +
                                 kRanges[range] + " ORDER BY key_id,value,okey LIMIT ?",
                             RowCount::kUnbounded);
    rows.BindInt(last_entry_.key_id);
    if (range < 2) rows.BindText(last_entry_.value);
    if (range < 1) rows.BindText(last_entry_.okey);
    rows.BindInt(kEntriesPerSnapshot);
    while (rows.Step()) {
      entries.push_back(
          {rows.Int(0), std::string(rows.Text(1)), std::string(rows.Text(2)), rows.Int(3)});
    }
    if (!rows.ok()) return rows.status();
  }
  return entries;
}

Status Audit::CheckOwners(std::span<const StoredEntry> entries) {
  std::unordered_multimap<int64_t, size_t> by_object;
  for (size_t i = 0; i < entries.size(); ++i) by_object.emplace(entries[i].id, i);
  std::vector<bool> right(entries.size());
  const std::string text = "SELECT o.id,o.type_id,o.okey,b.entries FROM objects o" +
                           std::string(connection_->dialect().ordered_join) +
                           "bodies b WHERE b.id=o.id AND o.id IN (" + Repeated("?", ",") + ')';
  for (size_t start = 0; start < entries.size(); start += kRowsPerLookup) {
    SqlStatement rows = connection_->Prepare(text);
    for (size_t i = start; i < start + kRowsPerLookup; ++i)
      rows.BindInt(entries[std::min(i, entries.size() - 1)].id);
    while (rows.Step()) {
      const auto [first, last] = by_object.equal_range(rows.Int(0));
      for (auto at = first; at != last; ++at) {
        const StoredEntry& entry = entries[at->second];
        const auto type = ids_->type_of_key.find(entry.key_id);
        right[at->second] = type != ids_->type_of_key.end() && type->second == rows.Int(1) &&
                            rows.Text(2) == entry.okey &&
                            FindPackedValue(rows.Text(3), entry.key_id) == entry.value;
      }
    }
    if (!rows.ok()) return rows.status();
  }
  for (size_t i = 0; i < entries.size(); ++i) {
    if (right[i]) continue;
    Wrong("entry of key " + std::to_string(entries[i].key_id) + " " + entries[i].okey,
          "its object does not have it");
  }
  return Status();
}

Status Audit::CheckScopes() {
  if (Status status = Begin(); !status.ok()) return status;
  std::map<int64_t, std::string> types;
  for (const auto& [id, type] : ids_->types) types[id] = type.type->gvr.ToString();
  {
    SqlStatement rows = connection_->Prepare("SELECT DISTINCT type_id FROM scopes");
    while (rows.Step()) types.emplace(rows.Int(0), "unknown resource");
    if (!rows.ok()) return rows.status();
  }
  for (auto type = types.begin(); type != types.end(); ++type) {
    if (Status status = Begin(); !status.ok()) return status;
    if (Status status = CheckScopesOf(type->first, type->second); !status.ok()) return status;
    const auto done = static_cast<double>(std::distance(types.begin(), type) + 1);
    if (!GoOn("scopes", done / static_cast<double>(types.size()), report_.scopes)) break;
  }
  return Status();
}

// Goes through what is counted and what there is at the same time.
Status Audit::CheckScopesOf(int64_t type_id, std::string_view type) {
  SqlStatement counted = connection_->Prepare(
      "SELECT cluster,namespace,n FROM scopes WHERE type_id=? ORDER BY cluster,namespace",
      RowCount::kUnbounded);
  SqlStatement real = connection_->Prepare(
      "SELECT cluster,namespace,count(*) FROM objects WHERE type_id=? "
      "GROUP BY cluster,namespace ORDER BY cluster,namespace",
      RowCount::kUnbounded);
  counted.BindInt(type_id);
  real.BindInt(type_id);
  using Row = std::optional<std::pair<std::pair<std::string, std::string>, int64_t>>;
  const auto next = [](SqlStatement& rows) -> Row {
    if (!rows.Step()) return std::nullopt;
    return {{{std::string(rows.Text(0)), std::string(rows.Text(1))}, rows.Int(2)}};
  };
  Row left = next(counted);
  Row right = next(real);
  while (left || right) {
    const bool same = left && right && left->first == right->first;
    const bool take_left = same || (left && (!right || left->first < right->first));
    const auto& scope = take_left ? left->first : right->first;
    if (!same || left->second != right->second)
      Wrong(std::string(type) + " " + scope.first + "!" + scope.second, "number of objects");
    ++report_.scopes;
    if (take_left) left = next(counted);
    if (same || !take_left) right = next(real);
  }
  return counted.ok() ? real.status() : counted.status();
}

}  // namespace

Result<AuditReport> AuditStore(Database& database, const AuditOptions& options) {
  Result<std::unique_ptr<SqlConnection>> connection =
      database.Connect(Database::Role::kPrimaryReader);
  if (!connection.ok()) return connection.status();
  return Audit(*std::move(connection), options).Run();
}

}  // namespace pedia::storage
