// The table of entries against the objects.
#include <algorithm>
#include <limits>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "storage/audit_run.h"
#include "storage/packed_entries.h"

namespace pedia::storage {
namespace {

constexpr int64_t kEntriesPerSnapshot = 4000;

// A row that `entries` has.
struct StoredEntry {
  int64_t key_id;
  std::string value;
  std::string okey;
  int64_t id;
};

class EntryAudit {
 public:
  explicit EntryAudit(AuditRun& run) : run_(run) {}
  Status Run();

 private:
  Result<std::vector<StoredEntry>> ReadEntries();
  Status CheckOwners(std::span<const StoredEntry> entries);

  AuditRun& run_;
  StoredEntry last_entry_{std::numeric_limits<int64_t>::min(), "", "", 0};
};

// Every row of the table must be one that its object has. That none is missing is known already.
Status EntryAudit::Run() {
  while (true) {
    if (Status status = run_.Begin(); !status.ok()) return status;
    const Result<std::vector<StoredEntry>> entries = ReadEntries();
    if (!entries.ok()) return entries.status();
    if (entries->empty()) return Status();
    if (Status status = CheckOwners(*entries); !status.ok()) return status;
    run_.report().entries += static_cast<int64_t>(entries->size());
    last_entry_ = entries->back();
    const auto share =
        static_cast<double>(last_entry_.key_id) / static_cast<double>(run_.state().next_dictionary);
    if (!run_.GoOn("entries", share, run_.report().entries)) return Status();
  }
}

// Those that follow last_entry_. Each statement is one range of the primary key.
Result<std::vector<StoredEntry>> EntryAudit::ReadEntries() {
  std::vector<StoredEntry> entries;
  static constexpr const char* kRanges[] = {"key_id=? AND value=? AND okey>?",
                                            "key_id=? AND value>?", "key_id>?"};
  for (int range = 0; range < 3 && entries.empty(); ++range) {
    SqlStatement rows =
        run_.connection().Prepare(std::string("SELECT key_id,value,okey,id FROM entries WHERE ") +
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

Status EntryAudit::CheckOwners(std::span<const StoredEntry> entries) {
  std::unordered_multimap<int64_t, size_t> by_object;
  for (size_t i = 0; i < entries.size(); ++i) by_object.emplace(entries[i].id, i);
  std::vector<bool> right(entries.size());
  const std::string text = "SELECT o.id,o.type_id,o.okey,b.entries FROM objects o" +
                           std::string(run_.connection().dialect().ordered_join) +
                           "bodies b WHERE b.id=o.id AND o.id IN (" + RepeatedForLookup("?", ",") +
                           ')';
  for (size_t start = 0; start < entries.size(); start += kRowsPerLookup) {
    SqlStatement rows = run_.connection().Prepare(text);
    for (size_t i = start; i < start + kRowsPerLookup; ++i)
      rows.BindInt(entries[std::min(i, entries.size() - 1)].id);
    while (rows.Step()) {
      const auto [first, last] = by_object.equal_range(rows.Int(0));
      for (auto at = first; at != last; ++at) {
        const StoredEntry& entry = entries[at->second];
        const auto type = run_.ids().type_of_key.find(entry.key_id);
        right[at->second] = type != run_.ids().type_of_key.end() && type->second == rows.Int(1) &&
                            rows.Text(2) == entry.okey &&
                            FindPackedValue(rows.Text(3), entry.key_id) == entry.value;
      }
    }
    if (!rows.ok()) return rows.status();
  }
  for (size_t i = 0; i < entries.size(); ++i) {
    if (right[i]) continue;
    run_.Wrong("entry of key " + std::to_string(entries[i].key_id) + " " + entries[i].okey,
               "its object does not have it");
  }
  return Status();
}

}  // namespace

Status AuditEntries(AuditRun& run) { return EntryAudit(run).Run(); }

}  // namespace pedia::storage
