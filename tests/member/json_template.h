// JsonTemplate: one JSON document with slots, rendered by copying; e.g. {"name": "$name$",
// "replicas": $n$}.
#pragma once
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pedia::member {

// Immutable, so safe from any thread. Rendering costs one append per fragment and slot.
class JsonTemplate {
 public:
  // White space outside strings is dropped, so that templates can be laid out for the reader.
  // `slots` are the known slot names without their dollars; a slot may stand for a whole value or
  // be a part of a string. Requires: every $name$ in `text` is in `slots`; a literal dollar does
  // not occur.
  JsonTemplate(std::string_view text, std::span<const std::string_view> slots);

  // Appends the document; `values[i]` stands for `slots[i]` and must already be escaped where the
  // slot stands in a string.
  void Append(std::span<const std::string> values, std::string* out) const;

 private:
  struct Fragment {
    std::string text;
    size_t slot;  // What follows the text; kNoSlot at the end.
  };
  static constexpr size_t kNoSlot = static_cast<size_t>(-1);
  std::vector<Fragment> fragments_;
};

}  // namespace pedia::member
