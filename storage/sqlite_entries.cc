#include "storage/sqlite_entries.h"

#include <algorithm>

namespace pedia::storage {

void EntryChanges::Compare(std::string_view stored, const std::vector<KeyedValue>& wanted,
                           std::string_view okey, int64_t id) {
  size_t next = 0;
  const auto add_up_to = [&](int64_t key_id) {
    for (; next < wanted.size() && wanted[next].key_id < key_id; ++next) {
      added_[wanted[next].key_id].push_back({wanted[next].value, okey, id});
    }
  };
  PackedEntries reader(stored);
  while (const std::optional<KeyedValue> old = reader.Next()) {
    add_up_to(old->key_id);
    if (next < wanted.size() && wanted[next] == *old) {
      ++next;
      continue;
    }
    removed_values_.push_back(std::make_unique<std::string>(old->value));
    removed_[old->key_id].push_back({*removed_values_.back(), okey, id});
  }
  add_up_to(INT64_MAX);
}

Status EntryChanges::Write(SqliteConnection& connection) {
  const auto by_value = [](const Change& a, const Change& b) { return a.value < b.value; };
  SqliteStatement remove =
      connection.Prepare("DELETE FROM entries WHERE key_id=? AND value=? AND okey=?");
  for (auto& [key_id, changes] : removed_) {
    std::stable_sort(changes.begin(), changes.end(), by_value);
    for (const Change& change : changes) {
      remove.BindInt(key_id).BindText(change.value).BindText(change.okey);
      if (Status status = remove.Run(); !status.ok()) return status;
    }
  }
  SqliteStatement insert =
      connection.Prepare("INSERT INTO entries(key_id,value,okey,id) VALUES(?,?,?,?)");
  for (auto& [key_id, changes] : added_) {
    // Stable: objects come in key order already.
    std::stable_sort(changes.begin(), changes.end(), by_value);
    for (const Change& change : changes) {
      insert.BindInt(key_id).BindText(change.value).BindText(change.okey).BindInt(change.id);
      if (Status status = insert.Run(); !status.ok()) return status;
    }
  }
  removed_.clear();
  added_.clear();
  removed_values_.clear();
  return Status();
}

}  // namespace pedia::storage
