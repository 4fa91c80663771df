#include "query/order_by.h"

#include <algorithm>
#include <string>
#include <utility>

#include "query/comma_list.h"
#include "query/list_column.h"
#include "query/strconv.h"

namespace pedia::query {
namespace {

constexpr size_t kMaxKeys = 16;

// Appends what `name` names, unless the order has it already.
Status AppendKey(std::string_view where, std::string_view name, bool descending,
                 std::vector<OrderBy>* order) {
  Result<ListColumn> column = ParseListColumn(where, name);
  if (!column.ok()) return column.status();
  OrderBy by{column->column, descending, {}};
  if (by.column == OrderColumn::kField) {
    if (!column->field.HasOneValue()) {
      return BadRequest(std::string(where) + ": " + QuoteShort(name) +
                        " may have many values; name one element, as in [0]");
    }
    by.field = std::move(column->field);
  }
  const bool repeated = std::any_of(order->begin(), order->end(), [&](const OrderBy& other) {
    return other.column == by.column && other.field == by.field;
  });
  if (repeated) return Status();
  if (order->size() == kMaxKeys)
    return BadRequest(std::string(where) + ": more than " + std::to_string(kMaxKeys) + " keys");
  order->push_back(std::move(by));
  return Status();
}

// "name", "name desc".
Status AppendKeyAndDirection(std::string_view where, std::string_view key,
                             std::vector<OrderBy>* order) {
  const size_t length = ListKeyLength(key);
  const std::string_view rest = TrimBlanks(key.substr(length));
  const bool descending = rest.size() == 4 && ToLower(rest) == "desc";
  const bool ascending = rest.empty() || (rest.size() == 3 && ToLower(rest) == "asc");
  if (!descending && !ascending) {
    return BadRequest(std::string(where) +
                      ": expected \"column\", \"column asc\" or \"column desc\", found " +
                      QuoteShort(key));
  }
  return AppendKey(where, key.substr(0, length), descending, order);
}

}  // namespace

Result<std::vector<OrderBy>> ParseOrderBy(std::string_view where, std::string_view text) {
  std::vector<OrderBy> order;
  for (const std::string_view key : SplitListKeys(text)) {
    if (Status status = AppendKeyAndDirection(where, key, &order); !status.ok()) return status;
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
    if (Status status = AppendKey(where, value, descending, &order); !status.ok()) return status;
  }
  return order;
}

}  // namespace pedia::query
