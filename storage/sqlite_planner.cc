#include "storage/sqlite_planner.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "storage/indexed_fields.h"

namespace pedia::storage {
namespace {

using query::NameSet;
using query::OrderColumn;
using query::SelectorOperator;

// SQLite's limits are 32,766 parameters and 1,000 levels of an expression; both are kept at a
// distance.
constexpr size_t kMaxSqlTerms = 40;
constexpr size_t kMaxSqlValues = 1'000;
constexpr size_t kMaxParameters = 20'000;
constexpr size_t kMaxPoints = 1'000;
constexpr size_t kMaxPairs = 2'000;
constexpr int64_t kMaxRows = int64_t{1} << 40;
constexpr int64_t kMinCap = 1'001;
constexpr int64_t kMaxCap = 50'000;

bool IsPositive(SelectorOperator op) {
  return op != SelectorOperator::kNotEquals && op != SelectorOperator::kNotIn &&
         op != SelectorOperator::kDoesNotExist;
}

bool IsComparedInSql(const query::LabelRequirement& requirement) {
  switch (requirement.op) {
    case SelectorOperator::kEquals:
    case SelectorOperator::kNotEquals:
    case SelectorOperator::kIn:
    case SelectorOperator::kNotIn:
      return !requirement.values.empty() && requirement.values.size() <= kMaxSqlValues;
    default:
      return false;
  }
}

bool IsWhole(const KeyRange& range) {
  return !range.exact && range.low.empty() && range.high.empty();
}

// Whether an index gives this order.
bool HasIndex(const std::vector<query::OrderBy>& order) {
  if (order.size() != 1) return false;
  return order[0].column == OrderColumn::kCreatedAt ||
         (order[0].column == OrderColumn::kName && !order[0].descending);
}

}  // namespace

const Dialect kSqliteDialect = {
    .numbered_placeholders = false,
    .index_hint_before = " INDEXED BY ",
    .index_hint_after = "",
    .ordered_join = " CROSS JOIN ",
};

SqlitePlanner::SqlitePlanner(SqliteConnection& connection, const query::ListScope& scope,
                             const query::ListOptions& options)
    : connection_(connection), scope_(scope), options_(options) {}

Result<std::optional<ListPlan>> SqlitePlanner::Plan() {
  const Result<bool> may_match = Resolve();
  if (!may_match.ok()) return may_match.status();
  if (!*may_match) return std::optional<ListPlan>();
  ListQuery& query = plan_.query;
  if (CountValues() > kMaxParameters) {
    return BadRequest("the query names too many clusters, namespaces, names or values");
  }
  const int64_t offset = std::clamp<int64_t>(options_.start.offset, 0, kMaxRows);
  if (options_.limit > 0 && plan_.residual.empty()) {
    query.fetch_limit = std::min(options_.limit, kMaxRows) + offset + 1;
  }
  if (Status status = ChooseDriver(); !status.ok()) return status;
  query.with_entries = !plan_.residual.empty();
  const bool in_key_order =
      query.order.empty() && SqlBuilder(kSqliteDialect, query).GivesKeyOrder(query.driver);
  query.with_body = in_key_order && offset == 0;
  return std::optional(std::move(plan_));
}

// False if nothing can match.
Result<bool> SqlitePlanner::Resolve() {
  ListQuery& query = plan_.query;
  query.order = NormalizeOrder(options_.order_by);
  if (!options_.start.token_key.empty()) {
    Result<SortKey> after = ParseSortKey(options_.start.token_key, query.order);
    if (!after.ok()) return after.status();
    query.after = std::move(*after);
  }
  const Result<std::optional<int64_t>> type =
      FindId("SELECT type_id FROM types WHERE grp=? AND version=? AND resource=?",
             {scope_.gvr.group, scope_.gvr.version, scope_.gvr.resource}, std::nullopt);
  if (!type.ok()) return type.status();
  if (!*type) return false;
  query.type_id = **type;
  query.clusters = Narrow(options_.clusters, scope_.cluster);
  query.namespaces = Narrow(options_.namespaces, scope_.name_space);
  query.names = Narrow(options_.names, "");
  query.since = options_.since;
  query.before = options_.before;
  for (const NameSet* set : {&query.clusters, &query.namespaces, &query.names}) {
    if (set->restricted && set->in.empty()) return false;
  }
  const Result<bool> in_range = ResolveRanges();
  if (!in_range.ok() || !*in_range) return in_range;
  return ResolveTerms();
}

size_t SqlitePlanner::CountValues() const {
  size_t values = plan_.query.names.in.size() + plan_.query.names.not_in.size();
  for (const NameSet* set : {&plan_.query.clusters, &plan_.query.namespaces}) {
    if (!plan_.query.order.empty()) values += set->in.size() + set->not_in.size();
  }
  for (const EntryTerm& term : plan_.query.terms) values += term.values.size();
  return values;
}

Result<bool> SqlitePlanner::ResolveTerms() {
  for (const query::LabelRequirement& requirement : options_.label_selector) {
    const Result<std::optional<int64_t>> key =
        FindId("SELECT key_id FROM keys WHERE type_id=? AND path=?", {"l:" + requirement.key},
               plan_.query.type_id);
    if (!key.ok()) return key.status();
    if (!*key) {
      if (IsPositive(requirement.op)) return false;
      continue;
    }
    EntryTerm term{**key, requirement.op, {}};
    for (const std::string& value : requirement.values) term.values.push_back(IndexedValue(value));
    const bool in_sql = IsComparedInSql(requirement) && plan_.query.terms.size() < kMaxSqlTerms;
    if (!in_sql) {
      query::LabelRequirement residual = requirement;
      residual.values = term.values;
      std::sort(residual.values.begin(), residual.values.end());
      plan_.residual.push_back(std::move(residual));
      plan_.residual_keys.push_back(**key);
    }
    // What is not compared in SQL may still drive the list, if few objects have the key.
    const bool may_drive = !IsComparedInSql(requirement) && IsPositive(requirement.op) &&
                           requirement.op != SelectorOperator::kIn;
    if (in_sql || (may_drive && plan_.query.terms.size() < kMaxSqlTerms))
      plan_.query.terms.push_back(std::move(term));
  }
  return true;
}

Result<bool> SqlitePlanner::ResolveRanges() {
  const NameSet& clusters = plan_.query.clusters;
  const NameSet& namespaces = plan_.query.namespaces;
  const bool all_namespaces = !namespaces.restricted && namespaces.not_in.empty();
  const bool pairs = clusters.restricted && namespaces.restricted &&
                     clusters.in.size() * namespaces.in.size() <= kMaxPairs;
  if (!clusters.restricted && clusters.not_in.empty() && all_namespaces) {
    plan_.query.ranges.push_back({});
  } else if (pairs || (clusters.restricted && all_namespaces)) {
    plan_.query.ranges = RangesOf(clusters, namespaces);
  } else {
    Result<std::vector<KeyRange>> ranges = RangesFromScopes();
    if (!ranges.ok()) return ranges.status();
    plan_.query.ranges = std::move(*ranges);
  }
  const bool points = pairs && plan_.query.names.restricted &&
                      plan_.query.ranges.size() * plan_.query.names.in.size() <= kMaxPoints;
  if (points) {
    std::vector<KeyRange> exact;
    for (const KeyRange& range : plan_.query.ranges) {
      for (const std::string& name : plan_.query.names.in)
        exact.push_back({range.low + name, "", true});
    }
    plan_.query.ranges = std::move(exact);
    if (plan_.query.order.empty()) plan_.query.names = {};
  }
  return !plan_.query.ranges.empty();
}

// The ranges of the clusters and namespaces that exist and match; neighbours that all match become
// one.
Result<std::vector<KeyRange>> SqlitePlanner::RangesFromScopes() {
  std::vector<KeyRange> ranges;
  SqliteStatement scopes = connection_.Prepare(
      "SELECT cluster,namespace FROM scopes WHERE type_id=? ORDER BY cluster,namespace");
  scopes.BindInt(plan_.query.type_id);
  bool neighbour = false;
  while (scopes.Step()) {
    const std::string_view cluster = scopes.Text(0);
    const std::string_view name_space = scopes.Text(1);
    const bool matches =
        plan_.query.clusters.Matches(cluster) && plan_.query.namespaces.Matches(name_space);
    if (matches) {
      KeyRange range = KeyRange::Namespace(cluster, name_space);
      if (neighbour) {
        ranges.back().high = std::move(range.high);
      } else {
        ranges.push_back(std::move(range));
      }
    }
    neighbour = matches;
  }
  if (!scopes.ok()) return scopes.status();
  return ranges;
}

// The smallest of the positive conditions, by counts that stop at a cap. In the order of an indexed
// column the objects are walked in that order unless a condition is rare: a walk that hardly finds
// anything would visit them all.
Status SqlitePlanner::ChooseDriver() {
  std::vector<Driver> candidates;
  if (plan_.query.names.restricted) candidates.push_back({Driver::Kind::kNames});
  for (size_t i = 0; i < plan_.query.terms.size(); ++i) {
    if (IsPositive(plan_.query.terms[i].op)) candidates.push_back({Driver::Kind::kEntries, i});
  }
  const SqlBuilder builder(kSqliteDialect, plan_.query);
  const bool exact = plan_.query.ranges.front().exact;
  if (exact && plan_.query.order.empty()) return Status();
  const bool walk = HasIndex(plan_.query.order) && !exact;
  if (!walk && candidates.size() == 1 && builder.GivesKeyOrder(candidates[0])) {
    plan_.query.driver = candidates[0];
    return Status();
  }
  const bool part = plan_.query.ranges.size() == 1 && !IsWhole(plan_.query.ranges[0]);
  if (walk && part) candidates.push_back({Driver::Kind::kObjects});
  const Result<int64_t> cap = walk && !candidates.empty() ? WalkCap() : Result<int64_t>(kMinCap);
  if (!cap.ok()) return cap.status();
  std::optional<Driver> best;
  int64_t smallest = *cap;
  for (const Driver& candidate : candidates) {
    const Result<int64_t> count = CountSqlite(connection_, builder.CappedCount(candidate, *cap));
    if (!count.ok()) return count.status();
    const bool better_than_all = !walk && !best && builder.GivesKeyOrder(candidate);
    if (*count < smallest || better_than_all) {
      best = candidate;
      smallest = *count;
    }
  }
  if (best) plan_.query.driver = *best;
  plan_.query.walk_order = walk && !best;
  return Status();
}

// Above so many rows a sort of all of them costs more than walking in the wanted order until the
// page is full, if the matches are spread evenly: the walk is limit * objects / matches.
Result<int64_t> SqlitePlanner::WalkCap() {
  const Result<int64_t> objects =
      CountSqlite(connection_, {"SELECT coalesce(max(id),0) FROM objects", {}});
  if (!objects.ok()) return objects.status();
  const double page =
      static_cast<double>(plan_.query.fetch_limit > 0 ? plan_.query.fetch_limit : kMaxCap);
  const double cap = std::sqrt(page * static_cast<double>(*objects));
  return static_cast<int64_t>(
      std::clamp(cap, static_cast<double>(kMinCap), static_cast<double>(kMaxCap)));
}

Result<std::optional<int64_t>> SqlitePlanner::FindId(std::string_view sql,
                                                     const std::vector<std::string_view>& texts,
                                                     std::optional<int64_t> first) {
  SqliteStatement find = connection_.Prepare(sql);
  if (first) find.BindInt(*first);
  for (const std::string_view text : texts) find.BindText(text);
  if (find.Step()) return std::optional(find.Int(0));
  if (!find.ok()) return find.status();
  return std::optional<int64_t>();
}

Result<int64_t> CountSqlite(SqliteConnection& connection, const SqlStatement& statement) {
  SqliteStatement count = connection.Prepare(statement.text);
  for (const SqlValue& value : statement.parameters) count.Bind(value);
  if (count.Step()) return count.Int(0);
  return count.ok() ? InternalError("a count gave no row") : count.status();
}

}  // namespace pedia::storage
