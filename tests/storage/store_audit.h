// Recomputes from the bodies in a store what the columns and tables beside them must say.
#pragma once
#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "storage/body_codec.h"
#include "storage/object_row.h"
#include "storage/packed_entries.h"
#include "tests/storage/table_reader.h"

namespace pedia::storage {

// One thread.
class StoreAudit {
 public:
  explicit StoreAudit(const testing::TestDatabase& database) : database_(database) {}

  // What is wrong, empty if all is right.
  std::vector<std::string> Differences() {
    ReadKeys();
    ReadEntries();
    for (const Row& row : ReadRows(database_,
                                   "SELECT o.id,t.type_id,t.grp,t.version,t.resource,o.cluster,"
                                   "o.namespace,o.name,o.uid,o.owner_uid,o.rv,o.rv_number,"
                                   "o.created,o.deleted,b.entries,b.body FROM objects o "
                                   "JOIN types t ON t.type_id=o.type_id JOIN bodies b ON b.id=o.id",
                                   16))
      CheckObject(row);
    for (const auto& [id, entries] : entries_) Wrong("entries without an object", id);
    for (const auto& [set_id, keys] : sets_) {
      if (keys.empty()) continue;
      const std::vector<int64_t> key_ids = UnpackKeySet(keys);
      if (PackKeySet(key_ids) != keys) Wrong("damaged key set", set_id);
      for (const int64_t key_id : key_ids) {
        if (!keys_.contains(std::to_string(key_id))) Wrong("key set of a lost key", set_id);
      }
    }
    return std::move(differences_);
  }

 private:
  using Row = TableRow;

  void ReadKeys() {
    for (const Row& row : ReadRows(database_, "SELECT key_id,path,type_id FROM entry_keys", 3)) {
      keys_[row[0]] = row[1];
      if (row[1] == "s") set_key_of_type_[row[2]] = row[0];
    }
    for (const Row& row : ReadRows(database_, "SELECT type_id,set_id,key_ids FROM key_sets", 3))
      sets_[row[0] + "/" + row[1]] = row[2];
  }
  void ReadEntries() {
    for (const Row& row : ReadRows(database_, "SELECT id,key_id,value,okey FROM entries", 4))
      entries_[row[0]].push_back({row[1], row[2], row[3]});
  }

  void CheckObject(const Row& row) {
    const std::string okey = row[5] + "!" + row[6] + "!" + row[7];
    std::string buffer;
    const Result<std::string_view> body = DecodeBody(row[15], &buffer);
    if (!body.ok()) return Wrong("damaged body", okey);
    const Result<ObjectRow> wanted = EncodeObject({row[2], row[3], row[4]}, *body);
    if (!wanted.ok()) return Wrong("body that cannot be encoded", okey);
    CheckColumns(row, *wanted, okey);
    CheckEntries(row, *wanted, okey);
  }

  void CheckColumns(const Row& row, const ObjectRow& wanted, const std::string& okey) {
    const std::string& rv = wanted.resource_version;
    const bool number = !rv.empty() && rv.find_first_not_of("0123456789") == std::string::npos;
    const Row columns = {wanted.name_space,
                         wanted.name,
                         wanted.uid,
                         wanted.owner_uid.empty() ? "NULL" : wanted.owner_uid,
                         rv,
                         number ? rv : "NULL",
                         wanted.created == 0 ? "NULL" : std::to_string(wanted.created),
                         wanted.deleted ? std::to_string(*wanted.deleted) : "NULL"};
    if (Row(row.begin() + 6, row.begin() + 14) != columns) Wrong("columns", okey);
  }

  void CheckEntries(const Row& row, const ObjectRow& wanted, const std::string& okey) {
    std::vector<std::pair<std::string, std::string>> paths;  // In the table, but for 's'.
    std::vector<std::string> set_ids;
    std::vector<int64_t> key_ids;
    std::vector<Row> stored = std::move(entries_[row[0]]);
    entries_.erase(row[0]);
    std::sort(stored.begin(), stored.end(),
              [](const Row& a, const Row& b) { return std::stoll(a[0]) < std::stoll(b[0]); });
    std::vector<KeyedValue> keyed;
    for (const Row& entry : stored) {
      if (entry[2] != okey) Wrong("okey of an entry", okey);
      keyed.push_back({std::stoll(entry[0]), entry[1]});
      if (entry[0] == set_key_of_type_[row[1]]) {
        set_ids.push_back(entry[1]);
        continue;
      }
      key_ids.push_back(std::stoll(entry[0]));
      paths.emplace_back(keys_[entry[0]], entry[1]);
    }
    std::sort(paths.begin(), paths.end());
    std::vector<std::pair<std::string, std::string>> expected;
    for (const Entry& entry : wanted.entries) expected.emplace_back(entry.key, entry.value);
    if (paths != expected) Wrong("entries", okey);
    if (PackEntries(keyed) != row[14]) Wrong("packed entries", okey);
    if (set_ids.size() != 1) return Wrong("not exactly one key set", okey);
    const auto set = sets_.find(row[1] + "/" + set_ids[0]);
    if (set == sets_.end() || set->second != PackKeySet(key_ids)) Wrong("key set", okey);
  }

  void Wrong(const std::string& what, const std::string& where) {
    differences_.push_back(what + ": " + where);
  }

  const testing::TestDatabase& database_;
  std::map<std::string, std::string> keys_;             // key_id to path.
  std::map<std::string, std::string> set_key_of_type_;  // type_id to key_id.
  std::map<std::string, std::string> sets_;             // "type_id/set_id" to packed keys.
  std::map<std::string, std::vector<Row>> entries_;     // id to (key_id, value, okey).
  std::vector<std::string> differences_;
};

inline std::vector<std::string> DifferencesFromBodies(const testing::TestDatabase& database) {
  return StoreAudit(database).Differences();
}

}  // namespace pedia::storage
