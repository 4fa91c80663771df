#include "storage/entry_changes.h"

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
    removed_[old->key_id].push_back({old->value, okey, id});
  }
  add_up_to(INT64_MAX);
}

// Stable: objects come in key order already.
void EntryChanges::Sort(ChangesOfKeys& changes) {
  for (auto& [key_id, of_key] : changes) {
    std::stable_sort(of_key.begin(), of_key.end(),
                     [](const Change& a, const Change& b) { return a.value < b.value; });
  }
}

std::vector<SqlParameter> EntryChanges::RowsOf(const ChangesOfKeys& changes, bool with_id) {
  size_t count = 0;
  for (const auto& [key_id, of_key] : changes) count += of_key.size();
  std::vector<SqlParameter> rows;
  rows.reserve(count * (with_id ? 4 : 3));
  for (const auto& [key_id, of_key] : changes) {
    for (const Change& change : of_key) {
      rows.insert(rows.end(), {key_id, TextView{change.value}, TextView{change.okey}});
      if (with_id) rows.emplace_back(change.id);
    }
  }
  return rows;
}

Status EntryChanges::Write(SqlConnection& connection) {
  Sort(removed_);
  Sort(added_);
  const std::vector<SqlParameter> removed = RowsOf(removed_, /*with_id=*/false);
  const std::vector<SqlParameter> added = RowsOf(added_, /*with_id=*/true);
  removed_.clear();
  added_.clear();
  if (!removed.empty()) {
    if (Status status = connection.Delete(kEntriesTable, removed); !status.ok()) return status;
  }
  return added.empty() ? Status() : connection.Insert(kEntriesTable, added);
}

}  // namespace pedia::storage
