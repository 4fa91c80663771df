// The strict check of a JSON text. Source: RFC 8259.
#pragma once
#include <string_view>

namespace pedia {

// Whether `text` is exactly one well-formed JSON value (strict: numbers, escapes, UTF-8, nesting at
// most 512), with nothing but white space around it. What is spliced into a response must have
// passed this once. Pure.
bool IsValidJson(std::string_view text);

}  // namespace pedia
