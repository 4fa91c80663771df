#include "storage/audit.h"

#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "storage/audit_run.h"
#include "storage/packed_entries.h"

namespace pedia::storage {
namespace {

// A key set is in the form that it is looked for by, and has keys of its own resource only.
Status AuditDictionary(AuditRun& run) {
  if (Status status = run.Begin(); !status.ok()) return status;
  SqlStatement sets =
      run.connection().Prepare("SELECT set_id,type_id,key_ids FROM key_sets", RowCount::kUnbounded);
  while (sets.Step()) {
    const std::string where = "key set " + std::to_string(sets.Int(0));
    const std::vector<int64_t> keys = UnpackKeySet(sets.Text(2));
    if (PackKeySet(keys) != sets.Text(2)) run.Wrong(where, "damaged");
    for (const int64_t key_id : keys) {
      const auto type = run.ids().type_of_key.find(key_id);
      if (type == run.ids().type_of_key.end() || type->second != sets.Int(1))
        run.Wrong(where, "a key that its resource does not have");
    }
    if (sets.Int(0) >= run.state().next_dictionary)
      run.Wrong(where, "an id that is not given out yet");
  }
  return sets.status();
}

// Goes through what is counted and what there is at the same time.
Status CheckScopesOf(AuditRun& run, int64_t type_id, std::string_view type) {
  SqlStatement counted = run.connection().Prepare(
      "SELECT cluster,namespace,n FROM scopes WHERE type_id=? ORDER BY cluster,namespace",
      RowCount::kUnbounded);
  SqlStatement real = run.connection().Prepare(
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
      run.Wrong(std::string(type) + " " + scope.first + "!" + scope.second, "number of objects");
    ++run.report().scopes;
    if (take_left) left = next(counted);
    if (same || !take_left) right = next(real);
  }
  return counted.ok() ? real.status() : counted.status();
}

Status AuditScopes(AuditRun& run) {
  if (Status status = run.Begin(); !status.ok()) return status;
  std::map<int64_t, std::string> types;
  for (const auto& [id, type] : run.ids().types) types[id] = type.type->gvr.ToString();
  {
    SqlStatement rows = run.connection().Prepare("SELECT DISTINCT type_id FROM scopes");
    while (rows.Step()) types.emplace(rows.Int(0), "unknown resource");
    if (!rows.ok()) return rows.status();
  }
  for (auto type = types.begin(); type != types.end(); ++type) {
    if (Status status = run.Begin(); !status.ok()) return status;
    if (Status status = CheckScopesOf(run, type->first, type->second); !status.ok()) return status;
    const int64_t done = std::distance(types.begin(), type) + 1;
    if (!run.GoOn("scopes", done, static_cast<int64_t>(types.size()))) break;
  }
  return Status();
}

}  // namespace

Result<AuditReport> AuditStore(Database& database, const AuditOptions& options) {
  Result<std::unique_ptr<SqlConnection>> connection =
      database.Connect(Database::Role::kPrimaryReader);
  if (!connection.ok()) return connection.status();
  AuditRun run(*std::move(connection), options);
  for (const auto part : {AuditDictionary, AuditObjects, AuditEntries, AuditScopes}) {
    const Status status = part(run);
    run.End();
    if (!status.ok()) return status;
    if (run.report().ended) break;
  }
  return std::move(run.report());
}

}  // namespace pedia::storage
