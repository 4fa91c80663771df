#include "query/strconv.h"

#include <array>
#include <charconv>
#include <utility>

namespace pedia::query {
namespace {

constexpr size_t kShortBytes = 128;

// One UTF-8 sequence: its code point and bytes; `bytes` 0 if the text does not begin with a valid
// one.
struct Rune {
  uint32_t code = 0;
  size_t bytes = 0;
};

Rune DecodeRune(std::string_view text) {
  const auto byte = [&](size_t i) {
    return static_cast<uint32_t>(static_cast<unsigned char>(text[i]));
  };
  const uint32_t first = byte(0);
  size_t bytes = 1;
  uint32_t code = first;
  uint32_t least = 0;
  if (first >= 0xF0 && first < 0xF8) {
    bytes = 4, code = first & 0x07, least = 0x10000;
  } else if (first >= 0xE0 && first < 0xF0) {
    bytes = 3, code = first & 0x0F, least = 0x800;
  } else if (first >= 0xC0 && first < 0xE0) {
    bytes = 2, code = first & 0x1F, least = 0x80;
  } else if (first >= 0x80) {
    return {};
  }
  if (bytes > text.size()) return {};
  for (size_t i = 1; i < bytes; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return {};
    code = code << 6 | (byte(i) & 0x3F);
  }
  if (code < least || code > 0x10FFFF || (code >= 0xD800 && code < 0xE000)) return {};
  return {code, bytes};
}

// Approximates unicode.IsPrint by the ranges that matter in a log or a terminal: spaces,
// directions, private use.
bool IsPrintable(uint32_t code) {
  constexpr std::array<std::pair<uint32_t, uint32_t>, 14> kHidden{{
      {0x00, 0x1F},
      {0x7F, 0xA0},
      {0xAD, 0xAD},
      {0x61C, 0x61C},
      {0x180E, 0x180E},
      {0x2000, 0x200F},
      {0x2028, 0x202F},
      {0x205F, 0x206F},
      {0x3000, 0x3000},
      {0xE000, 0xF8FF},
      {0xFEFF, 0xFEFF},
      {0xFFF0, 0xFFFB},
      {0xFFFE, 0xFFFF},
      {0xE0000, 0x10FFFF},
  }};
  for (const auto& [low, high] : kHidden) {
    if (code >= low && code <= high) return false;
  }
  return true;
}

void AppendHex(uint32_t value, int digits, std::string* out) {
  for (int shift = 4 * (digits - 1); shift >= 0; shift -= 4)
    out->push_back("0123456789abcdef"[value >> shift & 0xF]);
}

void AppendEscaped(uint32_t code, std::string* out) {
  constexpr std::string_view kNames = "abtnvfr";  // 7 to 13.
  if (code == '"' || code == '\\') {
    out->append({'\\', static_cast<char>(code)});
  } else if (code >= 7 && code <= 13) {
    out->append({'\\', kNames[code - 7]});
  } else if (code < 0x80) {
    AppendHex(code, 2, &out->append("\\x"));
  } else if (code < 0x10000) {
    AppendHex(code, 4, &out->append("\\u"));
  } else {
    AppendHex(code, 8, &out->append("\\U"));
  }
}

}  // namespace

std::optional<int64_t> ParseInt64(std::string_view text) {
  if (text.size() > 1 && text[0] == '+' && text[1] != '-') text.remove_prefix(1);
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::string Quote(std::string_view text) {
  std::string out = "\"";
  while (!text.empty()) {
    const Rune rune = DecodeRune(text);
    if (rune.bytes == 0) {
      AppendHex(static_cast<unsigned char>(text[0]), 2, &out.append("\\x"));
    } else if (rune.code == '"' || rune.code == '\\' || !IsPrintable(rune.code)) {
      AppendEscaped(rune.code, &out);
    } else {
      out.append(text.substr(0, rune.bytes));
    }
    text.remove_prefix(rune.bytes == 0 ? 1 : rune.bytes);
  }
  out.push_back('"');
  return out;
}

std::string QuoteShort(std::string_view text) {
  if (text.size() <= kShortBytes) return Quote(text);
  return Quote(text.substr(0, kShortBytes)) + "...";
}

std::string ToLower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return out;
}

}  // namespace pedia::query
