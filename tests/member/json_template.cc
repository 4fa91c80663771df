#include "tests/member/json_template.h"

#include <algorithm>
#include <cassert>

namespace pedia::member {
namespace {

std::string WithoutLayout(std::string_view text) {
  std::string compact;
  compact.reserve(text.size());
  bool in_string = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string && c == '\\') {
      compact.append(text.substr(i++, 2));
      continue;
    }
    if (c == '"') in_string = !in_string;
    if (in_string || (c != ' ' && c != '\n')) compact.push_back(c);
  }
  return compact;
}

}  // namespace

JsonTemplate::JsonTemplate(std::string_view text, std::span<const std::string_view> slots) {
  const std::string compact = WithoutLayout(text);
  size_t at = 0;
  while (true) {
    const size_t open = compact.find('$', at);
    if (open == std::string::npos) break;
    const size_t close = compact.find('$', open + 1);
    assert(close != std::string::npos);
    const auto slot =
        std::ranges::find(slots, std::string_view(compact).substr(open + 1, close - open - 1));
    assert(slot != slots.end());
    fragments_.push_back(
        {compact.substr(at, open - at), static_cast<size_t>(slot - slots.begin())});
    at = close + 1;
  }
  fragments_.push_back({compact.substr(at), kNoSlot});
}

void JsonTemplate::Append(std::span<const std::string> values, std::string* out) const {
  for (const Fragment& fragment : fragments_) {
    out->append(fragment.text);
    if (fragment.slot != kNoSlot) out->append(values[fragment.slot]);
  }
}

}  // namespace pedia::member
