#include "storage/sqlite_conditions.h"

#include <algorithm>
#include <utility>

#include "storage/indexed_fields.h"
#include "storage/packed_entries.h"
#include "storage/sqlite_types.h"

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
  if (const std::optional<std::string> label = path.LabelKey()) return "l:" + *label;
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

bool MayBeCut(std::string_view entry_value) {
  constexpr size_t kHash = 17;  // '#' and 16 digits.
  return entry_value.size() > 150 && entry_value[entry_value.size() - kHash] == '#';
}

Result<ResolvedCondition> SqliteConditions::Resolve(const query::LabelRequirement& requirement) {
  return Resolve("l:" + requirement.key,
                 EntryCondition{0, requirement.op, EntryTexts(requirement.values)});
}

Result<ResolvedCondition> SqliteConditions::Resolve(const query::FieldRequirement& requirement,
                                                    const std::string& entry_path) {
  return Resolve(entry_path, EntryCondition{0, requirement.op, EntryTexts(requirement.values),
                                            requirement.or_missing, /*typed=*/true});
}

Result<std::optional<int64_t>> SqliteConditions::FindKey(const std::string& entry_path) {
  SqliteStatement find = connection_.Prepare("SELECT key_id FROM keys WHERE type_id=? AND path=?");
  find.BindInt(type_id_).BindText(entry_path);
  if (find.Step()) return std::optional(find.Int(0));
  if (!find.ok()) return find.status();
  return std::optional<int64_t>();
}

Result<ResolvedCondition> SqliteConditions::Resolve(const std::string& entry_path,
                                                    EntryCondition condition) {
  ResolvedCondition resolved;
  const Result<std::optional<int64_t>> key = FindKey(entry_path);
  if (!key.ok()) return key.status();
  if (!*key) {
    (Fulfils(condition, std::nullopt) ? resolved.always : resolved.never) = true;
    return resolved;
  }
  condition.key_id = **key;
  const bool few = condition.values.size() <= kMaxProbeValues;
  switch (condition.op) {
    case SelectorOperator::kEquals:
    case SelectorOperator::kIn: {
      resolved.driver = {{condition.key_id, condition.values}};
      if (!condition.or_missing) {
        if (few) resolved.probe = EntryProbe{{condition.key_id, condition.values}, false};
        break;
      }
      Result<std::optional<EntryValues>> without = ObjectsByKey(condition.key_id, false);
      if (!without.ok()) return without.status();
      if (!*without) resolved.driver.clear();
      if (*without && !(*without)->values.empty()) resolved.driver.push_back(**std::move(without));
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
      Result<std::optional<EntryValues>> objects =
          ObjectsByKey(condition.key_id, condition.op == SelectorOperator::kExists);
      if (!objects.ok()) return objects.status();
      if (*objects && (*objects)->values.empty()) resolved.never = true;
      if (*objects) resolved.driver = {**std::move(objects)};
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
Result<std::optional<std::vector<EntryValues>>> SqliteConditions::OtherValues(
    const EntryCondition& condition) {
  std::optional<std::vector<EntryValues>> others;
  Result<std::optional<std::vector<std::string>>> values =
      DistinctValues(condition.key_id, kMaxOtherValues + condition.values.size());
  if (!values.ok()) return values.status();
  if (!*values) return others;
  Result<std::optional<EntryValues>> without = ObjectsByKey(condition.key_id, false);
  if (!without.ok()) return without.status();
  if (!*without) return others;
  others.emplace();
  std::erase_if(**values, [&](const std::string& value) { return !Fulfils(condition, value); });
  if (!(*values)->empty()) others->push_back({condition.key_id, **std::move(values)});
  if (!(*without)->values.empty() && !condition.or_missing) others->push_back(**std::move(without));
  return others;
}

Result<std::optional<std::vector<std::string>>> SqliteConditions::DistinctValues(int64_t key_id,
                                                                                 size_t max) {
  if (values_left_ < max) return std::optional<std::vector<std::string>>();
  Result<std::vector<std::string>> values = ValuesFrom(key_id, std::nullopt, false, max + 1);
  if (!values.ok()) return values.status();
  values_left_ -= std::min(values_left_, values->size());
  if (values->size() > max) return std::optional<std::vector<std::string>>();
  return std::optional(*std::move(values));
}

// Jumps from value to value: the cost is that of their number, not of the rows.
Result<std::vector<std::string>> SqliteConditions::ValuesFrom(
    int64_t key_id, const std::optional<std::string>& from, bool downwards, size_t max) {
  constexpr std::string_view kAbove = "SELECT value FROM entries WHERE key_id=? AND value>";
  constexpr std::string_view kBelow = "SELECT value FROM entries WHERE key_id=? AND value<";
  constexpr std::string_view kUp = "? ORDER BY value LIMIT 1";
  constexpr std::string_view kDown = "? ORDER BY value DESC LIMIT 1";
  std::vector<std::string> values;
  const std::string_view compare = downwards ? kBelow : kAbove;
  const std::string_view order = downwards ? kDown : kUp;
  const auto read = [&](SqliteStatement first) {
    if (first.Step()) values.emplace_back(first.Text(0));
    return first.status();
  };
  if (max == 0) return values;
  if (from || !downwards) {
    const std::string start = from.value_or("");
    SqliteStatement first = connection_.Prepare(std::string(compare).append("=").append(order));
    first.BindInt(key_id).BindText(start);
    if (Status status = read(std::move(first)); !status.ok()) return status;
  } else {
    SqliteStatement last =
        connection_.Prepare("SELECT value FROM entries WHERE key_id=? ORDER BY value DESC LIMIT 1");
    last.BindInt(key_id);
    if (Status status = read(std::move(last)); !status.ok()) return status;
  }
  if (values.empty()) return values;
  SqliteStatement next = connection_.Prepare(std::string(compare).append(order));
  while (values.size() < max) {
    next.Reset();
    next.BindInt(key_id).BindText(values.back());
    if (!next.Step()) break;
    values.emplace_back(next.Text(0));
  }
  if (!next.ok()) return next.status();
  return values;
}

// Numbers and times begin with a digit, a sign or a point.
Result<bool> SqliteConditions::MayHaveNumbers(int64_t key_id) {
  SqliteStatement find = connection_.Prepare(
      "SELECT 1 FROM entries WHERE key_id=? AND value>='+' AND value<':' LIMIT 1");
  find.BindInt(key_id);
  const bool found = find.Step();
  if (!find.ok()) return find.status();
  return found;
}

Result<std::optional<EntryValues>> SqliteConditions::ObjectsByKey(int64_t key_id, bool present) {
  if (!key_sets_loaded_) {
    if (Status status = LoadKeySets(); !status.ok()) return status;
  }
  if (!key_set_key_) return std::optional<EntryValues>();
  EntryValues objects{*key_set_key_, {}};
  for (const KeySet& set : key_sets_) {
    if (std::binary_search(set.keys.begin(), set.keys.end(), key_id) == present)
      objects.values.push_back(set.id);
  }
  return std::optional(std::move(objects));
}

Status SqliteConditions::LoadKeySets() {
  key_sets_loaded_ = true;
  const Result<std::optional<int64_t>> key = FindKey(kKeySetPath);
  if (!key.ok()) return key.status();
  if (!*key) return Status();
  SqliteStatement sets =
      connection_.Prepare("SELECT set_id,keys FROM key_sets WHERE type_id=? LIMIT ?");
  sets.BindInt(type_id_).BindInt(kMaxKeySets + 1);
  while (sets.Step())
    key_sets_.push_back({std::to_string(sets.Int(0)), UnpackKeySet(sets.Text(1))});
  if (sets.ok() && key_sets_.size() <= kMaxKeySets) key_set_key_ = *key;
  return sets.status();
}

}  // namespace pedia::storage
