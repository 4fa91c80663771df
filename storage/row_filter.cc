#include "storage/row_filter.h"

#include <algorithm>

#include "query/typed_value.h"
#include "storage/object_key.h"
#include "storage/packed_entries.h"

namespace pedia::storage {
namespace {

using query::SelectorOperator;

bool ComparesAsLabel(const EntryCondition& condition, std::string_view value) {
  const query::LabelRequirement requirement{"", condition.op, condition.values};
  return query::Matches({requirement}, [&](std::string_view) { return std::string(value); });
}

bool ComparesAsField(const EntryCondition& condition, std::string_view value) {
  const std::string& bound = condition.values.front();
  const query::ValueKind kind = query::KindOfValue(value);
  if (kind == query::ValueKind::kText || kind != query::KindOfValue(bound)) return false;
  const int order = query::OrderKey(value).compare(query::OrderKey(bound));
  return condition.op == SelectorOperator::kGreaterThan ? order > 0 : order < 0;
}

}  // namespace

bool Fulfils(const EntryCondition& condition, std::optional<std::string_view> value) {
  const auto is_one_of_them = [&] {
    if (!value) return condition.or_missing;
    return std::binary_search(condition.values.begin(), condition.values.end(), *value);
  };
  switch (condition.op) {
    case SelectorOperator::kEquals:
    case SelectorOperator::kIn:
      return is_one_of_them();
    case SelectorOperator::kNotEquals:
    case SelectorOperator::kNotIn:
      return !is_one_of_them();
    case SelectorOperator::kExists:
      return value.has_value();
    case SelectorOperator::kDoesNotExist:
      return !value.has_value();
    case SelectorOperator::kGreaterThan:
    case SelectorOperator::kLessThan:
      return value && (condition.typed ? ComparesAsField(condition, *value)
                                       : ComparesAsLabel(condition, *value));
  }
  return false;
}

RowFilter::RowFilter(RowConditions conditions) : conditions_(std::move(conditions)) {
  if (!conditions_.fields.empty()) fields_.emplace(conditions_.fields);
}

bool RowFilter::MatchesKey(std::string_view okey) const {
  if (conditions_.name_parts.empty() && conditions_.not_name_parts.empty()) return true;
  const std::string_view name = SplitKey(okey).name;
  const auto contained = [&](const std::string& part) {
    return name.find(part) != std::string_view::npos;
  };
  return std::all_of(conditions_.name_parts.begin(), conditions_.name_parts.end(), contained) &&
         std::none_of(conditions_.not_name_parts.begin(), conditions_.not_name_parts.end(),
                      contained);
}

bool RowFilter::MatchesOwner(std::string_view okey, std::string_view owner_uid) const {
  return conditions_.owners->contains(
      {std::string(SplitKey(okey).cluster), std::string(owner_uid)});
}

bool RowFilter::MatchesEntries(std::string_view packed_entries) const {
  return std::all_of(conditions_.entries.begin(), conditions_.entries.end(),
                     [&](const EntryCondition& condition) {
                       return Fulfils(condition, FindPackedValue(packed_entries, condition.key_id));
                     });
}

bool RowFilter::MatchesBody(std::string_view json) { return fields_->Matches(json); }

}  // namespace pedia::storage
