// FieldPath: where a value stands in an object, e.g. "spec.containers[].image",
// "metadata.labels['app.kubernetes.io/name']", "status.conditions[0].type".
// Source: Clusterpedia's enhanced field selectors.
#pragma once
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "meta/result.h"

namespace pedia::query {

struct FieldStep {
  enum class Kind { kMember, kAnyElement, kElement };  // name, [] or [*], [N]
  Kind kind = Kind::kMember;
  std::string name;  // kMember.
  size_t index = 0;  // kElement.
  bool operator==(const FieldStep&) const = default;
};

struct FieldPath {
  std::vector<FieldStep> steps;  // At least one; the first is a member.

  // The one spelling of this path: members joined by '.', those that are no plain names (letters,
  // digits, '-' and '_' inside, at most 63 bytes) as ['x.y/z']; [] for any element. Parses to an
  // equal path.
  std::string Text() const;
  // The key, if the path is metadata.labels['key'] (or metadata.labels.key).
  std::optional<std::string> LabelKey() const;
  // Whether it leads to one value of an object at most: no [] or [*].
  bool HasOneValue() const;
  bool operator==(const FieldPath&) const = default;
};

// Reads one path; a leading '.' is optional, quotes may be single or double: ['x'], .'x', 'x'.
// Names without quotes are qualified names ("replicas", "example.com/x" needs quotes for its dot);
// names in quotes are anything without control characters and that quote. At most 1024 bytes and 32
// steps. Errors: BadRequest beginning with `where` ("orderby") and quoting `text`. Pure.
Result<FieldPath> ParseFieldPath(std::string_view where, std::string_view text);

}  // namespace pedia::query
