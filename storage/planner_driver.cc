// The part of SqlPlanner that chooses what drives a list.
#include <algorithm>
#include <cmath>
#include <iterator>
#include <map>
#include <utility>

#include "query/typed_value.h"
#include "storage/indexed_fields.h"
#include "storage/loose_scan.h"
#include "storage/planner.h"

namespace pedia::storage {
namespace {

using query::OrderBy;
using query::OrderColumn;

// A driver of so many rows may be sorted without being felt.
constexpr int64_t kFewRows = 1'000;
constexpr int64_t kManyRows = 50'000;
// What a row costs that is looked up in an index, in rows that are read along an index (measured).
constexpr int64_t kRowsPerProbe = 16;
constexpr int64_t kSampledRows = 64;
constexpr size_t kMaxWalkedValues = 1'000;
constexpr size_t kMaxClusters = 100'000;  // More are sorted.
constexpr size_t kMaxWalkedText = 128;    // Shorter than what every entry holds of a value.
constexpr size_t kMaxPieces = 100'000;
// More are worth a look at how many rows a driver has without them.
constexpr size_t kFewRanges = 8;

// Whether an index gives this order.
bool HasIndex(const std::vector<OrderBy>& order) {
  return order.size() == 1 &&
         (order[0].column == OrderColumn::kCreatedAt || order[0].column == OrderColumn::kName);
}

}  // namespace

// The smallest of what may drive the list, by counts that stop at a cap.
// - In the default order a driver that has it needs no sort; any other must be small.
// - In the order of an indexed column or field the objects are walked in that order unless a
//   condition is rare: a walk that hardly finds anything would visit them all.
// - In any other order everything that matches is read, so that only the size counts.
Status SqlPlanner::ChooseDriver(bool any_order) {
  ListQuery& query = plan_.query;
  std::vector<Candidate> candidates;
  if (query.names.restricted) candidates.push_back({{Driver::Kind::kNames}, {}});
  if (query.owners) candidates.push_back({{Driver::Kind::kOwners}, {}});
  if (query.since || query.before) candidates.push_back({{Driver::Kind::kCreated}, {}});
  std::move(candidates_.begin(), candidates_.end(), std::back_inserter(candidates));
  // Of equally good ones the first is taken; what excludes drives by a union of all the rest.
  std::stable_partition(candidates.begin(), candidates.end(), [&](const Candidate& candidate) {
    return !candidate.driver.probe || !query.probes[*candidate.driver.probe].negative;
  });
  const std::vector<OrderBy>& order = request_.order;
  bool decided = false;
  query.ordered = !any_order && order.empty();
  if (!any_order && order.size() == 1 && order[0].column == OrderColumn::kCluster) {
    if (Status status = SplitByCluster(); !status.ok()) return status;
    if (query.ranges.empty()) return Status();
  }
  if (query.ranges.front().exact) return Status();
  if (query.ordered) return Decide(candidates, kFewRows, /*any_count=*/false, &decided);
  bool by_column = !any_order && HasIndex(order) && (query.ranges.size() == 1 || FitsColumns(1));
  bool by_value =
      !any_order && order.size() == 1 && plan_.sources[0].kind == ValueSource::Kind::kEntry;
  if ((by_column || by_value) && query.ranges.size() > 1) {
    const Result<int64_t> objects = CountInRanges();
    if (!objects.ok()) return objects.status();
    if (*objects < WalkCap()) by_column = by_value = false;
  }
  if (by_column || by_value) {
    std::vector<Candidate> rare = candidates;
    if (query.ranges.size() == 1 && !query.ranges[0].IsWhole())
      rare.push_back({{Driver::Kind::kObjects}, {}});
    std::erase_if(rare, [&](const Candidate& candidate) {
      return candidate.driver.kind == Driver::Kind::kCreated &&
             order[0].column == OrderColumn::kCreatedAt;
    });
    if (Status status = Decide(rare, WalkCap(), /*any_count=*/false, &decided);
        !status.ok() || decided)
      return status;
  }
  if (by_column) {
    query.walk = order[0];
    query.ordered = true;
    return Status();
  }
  if (by_value) {
    const Result<bool> walks = WalkValues();
    if (!walks.ok()) return walks.status();
    if (*walks) return Status();
  }
  return Decide(candidates, kManyRows, /*any_count=*/true, &decided);
}

// `any_count`: whatever the number of rows, they will all be read. `decided` says whether one was good
// enough.
Status SqlPlanner::Decide(const std::vector<Candidate>& candidates, int64_t cap, bool any_count,
                          bool* decided) {
  const SqlBuilder builder(connection_.dialect(), plan_.query);
  const auto gives_order = [&](const Candidate& candidate) {
    return plan_.query.ordered && builder.GivesKeyOrder(candidate.driver);
  };
  const bool many_ranges = plan_.query.ranges.size() > kFewRanges;
  const bool no_choice = candidates.size() == 1 && (any_count || gives_order(candidates[0]));
  if (no_choice && !many_ranges) {
    Drive(candidates[0]);
    *decided = true;
    return Status();
  }
  const Candidate* best = nullptr;
  std::vector<Candidate> common;
  int64_t smallest = cap;
  for (const Candidate& candidate : candidates) {
    const Result<int64_t> count = RunCount(connection_, builder.CappedCount(candidate.driver, cap));
    if (!count.ok()) return count.status();
    if (*count >= cap && gives_order(candidate) && HasOneList(candidate))
      common.push_back(candidate);
    const bool better_than_all = best == nullptr && (no_choice || gives_order(candidate));
    if (*count >= smallest && !better_than_all) continue;
    best = &candidate;
    smallest = *count;
  }
  if (best != nullptr) Drive(*best);
  *decided = best != nullptr;
  const bool is_rare = smallest < cap;
  // Fewer than a statement for each of the ranges would cost. Ranges that are turned round are not a
  // part of one.
  const std::vector<KeyRange>& ranges = plan_.query.ranges;
  plan_.query.by_columns =
      many_ranges && is_rare && FitsColumns(builder.CountSelects(best->driver)) &&
      smallest < static_cast<int64_t>(ranges.size()) * kRowsPerProbe &&
      std::is_sorted(ranges.begin(), ranges.end(),
                     [](const KeyRange& a, const KeyRange& b) { return a.low < b.low; });
  return is_rare || common.size() < 2 ? Status() : DriveCommon(std::move(common));
}

// Whether its rows may be compared with another's, or walked along with them.
bool SqlPlanner::HasOneList(const Candidate& candidate) const {
  const ListQuery& query = plan_.query;
  const bool reads_objects = query.names.restricted || !query.names.not_in.empty() ||
                             query.owners || query.since || query.before ||
                             !plan_.conditions.entries.empty() || plan_.conditions.owners;
  return !reads_objects && candidate.driver.probe &&
         query.probes[*candidate.driver.probe].entry.values.size() == 1 &&
         !query.probes[*candidate.driver.probe].negative;
}

// Of several common entries the sparsest where the page starts drives; if the next one is not much
// denser there, and the database can, the two are walked along together.
Status SqlPlanner::DriveCommon(std::vector<Candidate> common) {
  const SqlBuilder builder(connection_.dialect(), plan_.query);
  const SqlQuery query = builder.LastOfSample(common[0].driver.entries.front(), kSampledRows);
  SqlStatement sample = connection_.Prepare(query.text);
  for (const SqlValue& value : query.parameters) sample.Bind(value);
  const bool any = sample.Step();
  if (!sample.ok()) return sample.status();
  const std::string last = any ? std::string(sample.Text(0)) : "";
  sample.Reset();
  std::vector<std::pair<int64_t, size_t>> densities = {{any ? kSampledRows : 0, 0}};
  for (size_t i = 1; i < common.size() && any; ++i) {
    const Result<int64_t> count = RunCount(
        connection_,
        builder.CountUntil(common[i].driver.entries.front(), last, kSampledRows * kRowsPerProbe));
    if (!count.ok()) return count.status();
    densities.emplace_back(*count, i);
  }
  if (!any) densities.emplace_back(0, 1);
  std::sort(densities.begin(), densities.end());
  const auto [sparsest, first] = densities[0];
  const auto [next, second] = densities[1];
  const bool alike = sparsest == 0 || next < sparsest * kRowsPerProbe;
  if (alike && connection_.dialect().merge_join != nullptr)
    common[first].driver.merged = common[second].driver.probe;
  Drive(common[first]);
  return Status();
}

// The values of the field that the list is ordered by, sorted; all of them, or, where each gives a
// row, as many as a page needs. Nothing if there are too many.
Result<std::optional<std::vector<std::string>>> SqlPlanner::WalkedValues(int64_t key_id) {
  const ListQuery& query = plan_.query;
  const bool all_match = query.probes.empty() && plan_.conditions.empty() && !query.owners &&
                         !query.since && !query.before && !query.names.restricted &&
                         query.names.not_in.empty() && query.ranges.size() == 1 &&
                         query.ranges[0].IsWhole();
  const bool part = all_match && query.fetch_limit > 0 &&
                    query.fetch_limit <= static_cast<int64_t>(kMaxWalkedValues);
  if (!part) return conditions_.DistinctValues(key_id, kMaxWalkedValues);
  const Result<bool> numbers = conditions_.MayHaveNumbers(key_id);
  if (!numbers.ok()) return numbers.status();
  if (*numbers) return conditions_.DistinctValues(key_id, kMaxWalkedValues);
  std::optional<std::string> from;
  if (query.after) {
    const auto* key = std::get_if<std::string>(&query.after->values[0]);
    if (key == nullptr) return std::optional(std::vector<std::string>());  // Behind all values.
    // Of a text the order's key is the text itself behind one byte. A long one may stand elsewhere
    // in the index.
    from = key->substr(std::min<size_t>(1, key->size()));
    if (from->size() > kMaxWalkedText || query::KindOfValue(*from) != query::ValueKind::kText)
      return conditions_.DistinctValues(key_id, kMaxWalkedValues);
  }
  // All rows of the first value may be before the page.
  const size_t most = static_cast<size_t>(query.fetch_limit) + (from ? 1 : 0);
  Result<std::vector<std::string>> values =
      conditions_.ValuesFrom(key_id, from, request_.order[0].descending, most);
  if (!values.ok()) return values.status();
  return std::optional(*std::move(values));
}

// A driver for each value of the field that the list is ordered by, and one for the objects without
// any. False if there are too many values, or one that an entry holds in part.
Result<bool> SqlPlanner::WalkValues() {
  const OrderBy& order = request_.order[0];
  std::map<std::string, std::vector<std::string>> groups;  // Equal ones, by OrderKey.
  std::optional<EntryValues> without;
  if (const std::optional<int64_t> key_id = plan_.sources[0].key_id) {
    const auto values = WalkedValues(*key_id);
    if (!values.ok()) return values.status();
    without = conditions_.ObjectsByKey(*key_id, false);
    if (!*values || !without) return false;
    for (const std::string& value : **values) {
      if (MayBeCut(value)) return false;
      groups[query::OrderKey(value)].push_back(value);
    }
  }
  std::vector<std::pair<SqlValue, Driver>> drivers;
  for (auto& [key, values] : groups) {
    drivers.push_back({key, {Driver::Kind::kEntries, {{*plan_.sources[0].key_id, values}}}});
  }
  if (order.descending) std::reverse(drivers.begin(), drivers.end());
  if (!without) drivers.push_back({SqlValue(), {Driver::Kind::kObjects}});
  if (without && !without->values.empty())
    drivers.push_back({SqlValue(), {Driver::Kind::kEntries, {*std::move(without)}}});
  const SqlBuilder builder(connection_.dialect(), plan_.query);
  for (const auto& [value, driver] : drivers) {
    if (!builder.GivesKeyOrder(driver)) return false;
  }
  if (drivers.size() * plan_.query.ranges.size() > kMaxPieces) return false;
  StartBehind(&drivers);
  ListQuery& query = plan_.query;
  query.ordered = true;
  if (drivers.empty()) {
    query.ranges.clear();
    return true;
  }
  query.driver = std::move(drivers.front().second);
  for (size_t i = 1; i < drivers.size(); ++i)
    query.later_drivers.push_back(std::move(drivers[i].second));
  return true;
}

// In the order of clusters from the last to the first: the default order with its ranges turned
// round.
Status SqlPlanner::SplitByCluster() {
  ListQuery& query = plan_.query;
  if (query.ranges.size() == 1 && query.ranges[0].IsWhole()) {
    const Result<std::vector<std::string>> clusters =
        ReadValues(connection_, {"scopes", "cluster", "type_id"}, query.type_id, std::nullopt,
                   /*downwards=*/false, kMaxClusters);
    if (!clusters.ok()) return clusters.status();
    if (clusters->size() == kMaxClusters) return Status();
    query.ranges.clear();
    for (const std::string& cluster : *clusters) query.ranges.push_back(KeyRange::Cluster(cluster));
  }
  const auto cluster_of = [](const KeyRange& range) {
    return std::string_view(range.low).substr(0, range.low.find('!'));
  };
  const bool split = std::all_of(query.ranges.begin(), query.ranges.end(), [&](const KeyRange& r) {
    const std::string_view cluster = cluster_of(r);
    const std::string_view high = std::string_view(r.high).substr(0, r.high.find_first_of("!\""));
    return r.exact || high == cluster;
  });
  if (!split) return Status();
  if (query.after) {
    const std::string_view last = SplitKey(query.after->okey).cluster;
    std::vector<KeyRange> rest;
    for (const KeyRange& range : query.ranges) {
      if (cluster_of(range) < last) rest.push_back(range);
      if (cluster_of(range) != last) continue;
      for (KeyRange& part : RangesAfter({range}, query.after->okey, query.after_inclusive))
        rest.push_back(std::move(part));
    }
    query.ranges = std::move(rest);
    query.after.reset();
  }
  std::stable_sort(
      query.ranges.begin(), query.ranges.end(),
      [&](const KeyRange& a, const KeyRange& b) { return cluster_of(b) < cluster_of(a); });
  query.ordered = true;
  return Status();
}

// Drops the drivers that are over before the page starts.
void SqlPlanner::StartBehind(std::vector<std::pair<SqlValue, Driver>>* drivers) {
  std::optional<SortKey>& after = plan_.query.after;
  if (!after) return;
  const auto bytes = [&](const SqlValue& value) {
    return FormatSortKey({{value}, "", ""}, request_.order);
  };
  const std::string start = bytes(after->values[0]);
  std::erase_if(*drivers, [&](const auto& driver) { return bytes(driver.first) < start; });
  const bool within = !drivers->empty() && bytes(drivers->front().first) == start;
  if (!within) after.reset();
}

void SqlPlanner::Drive(const Candidate& candidate) {
  ListQuery& query = plan_.query;
  query.driver = candidate.driver;
  query.ordered =
      query.ordered && SqlBuilder(connection_.dialect(), query).GivesKeyOrder(candidate.driver);
  if (candidate.condition) {
    plan_.conditions.entries.erase(plan_.conditions.entries.begin() +
                                   static_cast<std::ptrdiff_t>(*candidate.condition));
  }
}

// Above so many rows a sort of all of them costs more than walking in the wanted order until the
// page is full, if the matches are spread evenly: the walk is limit * objects / matches.
int64_t SqlPlanner::WalkCap() const {
  const double page =
      static_cast<double>(plan_.query.fetch_limit > 0 ? plan_.query.fetch_limit : kManyRows);
  const double cap = std::sqrt(page * static_cast<double>(request_.objects));
  return static_cast<int64_t>(
      std::clamp(cap, static_cast<double>(kFewRows), static_cast<double>(kManyRows)));
}

}  // namespace pedia::storage
