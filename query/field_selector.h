// Field selectors, e.g. "metadata.name=web-0,metadata.namespace!=kube-system".
// Source: Kubernetes docs "Field Selectors"; k8s.io/apimachinery/pkg/fields (ParseSelector: terms,
// operators, escapes).
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "meta/result.h"

namespace pedia::query {

// One term, as written: "status.phase!=Running".
struct FieldRequirement {
  std::string path;      // "status.phase"
  bool negated = false;  // "!="; else "=" or "==".
  std::string value;     // Unescaped; may be empty.
};

// The terms' conjunction, in source order. Empty selects every object.
using FieldSelector = std::vector<FieldRequirement>;

// Parses `text`; "" gives the empty selector, empty terms are skipped. Escapes in values: "\\",
// "\,", "\=". Errors: BadRequest quoting the term at fault. Pure.
Result<FieldSelector> ParseFieldSelector(std::string_view text);

}  // namespace pedia::query
