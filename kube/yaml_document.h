// YamlNode: a YAML document as a tree, from texts that nobody vouches for: bounded in size, depth
// and expansion of aliases. Source: YAML 1.2; merge keys are not supported.
#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "meta/result.h"

namespace pedia::kube {

// Immutable. Aliases share the node they name; there are no cycles.
struct YamlNode {
  enum class Kind { kNull, kScalar, kSequence, kMap };
  Kind kind = Kind::kNull;
  int line = 0;        // 1-based.
  std::string text;    // Of a scalar.
  bool plain = false;  // A scalar without quotes: true, 7, abc.
  std::vector<std::shared_ptr<const YamlNode>> elements;
  std::vector<std::pair<std::string, std::shared_ptr<const YamlNode>>>
      members;  // Keys that are scalars, in order.

  // The first member of a map with this key that is not null, or nullptr.
  const YamlNode* Find(std::string_view key) const;
};

inline constexpr size_t kMaxYamlBytes = 4 << 20;

// The documents of `text`, without empty ones. Errors: BadRequest "line 7: why"; also for more than
// kMaxYamlBytes, for aliases that would expand to more than four times that, and for more than 64
// levels.
Result<std::vector<std::shared_ptr<const YamlNode>>> ParseYamlDocuments(std::string_view text);
// The first of them; a null node if there is none.
Result<std::shared_ptr<const YamlNode>> ParseYaml(std::string_view text);

// The node as JSON. Plain scalars that are JSON numbers, booleans or null stay so; all others
// become strings.
std::string FormatJson(const YamlNode& node);

}  // namespace pedia::kube
