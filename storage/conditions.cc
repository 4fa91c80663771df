#include "storage/conditions.h"

#include <algorithm>
#include <utility>

#include "storage/indexed_fields.h"
#include "storage/loose_scan.h"

namespace pedia::storage {
namespace {

using query::SelectorOperator;

// A row is looked up under each value: more are compared in one go on the row itself.
constexpr size_t kMaxProbeValues = 8;
// A driver of so many values is still a merge of ordered lists.
constexpr size_t kMaxOtherValues = 24;
constexpr size_t kMaxComparedValues = 1'000;
constexpr size_t kMaxKeySets = 4'096;

std::vector<std::string> EntryTexts(const std::vector<std::string>& values) {
  std::vector<std::string> texts;
  for (const std::string& value : values) texts.push_back(IndexedValue(value));
  std::sort(texts.begin(), texts.end());
  texts.erase(std::unique(texts.begin(), texts.end()), texts.end());
  return texts;
}

bool IsMember(const query::FieldStep& step) {
  return step.kind == query::FieldStep::Kind::kMember && step.name.find('.') == std::string::npos;
}

}  // namespace

std::optional<std::string> EntryPath(const query::FieldPath& path,
                                     const GroupVersionResource& gvr) {
  if (const std::optional<std::string> label = path.LabelKey()) return LabelPath(*label);
  if (!std::all_of(path.steps.begin(), path.steps.end(), IsMember)) return std::nullopt;
  std::string dotted;
  for (const query::FieldStep& step : path.steps) {
    if (!dotted.empty()) dotted += '.';
    dotted += step.name;
  }
  const auto fields = IndexedFields(gvr);
  if (std::find(fields.begin(), fields.end(), dotted) == fields.end()) return std::nullopt;
  return "f:" + dotted;
}

Result<ResolvedCondition> SqlConditions::Resolve(const query::LabelRequirement& requirement) {
  return Resolve(LabelPath(requirement.key),
                 EntryCondition{0, requirement.op, EntryTexts(requirement.values)});
}

Result<ResolvedCondition> SqlConditions::Resolve(const query::FieldRequirement& requirement,
                                                 const std::string& entry_path) {
  return Resolve(entry_path, EntryCondition{0, requirement.op, EntryTexts(requirement.values),
                                            requirement.or_missing, /*typed=*/true});
}

std::optional<int64_t> SqlConditions::FindKey(const std::string& entry_path) const {
  const auto key = type_.keys.find(entry_path);
  return key == type_.keys.end() ? std::nullopt : std::optional(key->second);
}

Result<ResolvedCondition> SqlConditions::Resolve(const std::string& entry_path,
                                                 EntryCondition condition) {
  ResolvedCondition resolved;
  const std::optional<int64_t> key = FindKey(entry_path);
  if (!key) {
    (Fulfils(condition, std::nullopt) ? resolved.always : resolved.never) = true;
    return resolved;
  }
  condition.key_id = *key;
  const bool few = condition.values.size() <= kMaxProbeValues;
  switch (condition.op) {
    case SelectorOperator::kEquals:
    case SelectorOperator::kIn: {
      resolved.driver = {{condition.key_id, condition.values}};
      if (!condition.or_missing) {
        if (few) resolved.probe = EntryProbe{{condition.key_id, condition.values}, false};
        break;
      }
      std::optional<EntryValues> without = ObjectsByKey(condition.key_id, false);
      if (!without) resolved.driver.clear();
      if (without && !without->values.empty()) resolved.driver.push_back(*std::move(without));
      break;
    }
    case SelectorOperator::kNotEquals:
    case SelectorOperator::kNotIn: {
      if (few && !condition.or_missing)
        resolved.probe = EntryProbe{{condition.key_id, condition.values}, true};
      Result<std::optional<std::vector<EntryValues>>> others = OtherValues(condition);
      if (!others.ok()) return others.status();
      if (*others && (*others)->empty()) resolved.never = true;
      if (*others) resolved.driver = **std::move(others);
      break;
    }
    case SelectorOperator::kExists:
    case SelectorOperator::kDoesNotExist: {
      std::optional<EntryValues> objects =
          ObjectsByKey(condition.key_id, condition.op == SelectorOperator::kExists);
      if (objects && objects->values.empty()) resolved.never = true;
      if (objects) resolved.driver = {*std::move(objects)};
      break;
    }
    case SelectorOperator::kGreaterThan:
    case SelectorOperator::kLessThan: {
      Result<std::optional<std::vector<std::string>>> values =
          DistinctValues(condition.key_id, kMaxComparedValues);
      if (!values.ok()) return values.status();
      if (!*values) break;
      std::erase_if(**values, [&](const std::string& value) { return !Fulfils(condition, value); });
      if ((*values)->empty()) resolved.never = true;
      resolved.driver = {{condition.key_id, **std::move(values)}};
      break;
    }
  }
  if (resolved.never) return ResolvedCondition{.never = true};
  if (!resolved.probe) resolved.row = std::move(condition);
  return resolved;
}

// What fulfils `!=` and `notin`: the objects with another value and those without the key. Nothing
// if these are too many entries to name.
Result<std::optional<std::vector<EntryValues>>> SqlConditions::OtherValues(
    const EntryCondition& condition) {
  std::optional<std::vector<EntryValues>> others;
  Result<std::optional<std::vector<std::string>>> values =
      DistinctValues(condition.key_id, kMaxOtherValues + condition.values.size());
  if (!values.ok()) return values.status();
  if (!*values) return others;
  std::optional<EntryValues> without = ObjectsByKey(condition.key_id, false);
  if (!without) return others;
  others.emplace();
  std::erase_if(**values, [&](const std::string& value) { return !Fulfils(condition, value); });
  if (!(*values)->empty()) others->push_back({condition.key_id, **std::move(values)});
  if (!without->values.empty() && !condition.or_missing) others->push_back(*std::move(without));
  return others;
}

Result<std::optional<std::vector<std::string>>> SqlConditions::DistinctValues(int64_t key_id,
                                                                              size_t max) {
  if (values_left_ < max) return std::optional<std::vector<std::string>>();
  Result<std::vector<std::string>> values = ValuesFrom(key_id, std::nullopt, false, max + 1);
  if (!values.ok()) return values.status();
  values_left_ -= std::min(values_left_, values->size());
  if (values->size() > max) return std::optional<std::vector<std::string>>();
  return std::optional(*std::move(values));
}

Result<std::vector<std::string>> SqlConditions::ValuesFrom(int64_t key_id,
                                                           const std::optional<std::string>& from,
                                                           bool downwards, size_t max) {
  return ReadValues(connection_, {"entries", "value", "key_id"}, key_id, from, downwards, max);
}

// Numbers and times begin with a digit, a sign or a point.
Result<bool> SqlConditions::MayHaveNumbers(int64_t key_id) {
  SqlStatement find = connection_.Prepare(
      "SELECT 1 FROM entries WHERE key_id=? AND value>='+' AND value<':' LIMIT 1");
  find.BindInt(key_id);
  const bool found = find.Step();
  if (!find.ok()) return find.status();
  return found;
}

std::optional<EntryValues> SqlConditions::ObjectsByKey(int64_t key_id, bool present) const {
  const std::optional<int64_t> key_of_sets = FindKey(kKeySetPath);
  if (!key_of_sets || type_.sets.size() > kMaxKeySets) return std::nullopt;
  EntryValues objects{*key_of_sets, {}};
  for (const KeySet& set : type_.sets) {
    if (std::binary_search(set.keys.begin(), set.keys.end(), key_id) == present)
      objects.values.push_back(set.id);
  }
  return objects;
}

}  // namespace pedia::storage
