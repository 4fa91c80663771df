// The part of SqlPlanner that finds the ranges of keys that a list reads: those of the clusters and
// namespaces that are asked for and may be seen.
#include <algorithm>
#include <bit>
#include <utility>

#include "storage/planner.h"

namespace pedia::storage {
namespace {

using query::AccessFilter;
using query::NameSet;

constexpr size_t kMaxPoints = 1'000;
constexpr size_t kMaxPairs = 2'000;
// Even if twice as many fill them up, and with all else that is counted, they stay below SQLite's
// 32,766 parameters.
constexpr size_t kMaxColumnValues = 6'000;

bool IsAnything(const NameSet& set) { return !set.restricted && set.not_in.empty(); }

// What of `access` the list may lead to at all.
AccessFilter NarrowAccess(AccessFilter access, const NameSet& clusters, const NameSet& namespaces) {
  std::erase_if(access.clusters, [&](const auto& name) { return !clusters.Matches(name); });
  std::erase_if(access.namespaces,
                [&](const auto& name) { return name.empty() || !namespaces.Matches(name); });
  std::erase_if(access.cluster_namespaces, [&](const auto& pair) {
    return pair.second.empty() || !clusters.Matches(pair.first) || !namespaces.Matches(pair.second);
  });
  return access;
}

// Sorted, without those within others. A range is a whole cluster or a namespace.
void MakeDisjoint(std::vector<KeyRange>* ranges) {
  std::sort(ranges->begin(), ranges->end(), [](const KeyRange& a, const KeyRange& b) {
    return a.low != b.low ? a.low < b.low : b.high < a.high;
  });
  std::vector<KeyRange> disjoint;
  for (KeyRange& range : *ranges) {
    if (disjoint.empty() || disjoint.back().high <= range.low) disjoint.push_back(std::move(range));
  }
  *ranges = std::move(disjoint);
}

}  // namespace

Result<bool> SqlPlanner::ResolveRanges() {
  ListQuery& query = plan_.query;
  query.access =
      NarrowAccess(query::AccessTo(request_.options, type_.gvr), query.clusters, query.namespaces);
  if (query.access.IsNothing()) return false;
  const bool pairs = query.clusters.restricted && query.namespaces.restricted &&
                     query.clusters.in.size() * query.namespaces.in.size() <= kMaxPairs;
  Result<std::vector<KeyRange>> ranges = FindRanges(pairs);
  if (!ranges.ok()) return ranges.status();
  query.ranges = *std::move(ranges);
  const bool points =
      pairs && query.names.restricted && query.ranges.size() * query.names.in.size() <= kMaxPoints;
  if (points) {
    std::vector<KeyRange> exact;
    for (const KeyRange& range : query.ranges) {
      for (const std::string& name : query.names.in) exact.push_back({range.low + name, "", true});
    }
    query.ranges = std::move(exact);
    query.names = {};
  }
  return !query.ranges.empty();
}

// `pairs`: each cluster and namespace that is asked for gives a range.
Result<std::vector<KeyRange>> SqlPlanner::FindRanges(bool pairs) {
  const ListQuery& query = plan_.query;
  if (pairs) {
    std::vector<KeyRange> ranges = RangesOf(query.clusters, query.namespaces);
    std::erase_if(ranges, [&](const KeyRange& range) {
      const KeyParts key = SplitKey(range.low);
      return !query.access.Matches(key.cluster, key.name_space);
    });
    return ranges;
  }
  if (query.access.restricted) return RangesOfAccess();
  if (!IsAnything(query.namespaces)) return RangesFromScopes();
  if (query.clusters.restricted) return RangesOf(query.clusters, query.namespaces);
  if (IsAnything(query.clusters)) return std::vector<KeyRange>(1);
  return RangesFromScopes();
}

// Of what may be seen. Namespaces of all clusters are looked for where they exist.
Result<std::vector<KeyRange>> SqlPlanner::RangesOfAccess() {
  const AccessFilter& access = plan_.query.access;
  const bool parts_of_clusters = !access.clusters.empty() && !IsAnything(plan_.query.namespaces);
  if (parts_of_clusters || access.namespaces.size() > kMaxPoints) return RangesFromScopes();
  std::vector<KeyRange> ranges;
  for (const std::string& cluster : access.clusters) {
    if (!cluster.empty() && IsKeyPart(cluster)) ranges.push_back(KeyRange::Cluster(cluster));
  }
  for (const auto& [cluster, name_space] : access.cluster_namespaces) {
    if (!cluster.empty() && IsKeyPart(cluster) && IsKeyPart(name_space))
      ranges.push_back(KeyRange::Namespace(cluster, name_space));
  }
  if (!access.namespaces.empty()) {
    Result<std::vector<KeyRange>> everywhere = RangesOfNamespaces(access.namespaces);
    if (!everywhere.ok()) return everywhere.status();
    std::move(everywhere->begin(), everywhere->end(), std::back_inserter(ranges));
  }
  MakeDisjoint(&ranges);
  return ranges;
}

// The ranges of the clusters and namespaces that exist and match; neighbours that all match become
// one.
Result<std::vector<KeyRange>> SqlPlanner::RangesFromScopes() {
  const NameSet& namespaces = plan_.query.namespaces;
  if (namespaces.restricted && namespaces.in.size() <= kMaxPoints)
    return RangesOfNamespaces(namespaces.in);
  std::vector<KeyRange> ranges;
  SqlStatement scopes = connection_.Prepare(
      "SELECT cluster,namespace FROM scopes WHERE type_id=? ORDER BY cluster,namespace");
  scopes.BindInt(plan_.query.type_id);
  bool neighbour = false;
  while (scopes.Step()) {
    const std::string_view cluster = scopes.Text(0);
    const std::string_view name_space = scopes.Text(1);
    const bool matches = plan_.query.HasScope(cluster, name_space);
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

// Of a few namespaces: the clusters that have them, in key order.
Result<std::vector<KeyRange>> SqlPlanner::RangesOfNamespaces(
    const std::vector<std::string>& names) {
  std::vector<std::pair<std::string, std::string>> pairs;
  // Few texts, so that they stay prepared.
  const size_t width = std::bit_ceil(names.size());
  std::string text = "SELECT cluster,namespace FROM scopes" +
                     IndexHint(connection_.dialect(), "scopes_namespace") +
                     " WHERE type_id=? AND namespace IN (?";
  for (size_t i = 1; i < width; ++i) text += ",?";
  SqlStatement scopes = connection_.Prepare(text + ')');
  scopes.BindInt(plan_.query.type_id);
  for (size_t i = 0; i < width; ++i) scopes.BindText(names[std::min(i, names.size() - 1)]);
  while (scopes.Step()) {
    if (plan_.query.HasScope(scopes.Text(0), scopes.Text(1)))
      pairs.emplace_back(scopes.Text(0), scopes.Text(1));
  }
  if (!scopes.ok()) return scopes.status();
  std::sort(pairs.begin(), pairs.end());
  std::vector<KeyRange> ranges;
  for (const auto& [cluster, name_space] : pairs)
    ranges.push_back(KeyRange::Namespace(cluster, name_space));
  return ranges;
}

// How many objects there are in the ranges.
Result<int64_t> SqlPlanner::CountInRanges() {
  SqlStatement scopes = connection_.Prepare(
      "SELECT cluster,namespace,n FROM scopes WHERE type_id=?", RowCount::kUnbounded);
  scopes.BindInt(plan_.query.type_id);
  int64_t objects = 0;
  while (scopes.Step()) {
    if (plan_.query.HasScope(scopes.Text(0), scopes.Text(1))) objects += scopes.Int(2);
  }
  if (!scopes.ok()) return scopes.status();
  return objects;
}

// Whether the ranges can be a condition on columns, in each of so many SELECTs. Otherwise it would be
// too long.
bool SqlPlanner::FitsColumns(size_t selects) const {
  const ListQuery& query = plan_.query;
  const size_t values = query.clusters.in.size() + query.clusters.not_in.size() +
                        query.namespaces.in.size() + query.namespaces.not_in.size();
  const AccessFilter& access = query.access;
  const size_t all = values + access.clusters.size() + access.namespaces.size() +
                     2 * access.cluster_namespaces.size();
  return all * selects <= kMaxColumnValues;
}

}  // namespace pedia::storage
