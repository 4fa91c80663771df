// JsonPath: the JSONPath of a column of a CustomResourceDefinition, compiled; e.g.
//   .spec.size   .spec['a b']   .spec.tags[0]   .spec.tags[-1:]   .spec.rules[*].host
//   .status.conditions[?(@.type == "Ready")].status   ..name   .spec['a','b']
// Source: k8s.io/client-go/util/jsonpath, with missing keys allowed, as apiextensions-apiserver
// uses it. A name in brackets is split at its dots unless they are escaped ('a\.b'), as there; that
// it may hold blanks is ours. Unlike there, members of an object come in the object's order.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "meta/result.h"

namespace pedia::apiserver {

// How many more bytes may be looked at; a path that needs more finds nothing. For hostile paths:
// what one path says in few bytes (..a..b..c) can take very long.
using JsonPathBudget = size_t;

// Immutable; safe from any thread.
class JsonPath {
 public:
  // Errors: BadRequest for what is no such path, is longer than 1024 bytes or has more than 64
  // steps.
  static Result<JsonPath> Parse(std::string_view text);

  // The names of the members that the path begins with: {"status", "conditions"}. Whoever reads
  // many paths from one object finds all these in one scan.
  const std::vector<std::string>& members() const { return members_; }
  // The JSON text of the first value that the rest of the path finds in `value`, the JSON text of
  // what stands at members(), "" if that is absent. "" if nothing is found or the path does not fit
  // the value (no array where it wants one, an index out of bounds, values that do not compare).
  // The result is a part of `value` or of this.
  std::string_view FindFirst(std::string_view value, JsonPathBudget* budget) const;

  struct Step;
  using Steps = std::vector<Step>;
  struct Step {
    enum class Kind {
      kMember,
      kWildcard,     // Every element or member.
      kDescendants,  // The value and all objects and arrays below it.
      kSlice,
      kUnion,
      kFilter,
      kLiteral,
    };
    Kind kind;
    std::string text{};  // kMember: its name. kFilter: the operator, "" = exists. kLiteral: JSON.
    std::optional<int64_t> from{}, to{}, stride{};  // kSlice: [from:to:stride]
    bool single = false;                            // kSlice: was [from]; to = from + 1.
    std::vector<Steps> paths{};  // kUnion: each. kFilter: what stands left and right.
  };

 private:
  std::vector<std::string> members_;
  Steps steps_;  // What follows members_.
};

}  // namespace pedia::apiserver
