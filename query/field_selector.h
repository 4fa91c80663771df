// Field selectors, e.g. "status.phase!=Running,spec.containers[].image in (nginx,httpd),!spec.paused,
// spec.replicas>3".
// Source: Clusterpedia's enhanced field selector (the grammar of Kubernetes' label selectors, with
// field paths as keys).
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "meta/result.h"
#include "query/field_path.h"
#include "query/label_selector.h"

namespace pedia::query {

// A path may lead to several values (lists), or to none (missing or null). `=` and `in` match if
// any value's text is among `values`; exists if there is any value; `>` and `<` if any value is of
// the kind of values[0] (number or quantity, time) and greater or less. `!=`, `notin` and not
// exists match exactly if `=`, `in` and exists do not. The text of a scalar is its own ("3",
// "true", a string decoded), that of an object or array its JSON as stored.
struct FieldRequirement {
  FieldPath path;
  SelectorOperator op;
  std::vector<std::string> values;  // As LabelRequirement::values.
  // A missing value counts as one of `values`: CountsMissing.
  bool or_missing = false;
  bool operator==(const FieldRequirement&) const = default;
};

// The requirements' conjunction, in source order. Empty selects every object.
using FieldSelector = std::vector<FieldRequirement>;

// Whether a missing value at `path` is one of `values`, as in Kubernetes' own field selectors, which
// compare with the field's default: "spec.nodeName=" finds the pods that have no node,
// "spec.unschedulable=false" all nodes that are not cordoned. False for paths they do not have. Pure.
bool CountsMissing(const FieldPath& path, const std::vector<std::string>& values);

// Parses `text` (already percent-decoded); "" gives the empty selector, empty terms are skipped. In
// values a backslash may stand before a backslash, comma, '=' (as Kubernetes' own field selectors
// are written), and before any other operator, parenthesis or blank. At most 64 requirements.
// Errors: BadRequest in the words of Clusterpedia, e.g. "unable to parse requirement: ...", also
// for `>` and `<` with a value that is neither a number, a quantity nor a time. Pure.
Result<FieldSelector> ParseFieldSelector(std::string_view text);

}  // namespace pedia::query
