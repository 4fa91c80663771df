#include "storage/facets.h"

#include <algorithm>

#include "storage/indexed_fields.h"

namespace pedia::storage {

using Kind = ValueSource::Kind;

bool SqlFacets::AreIndexed() const {
  const ListQuery& query = plan_.query;
  const bool conditions = query.driver.kind != Driver::Kind::kObjects ||
                          !plan_.conditions.empty() || !query.probes.empty() || query.since ||
                          query.before || query.owners || query.names.restricted ||
                          !query.names.not_in.empty() || query.ranges.front().exact;
  if (conditions) return false;
  return std::all_of(plan_.sources.begin(), plan_.sources.end(), [&](const ValueSource& source) {
    switch (source.kind) {
      case Kind::kConstant:
      case Kind::kCluster:
      case Kind::kNamespace:
        return true;
      case Kind::kEntry:
        return query.ranges.size() == 1;
      default:
        return false;
    }
  });
}

Result<bool> SqlFacets::Count(FacetCounter* counter, int64_t* total) {
  std::vector<ValueCounts> of_entries(plan_.sources.size());
  for (size_t i = 0; i < plan_.sources.size(); ++i) {
    const Result<bool> whole = CountEntries(plan_.sources[i], &of_entries[i]);
    if (!whole.ok() || !*whole) return whole;
  }
  int64_t objects = 0;
  if (Status status = CountScopes(counter, &objects); !status.ok()) return status;
  for (size_t i = 0; i < plan_.sources.size(); ++i) {
    const ValueSource& source = plan_.sources[i];
    if (source.kind == Kind::kConstant && objects > 0)
      of_entries[i].emplace_back(std::get<std::string>(source.constant), objects);
    int64_t without = objects;
    for (const auto& [value, rows] : of_entries[i]) {
      without -= rows;
      if (Status status = counter->Add(i, {value}, rows); !status.ok()) return status;
    }
    if (source.kind != Kind::kEntry || without == 0) continue;
    if (Status status = counter->Add(i, {}, without); !status.ok()) return status;
  }
  *total += objects;
  return true;
}

Status SqlFacets::CountScopes(FacetCounter* counter, int64_t* objects) {
  SqlStatement scopes = connection_.Prepare(
      "SELECT cluster,namespace,n FROM scopes WHERE type_id=?", RowCount::kUnbounded);
  scopes.BindInt(plan_.query.type_id);
  while (scopes.Step()) {
    const std::string_view cluster = scopes.Text(0);
    const std::string_view name_space = scopes.Text(1);
    if (!plan_.query.HasScope(cluster, name_space)) continue;
    const int64_t rows = scopes.Int(2);
    *objects += rows;
    for (size_t i = 0; i < plan_.sources.size(); ++i) {
      const Kind kind = plan_.sources[i].kind;
      if (kind != Kind::kCluster && kind != Kind::kNamespace) continue;
      const std::string_view value = kind == Kind::kCluster ? cluster : name_space;
      Status status = value.empty() ? counter->Add(i, {}, rows) : counter->Add(i, {value}, rows);
      if (!status.ok()) return status;
    }
  }
  return scopes.status();
}

// False if an entry may hold a part of a value only.
Result<bool> SqlFacets::CountEntries(const ValueSource& source, ValueCounts* counts) {
  if (source.kind != Kind::kEntry || !source.key_id) return true;
  const KeyRange& range = plan_.query.ranges.front();
  SqlStatement values = connection_.Prepare(
      range.high.empty()
          ? "SELECT value,count(*) FROM entries WHERE key_id=? AND okey>? GROUP BY value"
          : "SELECT value,count(*) FROM entries WHERE key_id=? AND okey>? AND okey<? GROUP BY "
            "value");
  values.BindInt(*source.key_id).BindText(range.low);
  if (!range.high.empty()) values.BindText(range.high);
  while (counts->size() <= FacetCounter::kMaxValues && values.Step()) {
    if (MayBeCut(values.Text(0))) return false;
    counts->emplace_back(values.Text(0), values.Int(1));
  }
  if (!values.ok()) return values.status();
  return true;
}

}  // namespace pedia::storage
