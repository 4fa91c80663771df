// LabelSelector: a metav1.LabelSelector, {"matchLabels":{"app":"web"},"matchExpressions":[...]}, as
// the requirements that it stands for. Source: metav1.LabelSelector, LabelSelectorAsSelector;
// k8s.io/apimachinery/pkg/util/validation (label keys and values).
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "meta/result.h"

namespace pedia::synchro {

enum class LabelOperator { kIn, kNotIn, kExists, kDoesNotExist };

struct LabelRequirement {
  std::string key;  // "app.kubernetes.io/name"
  LabelOperator op = LabelOperator::kExists;
  std::vector<std::string> values{};  // Sorted, unique; 1..n for kIn and kNotIn, else none.
  auto operator<=>(const LabelRequirement&) const = default;
};

// The requirements' conjunction, sorted, so that equal selectors are equal. Empty selects all.
using LabelSelector = std::vector<LabelRequirement>;

// Of the JSON of a metav1.LabelSelector. Errors: BadRequest, beginning with the member at fault:
// "matchExpressions[0].operator must be ...". Pure.
Result<LabelSelector> ParseLabelSelector(std::string_view json);

// As the query parameter labelSelector has it: "app=web,!canary,tier in (a,b)". Pure.
std::string FormatLabelSelector(const LabelSelector& selector);

// Whether metadata.labels of `object`, well-formed JSON, match. kNotIn and kDoesNotExist match a
// missing label. Pure.
bool MatchesLabels(const LabelSelector& selector, std::string_view object);

}  // namespace pedia::synchro
