#include "storage/loose_scan.h"

#include <algorithm>

namespace pedia::storage {
namespace {

// Rows of a step. A value is worth a statement of its own if it has more of them.
constexpr size_t kMinStep = 8;
constexpr size_t kFirstStep = 64;
constexpr size_t kMaxStep = 1'024;

// The values that `compare` accepts, in order.
std::string Select(const LooseScan& scan, std::string_view compare, bool downwards) {
  const std::string column = "e." + std::string(scan.column);
  std::string text = "SELECT " + column + " FROM " + std::string(scan.table) + " e WHERE e.";
  text.append(scan.fixed).append("=?");
  if (!compare.empty()) text.append(" AND ").append(column).append(compare);
  return text + " ORDER BY " + column + (downwards ? " DESC" : "");
}

// The value next to what `compare` compares with.
std::string Next(const LooseScan& scan, std::string_view compare, bool downwards) {
  return '(' + Select(scan, compare, downwards) + " LIMIT 1)";
}

// Statement by statement: some rows from the last value on, which jumps over what that value has.
Result<std::vector<std::string>> ReadInSteps(SqlConnection& connection, const LooseScan& scan,
                                             int64_t id, const std::optional<std::string>& from,
                                             bool downwards, size_t max) {
  std::vector<std::string> values;
  for (size_t step = kFirstStep;;) {
    const bool first = values.empty();
    const char* compare = first && !from ? "" : downwards ? "<?" : ">?";
    if (first && from) compare = downwards ? "<=?" : ">=?";
    const std::string last = first ? from.value_or("") : values.back();
    SqlStatement rows = connection.Prepare(Select(scan, compare, downwards) + " LIMIT ?");
    rows.BindInt(id);
    if (*compare != 0) rows.BindText(last);
    rows.BindInt(static_cast<int64_t>(step));
    size_t seen = 0;
    const size_t before = values.size();
    for (; rows.Step(); ++seen) {
      if (!values.empty() && values.back() == rows.Text(0)) continue;
      if (values.size() == max) return values;
      values.emplace_back(rows.Text(0));
    }
    if (!rows.ok()) return rows.status();
    if (seen < step || values.size() == max) return values;
    const size_t found = values.size() - before;
    if (found == 1) step = std::max(step / 4, kMinStep);
    if (found >= 4) step = std::min(step * 4, kMaxStep);
  }
}

}  // namespace

Result<std::vector<std::string>> ReadValues(SqlConnection& connection, const LooseScan& scan,
                                            int64_t id, const std::optional<std::string>& from,
                                            bool downwards, size_t max) {
  std::vector<std::string> values;
  if (max == 0) return values;
  if (!connection.dialect().seeks_in_recursion)
    return ReadInSteps(connection, scan, id, from, downwards, max);
  const std::string first = Next(scan, !from ? "" : downwards ? "<=?" : ">=?", downwards);
  const std::string next = Next(scan, downwards ? "<t.v" : ">t.v", downwards);
  SqlStatement rows = connection.Prepare(
      "WITH RECURSIVE t(v,n) AS (SELECT " + first + ",1 UNION ALL SELECT " + next +
      ",t.n+1 FROM t WHERE t.v IS NOT NULL AND t.n<?) SELECT v FROM t WHERE v IS NOT NULL "
      "ORDER BY n");
  rows.BindInt(id);
  if (from) rows.BindText(*from);
  rows.BindInt(id).BindInt(static_cast<int64_t>(max));
  while (rows.Step()) values.emplace_back(rows.Text(0));
  if (!rows.ok()) return rows.status();
  return values;
}

}  // namespace pedia::storage
