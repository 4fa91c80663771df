#include "query/search_labels.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

#include "query/strconv.h"

namespace pedia::query {
namespace {

constexpr std::string_view kDomain = "clusterpedia.io";
constexpr std::string_view kSearchPrefix = "search.clusterpedia.io/";
constexpr std::string_view kFuzzyName = "internalstorage.clusterpedia.io/fuzzy-name";

constexpr size_t kMaxWarnings = 16;
constexpr size_t kMaxSubstrings = 64;

constexpr std::array<std::string_view, 15> kSearchLabels = {
    "names",         "clusters",  "namespaces", "orderby",       "since",
    "before",        "limit",     "offset",     "with-continue", "with-remaining-count",
    "inject-events", "owner-uid", "owner-name", "owner-gr",      "owner-seniority",
};

bool IsKnown(std::string_view key) {
  if (key == kFuzzyName) return true;
  if (!key.starts_with(kSearchPrefix)) return false;
  key.remove_prefix(kSearchPrefix.size());
  return std::find(kSearchLabels.begin(), kSearchLabels.end(), key) != kSearchLabels.end();
}

// Clusterpedia gives no meaning to `key` and `!key`; they restrict nothing.
bool IsBare(SelectorOperator op) {
  return op == SelectorOperator::kExists || op == SelectorOperator::kDoesNotExist;
}
bool Includes(SelectorOperator op) {
  return op == SelectorOperator::kEquals || op == SelectorOperator::kIn;
}
bool Excludes(SelectorOperator op) {
  return op == SelectorOperator::kNotEquals || op == SelectorOperator::kNotIn;
}

void Restrict(std::vector<std::string> values, NameSet* names) {
  SortValues(&values);
  if (names->restricted) {
    std::vector<std::string> both;
    std::set_intersection(names->in.begin(), names->in.end(), values.begin(), values.end(),
                          std::back_inserter(both));
    values = std::move(both);
  }
  names->restricted = true;
  names->in = std::move(values);
}

}  // namespace

Result<SearchLabels> SearchLabels::Parse(std::string_view label_selector) {
  Result<LabelSelector> selector = ParseLabelSelectorAsWritten(label_selector);
  if (!selector.ok()) return selector.status();
  SearchLabels labels;
  for (LabelRequirement& requirement : *selector) {
    if (requirement.key.find(kDomain) == std::string::npos) {
      SortValues(&requirement.values);
      labels.object_selector_.push_back(std::move(requirement));
    } else if (IsKnown(requirement.key)) {
      labels.search_.push_back(std::move(requirement));
    } else {
      labels.WarnOf(requirement.key);
    }
  }
  return labels;
}

Result<NameSet> SearchLabels::Names(std::string_view name) const {
  const std::string key = SearchLabelKey(name);
  NameSet names;
  for (const LabelRequirement& requirement : search_) {
    if (requirement.key != key || IsBare(requirement.op)) continue;
    if (Includes(requirement.op)) {
      Restrict(requirement.values, &names);
    } else if (Excludes(requirement.op)) {
      names.not_in.insert(names.not_in.end(), requirement.values.begin(), requirement.values.end());
    } else {
      return BadRequest(key + ": the operator must be =, in, != or notin");
    }
  }
  SortValues(&names.not_in);
  return names;
}

Result<std::vector<std::string>> SearchLabels::Sequence(std::string_view name) const {
  const std::string key = SearchLabelKey(name);
  std::vector<std::string> values;
  for (const LabelRequirement& requirement : search_) {
    if (requirement.key != key || IsBare(requirement.op)) continue;
    if (!Includes(requirement.op)) return BadRequest(key + ": the operator must be = or in");
    values.insert(values.end(), requirement.values.begin(), requirement.values.end());
  }
  return values;
}

Result<std::string> SearchLabels::Single(std::string_view name) const {
  Result<std::vector<std::string>> values = Sequence(name);
  if (!values.ok()) return values.status();
  SortValues(&*values);
  if (values->size() > 1)
    return BadRequest(SearchLabelKey(name) + ": expected one value, found " + Quote((*values)[0]) +
                      " and " + Quote((*values)[1]));
  return values->empty() ? std::string() : std::move((*values)[0]);
}

Result<SearchLabels::Substrings> SearchLabels::FuzzyNames() const {
  Substrings substrings;
  for (const LabelRequirement& requirement : search_) {
    if (requirement.key != kFuzzyName || IsBare(requirement.op)) continue;
    if (!Includes(requirement.op) && !Excludes(requirement.op))
      return BadRequest(std::string(kFuzzyName) + ": the operator must be =, in, != or notin");
    std::vector<std::string>& out =
        Includes(requirement.op) ? substrings.contained : substrings.not_contained;
    for (const std::string& value : requirement.values) {
      if (!value.empty()) out.push_back(value);
    }
  }
  SortValues(&substrings.contained);
  SortValues(&substrings.not_contained);
  if (substrings.contained.size() + substrings.not_contained.size() > kMaxSubstrings) {
    return BadRequest(std::string(kFuzzyName) + ": more than " + std::to_string(kMaxSubstrings) +
                      " values");
  }
  return substrings;
}

void SearchLabels::WarnOf(const std::string& key) {
  const std::string warning = "unknown search label " + key + " is ignored";
  if (warnings_.size() < kMaxWarnings &&
      std::find(warnings_.begin(), warnings_.end(), warning) == warnings_.end())
    warnings_.push_back(warning);
}

std::string SearchLabelKey(std::string_view name) {
  return std::string(kSearchPrefix) + std::string(name);
}

}  // namespace pedia::query
