// The constants of templates, as Go writes them. Private to policy.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "policy/template_run.h"

namespace pedia::policy {

// The text of a quoted string or a character constant, quotes included: "a\n", 'a', `a`. Nothing if
// an escape is wrong.
std::optional<std::string> Unquote(std::string_view quoted);

// The other way: the text in double quotes, %q.
void AddQuoted(std::string_view text, TextBuilder* out);

// 12, -0x1F, 0b1, 1_000, 017, 1.5e3: an Int or a Float. Nothing if it is no number, is complex, or
// does not fit.
std::optional<Value> ReadNumber(std::string_view text);

// Appends the bytes of a character in UTF-8; of what is none, U+FFFD.
void AppendUtf8(uint32_t character, std::string* out);
// The first character of a text that is not empty, and its length in bytes. What is not UTF-8 gives
// U+FFFD and 1.
struct Character {
  uint32_t code;
  size_t length;
};
Character FirstCharacter(std::string_view text);

}  // namespace pedia::policy
