// SortKey: where a row stands in the order of a list; what a continue token carries.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "meta/group_version_resource.h"
#include "meta/result.h"
#include "query/list_options.h"

namespace pedia::storage {

// A value of an order term, or a parameter of a statement. monostate is a missing value (SQL NULL).
using SqlValue = std::variant<std::monostate, int64_t, std::string>;

struct SortKey {
  std::vector<SqlValue> values;  // Of the order's terms; that of a field is its OrderKey.
  std::string okey;              // The tie breaker.
  std::string type;              // The last one, in a list of several resources: see TypeKey().
  bool operator==(const SortKey&) const = default;
};

// Bytes in the order of group, resource, version.
std::string TypeKey(const GroupVersionResource& gvr);

// The order without what does not change it: terms that are constant or repeated, and the default
// order at its end. Empty is the default order. `one_type`: all rows are of one resource.
std::vector<query::OrderBy> NormalizeOrder(const std::vector<query::OrderBy>& order, bool one_type);

bool IsNumber(query::OrderColumn column);  // Else a text.

// Bytes whose order (memcmp, then length) is that of the keys; missing values are behind all others.
std::string FormatSortKey(const SortKey& key, const std::vector<query::OrderBy>& order);
// Errors: BadRequest if `bytes` is no sort key of this order. Hostile input is expected. Pure.
Result<SortKey> ParseSortKey(std::string_view bytes, const std::vector<query::OrderBy>& order);

}  // namespace pedia::storage
