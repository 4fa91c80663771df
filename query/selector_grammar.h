// The grammar that label and field selectors share: "key in (a,b),!key,key!=a,key>3".
// Source: k8s.io/apimachinery/pkg/labels (Parse: lexer, grammar, error texts).
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "meta/status.h"
#include "query/label_selector.h"

namespace pedia::query {

enum class SelectorSyntax {
  kLabels,  // As Kubernetes reads label selectors.
  // Keys may hold quoted text with any characters ("metadata.labels['a b']"); a backslash in a
  // value takes the meaning from a comma, parenthesis, operator, blank or backslash that follows,
  // as Kubernetes' own field selectors write values; empty terms ("a=b,,") are skipped, as there.
  kFields,
};

// Receives the requirements in source order. A failure of either function ends the parsing.
class SelectorSink {
 public:
  virtual ~SelectorSink() = default;
  // A requirement begins: its key, as written.
  virtual Status Key(std::string_view key) = 0;
  // The rest of it. `values` as written (unescaped), repeated ones too: 1 for =, !=, > and <, 1..n
  // for sets, 0 for (not) exists.
  virtual Status Condition(SelectorOperator op, std::vector<std::string> values) = 0;
};

// Errors: BadRequest with the texts of kube-apiserver, or what `sink` returned. Time and memory are
// linear in `text`, and messages quote at most a piece of it.
Status ParseSelector(std::string_view text, SelectorSyntax syntax, SelectorSink* sink);

// "unable to parse requirement: <why>"
Status BadRequirement(std::string_view why);
// `<path>: Invalid value: "<value>": <why>`
std::string InvalidValue(std::string_view path, std::string_view value, std::string_view why);

}  // namespace pedia::query
