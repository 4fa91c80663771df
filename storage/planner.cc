#include "storage/planner.h"

#include <algorithm>
#include <utility>

namespace pedia::storage {
namespace {

using query::NameSet;
using query::OrderBy;
using query::OrderColumn;

// The lowest limits are SQLite's 32,766 parameters and 1,000 levels of an expression; both are kept
// at a distance.
constexpr size_t kMaxProbes = 40;
constexpr size_t kMaxParameters = 20'000;
constexpr int64_t kMaxRows = int64_t{1} << 40;

size_t CountValues(const NameSet& set) { return set.in.size() + set.not_in.size(); }

}  // namespace

bool ListPlan::reads_bodies() const {
  return !conditions.fields.empty() ||
         std::any_of(sources.begin(), sources.end(), [](const ValueSource& source) {
           return source.kind == ValueSource::Kind::kField;
         });
}

SqlPlanner::SqlPlanner(SqlConnection& connection, const ListRequest& request,
                       const DictionaryType& type)
    : connection_(connection), request_(request), type_(type), conditions_(connection, type) {
  plan_.type = {type.gvr, type.kind};
  plan_.query.type_id = type.id;
}

Result<std::optional<ListPlan>> SqlPlanner::PlanRows(bool all) {
  const Result<bool> may_match = Resolve();
  if (!may_match.ok()) return may_match.status();
  if (!*may_match) return std::optional<ListPlan>();
  ListQuery& query = plan_.query;
  for (const OrderBy& term : request_.order) {
    plan_.sources.push_back(SourceOf(term.column, term.field));
  }
  if (!request_.scope.collection.empty()) plan_.type_key = TypeKey(type_.gvr);
  if (request_.after) {
    query.after = request_.after;
    query.after_inclusive = plan_.type_key > request_.after->type;
  }
  const query::ListOptions& options = request_.options;
  const int64_t offset = std::clamp<int64_t>(options.start.offset, 0, kMaxRows);
  if (options.limit > 0 && !all) query.fetch_limit = std::min(options.limit, kMaxRows) + offset + 1;
  if (Status status = ChooseDriver(/*any_order=*/false); !status.ok()) return status;
  if (!plan_.conditions.empty()) query.fetch_limit = 0;
  SelectWhatIsRead();
  // A row that is not sent at once, or goes through a sort of equal ones, would carry its body for
  // nothing. With events rows are sent by dozens.
  const bool newest_first = query.walk && query.walk->column == OrderColumn::kCreatedAt &&
                            connection_.dialect().has_newest_first;
  const bool backwards = query.walk && query.walk->descending && !newest_first;
  if (query.ordered && offset == 0 && !backwards && !options.inject_events) query.with_body = true;
  return std::optional(std::move(plan_));
}

Result<std::optional<ListPlan>> SqlPlanner::PlanFacets() {
  const Result<bool> may_match = Resolve();
  if (!may_match.ok()) return may_match.status();
  if (!*may_match) return std::optional<ListPlan>();
  for (const query::Facet& facet : request_.options.facets) {
    plan_.sources.push_back(SourceOf(facet.column, facet.field));
  }
  plan_.query.ordered = false;
  if (Status status = ChooseDriver(/*any_order=*/true); !status.ok()) return status;
  SelectWhatIsRead();
  return std::optional(std::move(plan_));
}

// False if nothing can match.
Result<bool> SqlPlanner::Resolve() {
  ListQuery& query = plan_.query;
  const query::ListOptions& options = request_.options;
  query.clusters = Narrow(options.clusters, request_.scope.cluster);
  query.namespaces = Narrow(options.namespaces, request_.scope.name_space);
  query.names = Narrow(options.names, "");
  query.since = options.since;
  query.before = options.before;
  plan_.conditions.name_parts = options.fuzzy_names;
  plan_.conditions.not_name_parts = options.not_fuzzy_names;
  for (const NameSet* set : {&query.clusters, &query.namespaces, &query.names}) {
    if (set->restricted && set->in.empty()) return false;
  }
  if (request_.owners && request_.owners->uids.empty()) return false;
  ResolveOwners();
  const Result<bool> in_range = ResolveRanges();
  if (!in_range.ok() || !*in_range) return in_range;
  const Result<bool> may_match = ResolveConditions();
  if (!may_match.ok() || !*may_match) return may_match;
  if (Status status = CheckSize(); !status.ok()) return status;
  return true;
}

void SqlPlanner::ResolveOwners() {
  if (!request_.owners) return;
  plan_.query.owners = request_.owners->uids;
  // In one cluster a uid is enough.
  const auto& pairs = request_.owners->in_clusters;
  const bool one_cluster = !pairs.empty() && pairs.begin()->first == pairs.rbegin()->first &&
                           plan_.query.clusters.restricted && plan_.query.clusters.in.size() == 1 &&
                           plan_.query.clusters.in[0] == pairs.begin()->first;
  if (!pairs.empty() && !one_cluster) plan_.conditions.owners = pairs;
}

Status SqlPlanner::CheckSize() const {
  const ListQuery& query = plan_.query;
  size_t values = CountValues(query.names) + (query.owners ? query.owners->size() : 0);
  if (!request_.order.empty())
    values += CountValues(query.clusters) + CountValues(query.namespaces);
  for (const EntryProbe& probe : query.probes) values += probe.entry.values.size();
  for (const Candidate& candidate : candidates_) {
    for (const EntryValues& entry : candidate.driver.entries) {
      if (values + entry.values.size() > kMaxParameters) values = kMaxParameters + 1;
    }
  }
  if (values <= kMaxParameters) return Status();
  return BadRequest("the query names too many clusters, namespaces, names or values");
}

Result<bool> SqlPlanner::ResolveConditions() {
  for (const query::LabelRequirement& requirement : request_.options.label_selector) {
    Result<ResolvedCondition> condition = conditions_.Resolve(requirement);
    if (!condition.ok()) return condition.status();
    const Result<bool> may_match = AddCondition(*std::move(condition));
    if (!may_match.ok() || !*may_match) return may_match;
  }
  for (const query::FieldRequirement& requirement : request_.options.field_selector) {
    const std::optional<std::string> path = EntryPath(requirement.path, type_.gvr);
    if (!path) {
      plan_.conditions.fields.push_back(requirement);
      continue;
    }
    Result<ResolvedCondition> condition = conditions_.Resolve(requirement, *path);
    if (!condition.ok()) return condition.status();
    const Result<bool> may_match = AddCondition(*std::move(condition));
    if (!may_match.ok() || !*may_match) return may_match;
  }
  return true;
}

Result<bool> SqlPlanner::AddCondition(ResolvedCondition condition) {
  if (condition.never) return false;
  if (condition.always) return true;
  Candidate candidate;
  if (condition.probe && plan_.query.probes.size() < kMaxProbes) {
    candidate.driver.probe = plan_.query.probes.size();
    plan_.query.probes.push_back(*std::move(condition.probe));
  } else {
    if (condition.probe) {
      const bool negative = condition.probe->negative;
      condition.row =
          EntryCondition{condition.probe->entry.key_id,
                         negative ? query::SelectorOperator::kNotIn : query::SelectorOperator::kIn,
                         std::move(condition.probe->entry.values)};
    }
    candidate.condition = plan_.conditions.entries.size();
    plan_.conditions.entries.push_back(*std::move(condition.row));
  }
  if (condition.driver.empty() || candidates_.size() >= kMaxProbes) return true;
  candidate.driver.kind = Driver::Kind::kEntries;
  candidate.driver.entries = std::move(condition.driver);
  candidates_.push_back(std::move(candidate));
  return true;
}

ValueSource SqlPlanner::ColumnSource(OrderColumn column) {
  const GroupVersionResource& gvr = type_.gvr;
  using Kind = ValueSource::Kind;
  switch (column) {
    case OrderColumn::kCluster:
      return {Kind::kCluster};
    case OrderColumn::kNamespace:
      return {Kind::kNamespace};
    case OrderColumn::kName:
      return {Kind::kName};
    case OrderColumn::kGroup:
      return {Kind::kConstant, gvr.group};
    case OrderColumn::kVersion:
      return {Kind::kConstant, gvr.version};
    case OrderColumn::kResource:
      return {Kind::kConstant, gvr.resource};
    case OrderColumn::kKind:
      return {Kind::kConstant, type_.kind};
    default:
      break;
  }
  ValueSource source{Kind::kColumn};
  source.index = plan_.query.columns.size();
  plan_.query.columns.push_back(column);
  return source;
}

ValueSource SqlPlanner::SourceOf(OrderColumn column, const query::FieldPath& field) {
  if (column != OrderColumn::kField) return ColumnSource(column);
  ValueSource source{ValueSource::Kind::kField};
  source.index = plan_.fields.size();
  plan_.fields.push_back(field);
  const std::optional<std::string> path = EntryPath(field, type_.gvr);
  if (!path) return source;
  source.kind = ValueSource::Kind::kEntry;
  source.key_id = conditions_.FindKey(*path);
  return source;
}

void SqlPlanner::SelectWhatIsRead() {
  ListQuery& query = plan_.query;
  if (plan_.conditions.owners) query.columns.push_back(OrderColumn::kOwnerUid);  // The last one.
  const bool entry_values =
      std::any_of(plan_.sources.begin(), plan_.sources.end(), [](const ValueSource& source) {
        return source.kind == ValueSource::Kind::kEntry && source.key_id;
      });
  query.with_entries = !plan_.conditions.entries.empty() || entry_values;
  query.with_body = plan_.reads_bodies();
}

Result<int64_t> RunCount(SqlConnection& connection, const SqlQuery& query) {
  SqlStatement count = connection.Prepare(query.text);
  for (const SqlValue& value : query.parameters) count.Bind(value);
  if (count.Step()) return count.Int(0);
  return count.ok() ? InternalError("a count gave no row") : count.status();
}

}  // namespace pedia::storage
