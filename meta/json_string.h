// The texts of JSON strings: "a\nb" and its bytes. Source: RFC 8259, section 7. Everything is pure.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>

namespace pedia {

// `raw` (a string's bytes between its quotes) with its escapes decoded. Lone surrogates and broken
// \u escapes become U+FFFD.
std::string DecodeJsonString(std::string_view raw);
// The same into `*out`, whose capacity is used again. `raw` must not be inside `*out`.
void DecodeJsonString(std::string_view raw, std::string* out);

// Appends `text` as a JSON string with quotes; invalid UTF-8 becomes U+FFFD. Escapes as Go's
// encoding/json without SetEscapeHTML: only what JSON demands.
void AppendJsonString(std::string_view text, std::string* out);
std::string JsonString(std::string_view text);

// The length of the well-formed UTF-8 sequence at `at`, or 0. Requires at < end.
size_t Utf8Length(const char* at, const char* end);

}  // namespace pedia
