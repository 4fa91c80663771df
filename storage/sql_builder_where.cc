// What SqlBuilder writes behind WHERE.
#include <string>
#include <utility>

#include "storage/sql_builder.h"

namespace pedia::storage {

void SqlBuilder::AppendSource(const Source& source, SqlText& out) const {
  if (source.entry == nullptr) {
    out.Add(" WHERE o.type_id=").Value(query_.type_id);
    if (source.driver.kind == Driver::Kind::kNames)
      out.Add(" AND o.name IN ").Values(query_.names.in);
    if (source.driver.kind == Driver::Kind::kOwners)
      out.Add(" AND o.owner_uid IN ").Values(*query_.owners);
    if (source.driver.kind == Driver::Kind::kCreated) AppendCreated(out);
    return;
  }
  out.Add(" WHERE a.key_id=").Value(source.entry->key_id);
  if (source.value != nullptr) {
    out.Add(" AND a.value=").Value(*source.value);
  } else {
    out.Add(" AND a.value IN ").Values(source.entry->values);
  }
}

void SqlBuilder::AppendCreated(SqlText& out) const {
  if (query_.since) out.Add(" AND o.created>=").Value(*query_.since);
  if (query_.before) out.Add(" AND o.created<").Value(*query_.before);
}

void SqlBuilder::AppendRange(const char* column, const KeyRange& range, SqlText& out) const {
  if (range.IsWhole()) return;
  out.Add(" AND ").Add(column).Add(range.exact ? "=" : ">").Value(range.low);
  if (!range.exact && !range.high.empty()) out.Add(" AND ").Add(column).Add("<").Value(range.high);
}

// Nothing is read where one of the lists has not begun.
void SqlBuilder::AppendBegin(const char* column, const KeyRange& range, SqlText& out) const {
  for (const EntryProbe& probe : query_.probes) {
    if (probe.negative || probe.entry.values.size() != 1) continue;
    out.Add(" AND ").Add(column).Add(">=(SELECT s.okey FROM entries s WHERE s.key_id=");
    out.Value(probe.entry.key_id).Add(" AND s.value=").Value(probe.entry.values.front());
    AppendRange("s.okey", range, out);
    out.Add(" ORDER BY s.okey LIMIT 1)");
  }
}

void SqlBuilder::AppendMerged(const Driver& driver, const KeyRange& range, SqlText& out) const {
  const EntryValues& merged = query_.probes[*driver.merged].entry;
  out.Add(" AND m.key_id=").Value(merged.key_id).Add(" AND m.value=").Value(merged.values.front());
  AppendRange("m.okey", range, out);
  AppendBegin("m.okey", range, out);
  AppendBegin("a.okey", range, out);
}

// Clusters and namespaces of a list that is not in the order of okeys.
void SqlBuilder::AppendScope(SqlText& out) const {
  if (query_.ranges.size() == 1) return AppendRange("o.okey", query_.ranges.front(), out);
  AppendColumnConditions(out);
}

void SqlBuilder::AppendColumnConditions(SqlText& out) const {
  AppendSet("o.cluster", query_.clusters, out);
  AppendSet("o.namespace", query_.namespaces, out);
  AppendAccess(out);
}

// IS TRUE, so that no planner takes a part of it for a join. Objects without a namespace are in no
// list of namespaces.
void SqlBuilder::AppendAccess(SqlText& out) const {
  const query::AccessFilter& access = query_.access;
  if (!access.restricted) return;
  const char* before = " AND (";
  const auto append = [&](const char* columns, const auto& values) {
    if (values.empty()) return;
    out.Add(std::exchange(before, " OR ")).Add(columns).Add(dialect_.in_rows).Rows(values).Add(")");
  };
  append("o.cluster", access.clusters);
  append("o.namespace", access.namespaces);
  append("(o.cluster,o.namespace)", access.cluster_namespaces);
  out.Add(") IS TRUE");
}

void SqlBuilder::AppendSet(const char* column, const query::NameSet& set, SqlText& out) const {
  if (set.restricted) out.Add(" AND ").Add(column).Add(" IN ").Values(set.in);
  if (!set.not_in.empty()) out.Add(" AND ").Add(column).Add(" NOT IN ").Values(set.not_in);
}

void SqlBuilder::AppendObjectConditions(const Driver& driver, SqlText& out) const {
  if (driver.kind != Driver::Kind::kNames) AppendSet("o.name", query_.names, out);
  if (driver.kind != Driver::Kind::kCreated) AppendCreated(out);
  if (driver.kind != Driver::Kind::kOwners && query_.owners)
    out.Add(" AND o.owner_uid IN ").Values(*query_.owners);
}

void SqlBuilder::AppendProbes(const Driver& driver, SqlText& out) const {
  for (size_t i = 0; i < query_.probes.size(); ++i) {
    const EntryProbe& probe = query_.probes[i];
    if (driver.probe == i || driver.merged == i) continue;
    out.Add(" AND (SELECT e.id FROM entries e WHERE e.key_id=").Value(probe.entry.key_id);
    if (probe.entry.values.size() == 1) {
      out.Add(" AND e.value=").Value(probe.entry.values.front());
    } else {
      out.Add(" AND e.value IN ").Values(probe.entry.values);
    }
    out.Add(" AND e.okey=").Add(KeyColumn(driver));
    out.Add(probe.negative ? ") IS NULL" : ") IS NOT NULL");
  }
}

void SqlBuilder::AppendPhase(const Phase& phase, SqlText& out) const {
  const char* column = ColumnName(query_.walk->column);
  out.Add(" AND ").Add(column);
  switch (phase.kind) {
    case Phase::Kind::kAll:
      out.Add(" IS NOT NULL");
      break;
    case Phase::Kind::kEqual:
      out.Add("=").Value(*phase.value);
      break;
    case Phase::Kind::kBehind:
      out.Add(query_.walk->descending ? "<" : ">").Value(*phase.value);
      break;
    case Phase::Kind::kMissing:
      out.Add(" IS NULL");
      break;
  }
  if (phase.okey == nullptr) return;
  out.Add(" AND o.okey").Add(query_.after_inclusive ? ">=" : ">").Value(*phase.okey);
}

}  // namespace pedia::storage
