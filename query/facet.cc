#include "query/facet.h"

#include <algorithm>
#include <string>
#include <utility>

#include "query/list_column.h"
#include "query/strconv.h"

namespace pedia::query {
namespace {

constexpr size_t kMaxFacets = 16;

// Of the other columns nearly every object has a value of its own.
bool IsCountable(OrderColumn column) {
  switch (column) {
    case OrderColumn::kCluster:
    case OrderColumn::kNamespace:
    case OrderColumn::kName:
    case OrderColumn::kGroup:
    case OrderColumn::kVersion:
    case OrderColumn::kResource:
    case OrderColumn::kKind:
      return true;
    default:
      return false;
  }
}

Result<Facet> ParseFacet(std::string_view where, std::string_view text) {
  Result<ListColumn> column = ParseListColumn(where, text);
  if (!column.ok()) return column.status();
  if (IsCountable(column->column)) return Facet{std::string(text), column->column, {}};
  if (!column->field.steps.empty())
    return Facet{std::string(text), OrderColumn::kField, std::move(column->field)};
  return BadRequest(std::string(where) + ": objects are not counted by " + QuoteShort(text) +
                    "; expected cluster, namespace, name, group, version, resource, kind or a "
                    "field path");
}

}  // namespace

Result<std::vector<Facet>> ParseFacets(std::string_view where, std::string_view text) {
  std::vector<Facet> facets;
  for (const std::string_view key : SplitListKeys(text)) {
    Result<Facet> facet = ParseFacet(where, key);
    if (!facet.ok()) return facet.status();
    const bool repeated = std::any_of(facets.begin(), facets.end(), [&](const Facet& other) {
      return other.text == facet->text;
    });
    if (repeated) continue;
    if (facets.size() == kMaxFacets)
      return BadRequest(std::string(where) + ": more than " + std::to_string(kMaxFacets) + " keys");
    facets.push_back(*std::move(facet));
  }
  return facets;
}

}  // namespace pedia::query
