#include "storage/loose_scan.h"

namespace pedia::storage {
namespace {

// The value next to what `compare` compares with.
std::string Next(const LooseScan& scan, std::string_view compare, bool downwards) {
  const std::string column = "e." + std::string(scan.column);
  std::string text = "(SELECT " + column + " FROM " + std::string(scan.table) + " e WHERE e.";
  text.append(scan.fixed).append("=?");
  if (!compare.empty()) text.append(" AND ").append(column).append(compare);
  return text + " ORDER BY " + column + (downwards ? " DESC" : "") + " LIMIT 1)";
}

}  // namespace

Result<std::vector<std::string>> ReadValues(SqlConnection& connection, const LooseScan& scan,
                                            int64_t id, const std::optional<std::string>& from,
                                            bool downwards, size_t max) {
  std::vector<std::string> values;
  if (max == 0) return values;
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
