// Any text as an order and as facets: what is read can be written and read again, and nothing stands
// there twice.
// Sources: query/comma_list.cc query/facet.cc query/field_path.cc query/label_syntax.cc query/list_column.cc query/order_by.cc query/strconv.cc meta/*.cc
#include <array>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "query/facet.h"
#include "query/order_by.h"

namespace pedia::query {
namespace {

void Check(bool holds) {
  if (!holds) std::abort();
}

void CheckFailure(const Status& status, std::string_view where) {
  Check(status.http_code() == 400 && status.message().starts_with(where) &&
        status.message().size() < 4096);
}

// In the order of OrderColumn.
constexpr std::array<std::string_view, 14> kNames = {
    "cluster",   "namespace",  "name",  "created_at", "resource_version", "uid",  "owner_uid",
    "synced_at", "deleted_at", "group", "version",    "resource",         "kind", "id"};

// A path of one step needs a dot to be told from a column.
std::string KeyText(OrderColumn column, const FieldPath& field) {
  if (column != OrderColumn::kField) return std::string(kNames[static_cast<size_t>(column)]);
  const std::string text = field.Text();
  return text.starts_with('[') ? text : "." + text;
}

void CheckOrder(std::string_view text) {
  const auto order = ParseOrderBy("orderby", text);
  if (!order.ok()) return CheckFailure(order.status(), "orderby: ");
  Check(order->size() <= 16);
  std::string formatted;
  for (size_t i = 0; i < order->size(); ++i) {
    const OrderBy& by = (*order)[i];
    Check((by.column == OrderColumn::kField) != by.field.steps.empty() && by.field.HasOneValue());
    for (size_t j = 0; j < i; ++j)
      Check((*order)[j].column != by.column || (*order)[j].field != by.field);
    formatted += (formatted.empty() ? "" : ",") + KeyText(by.column, by.field) +
                 (by.descending ? " desc" : "");
  }
  const auto again = ParseOrderBy("orderby", formatted);
  Check(again.ok() && *again == *order);
}

void CheckFacets(std::string_view text) {
  const auto facets = ParseFacets("facets", text);
  if (!facets.ok()) return CheckFailure(facets.status(), "facets: ");
  Check(facets->size() <= 16);
  std::string formatted;
  for (const Facet& facet : *facets) {
    Check((facet.column == OrderColumn::kField) != facet.field.steps.empty());
    formatted += (formatted.empty() ? "" : ",") + facet.text;
  }
  const auto again = ParseFacets("facets", formatted);
  Check(again.ok() && again->size() == facets->size());
  for (size_t i = 0; i < facets->size(); ++i) {
    const Facet &a = (*facets)[i], &b = (*again)[i];
    Check(a.text == b.text && a.column == b.column && a.field == b.field);
  }
}

void CheckLabel(std::string_view text) {
  const auto label = ParseOrderByLabel("label", {std::string(text)});
  if (!label.ok()) return CheckFailure(label.status(), "label: ");
  Check(label->size() == 1 && (*label)[0].descending == text.ends_with("_desc"));
}

}  // namespace
}  // namespace pedia::query

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  pedia::query::CheckOrder(text);
  pedia::query::CheckFacets(text);
  pedia::query::CheckLabel(text);
  return 0;
}
