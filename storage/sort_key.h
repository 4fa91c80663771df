// SortKey: where a row stands in the order of a list; what a continue token carries.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "meta/result.h"
#include "query/list_options.h"

namespace pedia::storage {

// A value of an order column, or a parameter of a statement. monostate is a missing value (SQL
// NULL).
using SqlValue = std::variant<std::monostate, int64_t, std::string>;

struct SortKey {
  std::vector<SqlValue> values;  // Of the order columns.
  std::string okey;              // The tie breaker.
  bool operator==(const SortKey&) const = default;
};

// The order without what does not change it: columns that are constant or repeated, and the default
// order at its end. Empty is the default order.
std::vector<query::OrderBy> NormalizeOrder(const std::vector<query::OrderBy>& order);

bool IsNumber(query::OrderColumn column);  // Else a text.

std::string FormatSortKey(const SortKey& key);
// Errors: BadRequest if `bytes` is no sort key of this order. Hostile input is expected. Pure.
Result<SortKey> ParseSortKey(std::string_view bytes, const std::vector<query::OrderBy>& order);

}  // namespace pedia::storage
