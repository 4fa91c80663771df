#include "query/order_by.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "query/comma_list.h"
#include "query/strconv.h"

namespace pedia::query {
namespace {

constexpr std::array<std::pair<std::string_view, OrderColumn>, 11> kColumns{{
    {"cluster", OrderColumn::kCluster},
    {"namespace", OrderColumn::kNamespace},
    {"name", OrderColumn::kName},
    {"created_at", OrderColumn::kCreatedAt},
    {"resource_version", OrderColumn::kResourceVersion},
    {"uid", OrderColumn::kUid},
    {"owner_uid", OrderColumn::kOwnerUid},
    {"synced_at", OrderColumn::kSyncedAt},
    {"deleted_at", OrderColumn::kDeletedAt},
    {"kind", OrderColumn::kKind},
    {"id", OrderColumn::kId},
}};

Status AppendColumn(std::string_view where, std::string_view name, bool descending,
                    std::vector<OrderBy>* order) {
  const auto known = std::find_if(kColumns.begin(), kColumns.end(),
                                  [&](const auto& column) { return column.first == name; });
  if (known == kColumns.end())
    return BadRequest(std::string(where) + ": unknown column " + QuoteShort(name));
  const bool repeated = std::any_of(order->begin(), order->end(),
                                    [&](const OrderBy& by) { return by.column == known->second; });
  if (!repeated) order->push_back({known->second, descending});
  return Status();
}

// "name", "name desc".
Status AppendKey(std::string_view where, std::string_view key, std::vector<OrderBy>* order) {
  const size_t blank = std::min(key.find_first_of(" \t"), key.size());
  const std::string direction = ToLower(TrimBlanks(key.substr(blank)));
  if (!direction.empty() && direction != "asc" && direction != "desc") {
    return BadRequest(std::string(where) +
                      ": expected \"column\", \"column asc\" or \"column desc\", found " +
                      QuoteShort(key));
  }
  return AppendColumn(where, key.substr(0, blank), direction == "desc", order);
}

}  // namespace

Result<std::vector<OrderBy>> ParseOrderBy(std::string_view where, std::string_view text) {
  std::vector<OrderBy> order;
  for (const std::string& key : SplitCommaList(text)) {
    if (Status status = AppendKey(where, key, &order); !status.ok()) return status;
  }
  return order;
}

Result<std::vector<OrderBy>> ParseOrderByLabel(std::string_view where,
                                               const std::vector<std::string>& values) {
  constexpr std::string_view kDescending = "_desc";
  std::vector<OrderBy> order;
  for (std::string_view value : values) {
    const bool descending = value.ends_with(kDescending);
    if (descending) value.remove_suffix(kDescending.size());
    if (Status status = AppendColumn(where, value, descending, &order); !status.ok()) return status;
  }
  return order;
}

}  // namespace pedia::query
