// The table of entries against the packed entries of the objects: at first by their digests, for
// which the table is read in its own order; then, where these differ, one by one. What others wrote
// between the two readings differs as well, but no longer when it is looked at in one snapshot.
#include <algorithm>
#include <functional>
#include <limits>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "storage/audit_run.h"
#include "storage/packed_entries.h"

namespace pedia::storage {
namespace {

constexpr int64_t kEntriesPerSnapshot = 20'000;
constexpr size_t kDoubtsPerSnapshot = 4'000;
// Many rows are looked for by one statement, of one text, so that it stays prepared.
constexpr size_t kRowsPerLookup = 128;

std::string RepeatedForLookup(std::string_view part, std::string_view separator) {
  std::string text(part);
  for (size_t i = 1; i < kRowsPerLookup; ++i) text.append(separator).append(part);
  return text;
}

// A row of the table, or one that it must have.
struct EntryRow {
  int64_t key_id = std::numeric_limits<int64_t>::min();
  std::string value;
  std::string okey;
  int64_t id = 0;
  bool operator==(const EntryRow&) const = default;
};

// Reads the table in key order, in one snapshot after the other.
class EntryScan {
 public:
  explicit EntryScan(AuditRun& run) : run_(run) {}

  // Begins a snapshot and shows the next rows to `visit`, which ends it by false. False after the
  // last row.
  Result<bool> ReadSome(const std::function<bool(const EntryRow&)>& visit);
  int64_t rows() const { return rows_; }  // Shown.

 private:
  AuditRun& run_;
  EntryRow last_;
  int64_t rows_ = 0;
};

// Each statement is one range of the primary key; together they are all that follows last_.
Result<bool> EntryScan::ReadSome(const std::function<bool(const EntryRow&)>& visit) {
  static constexpr const char* kRanges[] = {"key_id=? AND value=? AND okey>?",
                                            "key_id=? AND value>?", "key_id>?"};
  if (Status status = run_.Begin(); !status.ok()) return status;
  const EntryRow from = last_;
  int64_t left = kEntriesPerSnapshot;
  for (int range = 0; range < 3; ++range) {
    SqlStatement rows =
        run_.connection().Prepare(std::string("SELECT key_id,value,okey,id FROM entries WHERE ") +
                                      kRanges[range] + " ORDER BY key_id,value,okey LIMIT ?",
                                  RowCount::kUnbounded);
    rows.BindInt(from.key_id);
    if (range < 2) rows.BindText(from.value);
    if (range < 1) rows.BindText(from.okey);
    rows.BindInt(left);
    for (; rows.Step(); --left) {
      last_.key_id = rows.Int(0);
      last_.value = rows.Text(1);
      last_.okey = rows.Text(2);
      last_.id = rows.Int(3);
      ++rows_;
      if (!visit(last_)) return true;
    }
    if (!rows.ok()) return rows.status();
    if (left == 0) return true;
  }
  return false;
}

Status CompareDigests(AuditRun& run) {
  EntryScan scan(run);
  while (true) {
    const Result<bool> more = scan.ReadSome([&run](const EntryRow& row) {
      run.digests().Remove(row.id, row.okey, {row.key_id, row.value});
      return true;
    });
    if (!more.ok()) return more.status();
    run.report().entries = scan.rows();
    if (!*more || !run.GoOn("entries", scan.rows(), run.wanted_entries())) return Status();
  }
}

// The objects whose digests differ, entry by entry.
class DoubtAudit {
 public:
  explicit DoubtAudit(AuditRun& run) : run_(run) {}

  // Each entry that they have must be in the table.
  Status LookForMissing();
  // Each entry in the table that says to be theirs must be one that they have.
  Status LookForOthers();

 private:
  Status CheckEntriesOf(std::span<const int64_t> ids);
  Status FindRows(std::span<const EntryRow> wanted, std::vector<bool>* found);
  Status CheckOwners(std::span<const EntryRow> stored);
  Status ReadObjects(std::span<const int64_t> ids,
                     const std::function<void(const SqlStatement&)>& visit);

  AuditRun& run_;
};

Status DoubtAudit::LookForMissing() {
  std::vector<int64_t> ids;
  const int64_t end = run_.state().next_object;
  for (int64_t id = 1; id < end; ++id) {
    if (run_.digests().Differs(id)) ids.push_back(id);
    if (ids.size() < kRowsPerLookup && id + 1 < end) continue;
    if (Status status = CheckEntriesOf(ids); !status.ok()) return status;
    if (!run_.GoOn("differences", id, end)) return Status();
    ids.clear();
  }
  return Status();
}

Status DoubtAudit::CheckEntriesOf(std::span<const int64_t> ids) {
  if (Status status = run_.Begin(); !status.ok()) return status;
  std::vector<EntryRow> wanted;
  std::vector<int64_t> types;  // Of the same indexes.
  Status status = ReadObjects(ids, [&](const SqlStatement& object) {
    PackedEntries entries(object.Text(3));
    while (const auto entry = entries.Next()) {
      wanted.push_back(
          {entry->key_id, std::string(entry->value), std::string(object.Text(2)), object.Int(0)});
      types.push_back(object.Int(1));
    }
  });
  std::vector<bool> found(wanted.size());
  if (status.ok()) status = FindRows(wanted, &found);
  if (!status.ok()) return status;
  for (size_t i = 0; i < wanted.size(); ++i) {
    if (!found[i])
      run_.Wrong(run_.Name(types[i], wanted[i].okey),
                 "no row for key " + std::to_string(wanted[i].key_id));
  }
  return Status();
}

// Each part of the statement finds one row by its key.
Status DoubtAudit::FindRows(std::span<const EntryRow> wanted, std::vector<bool>* found) {
  const std::string text = RepeatedForLookup(
      "SELECT e.key_id,e.value,e.okey,e.id FROM entries e WHERE e.key_id=? AND e.value=? AND "
      "e.okey=?",
      " UNION ALL ");
  const auto order = [](const EntryRow& a, const EntryRow& b) {
    return std::pair(a.id, a.key_id) < std::pair(b.id, b.key_id);
  };
  std::vector<EntryRow> rows;
  for (size_t start = 0; start < wanted.size(); start += kRowsPerLookup) {
    SqlStatement find = run_.connection().Prepare(text);
    for (size_t i = start; i < start + kRowsPerLookup; ++i) {
      const EntryRow& entry = wanted[std::min(i, wanted.size() - 1)];
      find.BindInt(entry.key_id).BindText(entry.value).BindText(entry.okey);
    }
    while (find.Step()) {
      rows.push_back(
          {find.Int(0), std::string(find.Text(1)), std::string(find.Text(2)), find.Int(3)});
    }
    if (!find.ok()) return find.status();
  }
  std::sort(rows.begin(), rows.end(), order);
  for (size_t i = 0; i < wanted.size(); ++i) {
    const auto row = std::lower_bound(rows.begin(), rows.end(), wanted[i], order);
    (*found)[i] = row != rows.end() && *row == wanted[i];
  }
  return Status();
}

Status DoubtAudit::LookForOthers() {
  EntryScan scan(run_);
  while (true) {
    std::vector<EntryRow> stored;
    const Result<bool> more = scan.ReadSome([&](const EntryRow& row) {
      if (run_.digests().Differs(row.id)) stored.push_back(row);
      return stored.size() < kDoubtsPerSnapshot;
    });
    if (!more.ok()) return more.status();
    if (Status status = CheckOwners(stored); !status.ok()) return status;
    if (!*more || !run_.GoOn("differences", scan.rows(), run_.report().entries)) return Status();
  }
}

Status DoubtAudit::CheckOwners(std::span<const EntryRow> stored) {
  std::vector<int64_t> ids;
  std::unordered_multimap<int64_t, size_t> by_object;
  for (size_t i = 0; i < stored.size(); ++i) {
    ids.push_back(stored[i].id);
    by_object.emplace(stored[i].id, i);
  }
  std::vector<bool> right(stored.size());
  Status status = ReadObjects(ids, [&](const SqlStatement& object) {
    const auto [first, last] = by_object.equal_range(object.Int(0));
    for (auto at = first; at != last; ++at) {
      const EntryRow& entry = stored[at->second];
      right[at->second] = object.Text(2) == entry.okey &&
                          FindPackedValue(object.Text(3), entry.key_id) == entry.value;
    }
  });
  if (!status.ok()) return status;
  for (size_t i = 0; i < stored.size(); ++i) {
    if (right[i]) continue;
    run_.Wrong("entry of key " + std::to_string(stored[i].key_id) + " " + stored[i].okey,
               "its object does not have it");
  }
  return Status();
}

// Those of the objects that there are, in any order: id, type_id, okey, packed entries.
Status DoubtAudit::ReadObjects(std::span<const int64_t> ids,
                               const std::function<void(const SqlStatement&)>& visit) {
  const std::string text = "SELECT o.id,o.type_id,o.okey,b.entries FROM objects o" +
                           std::string(run_.connection().dialect().ordered_join) +
                           "bodies b WHERE b.id=o.id AND o.id IN (" + RepeatedForLookup("?", ",") +
                           ')';
  for (size_t start = 0; start < ids.size(); start += kRowsPerLookup) {
    SqlStatement rows = run_.connection().Prepare(text, RowCount::kUnbounded);
    for (size_t i = start; i < start + kRowsPerLookup; ++i)
      rows.BindInt(ids[std::min(i, ids.size() - 1)]);
    while (rows.Step()) visit(rows);
    if (!rows.ok()) return rows.status();
  }
  return Status();
}

}  // namespace

Status AuditEntries(AuditRun& run) {
  Status status = CompareDigests(run);
  if (!status.ok() || run.report().ended || !run.digests().AnyDiffers()) return status;
  DoubtAudit doubts(run);
  status = doubts.LookForMissing();
  return !status.ok() || run.report().ended ? status : doubts.LookForOthers();
}

}  // namespace pedia::storage
