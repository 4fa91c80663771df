// Integers and quoted strings as Go reads and writes them, because the error texts of Kubernetes
// are made of them.
// Source: Go's strconv: ParseInt(s, 10, 64), Quote.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace pedia::query {

// "-12", "+7", "007". Nothing for anything else: blanks, fractions, more than 64 bits. Pure.
std::optional<int64_t> ParseInt64(std::string_view text);

// The text in double quotes: control characters, invalid UTF-8 and what does not print as escapes:
// "a\n\xff\u200b". Pure.
std::string Quote(std::string_view text);

// As Quote, but of a long text only the beginning and "...": an answer stays small however long the
// request was.
std::string QuoteShort(std::string_view text);

// ASCII letters in lower case, whatever the locale. Pure.
std::string ToLower(std::string_view text);

}  // namespace pedia::query
