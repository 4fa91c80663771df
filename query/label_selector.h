// Label selectors, e.g. "app=web,env in (dev,prod),!canary,tier!=db,weight>3".
// Source: Kubernetes docs "Labels and Selectors"; k8s.io/apimachinery/pkg/labels (Parse: grammar,
// error texts).
#pragma once
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "meta/result.h"

namespace pedia::query {

enum class SelectorOperator {
  kEquals,
  kNotEquals,
  kIn,
  kNotIn,
  kExists,
  kDoesNotExist,
  kGreaterThan,
  kLessThan
};

struct LabelRequirement {
  std::string key;  // "app.kubernetes.io/name"
  SelectorOperator op;
  std::vector<std::string> values;  // Sorted, unique. 1 for kEquals, kNotEquals, kGreaterThan,
                                    // kLessThan; 0 for (not) exists.
};

// The requirements' conjunction, in source order. Empty selects every object.
using LabelSelector = std::vector<LabelRequirement>;

// Parses `text` (already percent-decoded); "" gives the empty selector.
// Errors: BadRequest with the texts of kube-apiserver, e.g.
// "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt". Pure.
Result<LabelSelector> ParseLabelSelector(std::string_view text);

// As ParseLabelSelector, but the values of each requirement stand as written, repeated ones too:
// for labels whose values are a sequence, e.g.
// "search.clusterpedia.io/orderby in (namespace,name_desc)".
Result<LabelSelector> ParseLabelSelectorAsWritten(std::string_view text);

// Makes `values` what LabelRequirement::values is: sorted, unique.
void SortValues(std::vector<std::string>* values);

// Whether labels with this lookup match; `find(key)` gives the value or nothing. `!=` and `notin`
// match a missing key; `>` and `<` compare int64 and match nothing else. The oracle of the SQL.
bool Matches(const LabelSelector& selector,
             const std::function<std::optional<std::string>(std::string_view)>& find);

}  // namespace pedia::query
