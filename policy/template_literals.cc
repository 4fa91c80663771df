#include "policy/template_literals.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <limits>

#include "meta/json_string.h"

namespace pedia::policy {
namespace {

int DigitValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return 99;
}

// Takes `count` digits from the front of `*rest`.
std::optional<uint32_t> TakeDigits(std::string_view* rest, size_t count, uint32_t base) {
  if (rest->size() < count) return std::nullopt;
  uint64_t value = 0;
  for (const char c : rest->substr(0, count)) {
    const auto digit = static_cast<uint32_t>(DigitValue(c));
    if (digit >= base) return std::nullopt;
    value = value * base + digit;
  }
  rest->remove_prefix(count);
  if (value > std::numeric_limits<uint32_t>::max()) return std::nullopt;
  return static_cast<uint32_t>(value);
}

bool AppendByte(std::optional<uint32_t> value, std::string* out) {
  if (!value || *value > 255) return false;
  *out += static_cast<char>(*value);
  return true;
}

bool AppendCharacter(std::optional<uint32_t> value, std::string* out) {
  if (!value || *value > 0x10FFFF || (*value >= 0xD800 && *value < 0xE000)) return false;
  AppendUtf8(*value, out);
  return true;
}

// `*rest` stands behind the backslash.
bool AppendEscape(std::string_view* rest, char quote, std::string* out) {
  if (rest->empty()) return false;
  const char c = rest->front();
  if (c >= '0' && c <= '7') return AppendByte(TakeDigits(rest, 3, 8), out);
  rest->remove_prefix(1);
  if (c == 'x') return AppendByte(TakeDigits(rest, 2, 16), out);
  if (c == 'u') return AppendCharacter(TakeDigits(rest, 4, 16), out);
  if (c == 'U') return AppendCharacter(TakeDigits(rest, 8, 16), out);
  constexpr std::string_view kNames = "abfnrtv\\";
  constexpr std::string_view kMeanings = "\a\b\f\n\r\t\v\\";
  const size_t at = kNames.find(c);
  if (at == std::string_view::npos && c != quote) return false;
  *out += at == std::string_view::npos ? c : kMeanings[at];
  return true;
}

std::optional<Value> ReadInteger(std::string_view digits, bool negative) {
  int base = 10;
  if (digits.size() > 1 && digits[0] == '0') {
    const char mark = static_cast<char>(digits[1] | 0x20);
    base = mark == 'x' ? 16 : mark == 'b' ? 2 : 8;
    digits.remove_prefix(mark == 'x' || mark == 'b' || mark == 'o' ? 2 : 1);
  }
  uint64_t magnitude = 0;
  const char* end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, magnitude, base);
  constexpr auto kMost = static_cast<uint64_t>(std::numeric_limits<int64_t>::max());
  if (error != std::errc() || stop != end || magnitude > kMost + (negative ? 1 : 0)) {
    return std::nullopt;
  }
  return Value::Int(static_cast<int64_t>(negative ? 0 - magnitude : magnitude));
}

std::optional<Value> ReadFloat(std::string_view digits, bool negative) {
  auto format = std::chars_format::general;
  if (digits.starts_with("0x") || digits.starts_with("0X")) {
    digits.remove_prefix(2);
    format = std::chars_format::hex;
  }
  double value = 0;
  const char* end = digits.data() + digits.size();
  const bool starts = !digits.empty() && (digits[0] == '.' || DigitValue(digits[0]) < 16);
  const auto [stop, error] = std::from_chars(digits.data(), end, value, format);
  if (!starts || error != std::errc() || stop != end) return std::nullopt;
  return Value::Float(negative ? -value : value);
}

// The most important of the characters that Go does not print: spaces, controls, marks of
// direction, private ones.
bool IsPrintable(uint32_t c) {
  if (c < 0x20 || (c >= 0x7F && c <= 0xA0) || c == 0xAD) return false;
  if ((c >= 0x2000 && c <= 0x200F) || (c >= 0x2028 && c <= 0x202F)) return false;
  return (c < 0x205F || c > 0x206F) && c != 0x3000 && c != 0xFEFF && (c < 0xE000 || c > 0xF8FF);
}

void AddHex(uint32_t value, int digits, TextBuilder* out) {
  for (int shift = (digits - 1) * 4; shift >= 0; shift -= 4) {
    out->Add("0123456789abcdef"[(value >> shift) & 15]);
  }
}

}  // namespace

std::optional<std::string> Unquote(std::string_view quoted) {
  if (quoted.size() < 2) return std::nullopt;
  const char quote = quoted.front();
  std::string_view rest = quoted.substr(1, quoted.size() - 2);
  std::string out;
  if (quote == '`') {
    std::remove_copy(rest.begin(), rest.end(), std::back_inserter(out), '\r');
    return out;
  }
  while (!rest.empty()) {
    const char c = rest.front();
    rest.remove_prefix(1);
    if (c != '\\') {
      out += c;
    } else if (!AppendEscape(&rest, quote, &out)) {
      return std::nullopt;
    }
  }
  return out;
}

void AddQuoted(std::string_view text, TextBuilder* out) {
  constexpr std::string_view kSpecial = "\a\b\f\n\r\t\v\\\"";
  constexpr std::string_view kNames = "abfnrtv\\\"";
  out->Add('"');
  while (!text.empty() && !out->run().failed()) {
    const Character character = FirstCharacter(text);
    const auto byte = static_cast<unsigned char>(text[0]);
    const bool broken = character.length == 1 && byte >= 0x80;
    if (const size_t at = kSpecial.find(text[0]); at != std::string_view::npos) {
      out->Add('\\');
      out->Add(kNames[at]);
    } else if (broken || byte < 0x20 || byte == 0x7F) {
      out->Add("\\x");
      AddHex(byte, 2, out);
    } else if (!IsPrintable(character.code)) {
      out->Add(character.code > 0xFFFF ? "\\U" : "\\u");
      AddHex(character.code, character.code > 0xFFFF ? 8 : 4, out);
    } else {
      out->Add(text.substr(0, character.length));
    }
    text.remove_prefix(character.length);
  }
  out->Add('"');
}

std::optional<Value> ReadNumber(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  std::string digits;
  // Between digits only, as in Go; where exactly does not matter here.
  if (text.starts_with('_') || text.ends_with('_')) return std::nullopt;
  std::remove_copy(text.begin(), text.end(), std::back_inserter(digits), '_');
  const bool hex = digits.starts_with("0x") || digits.starts_with("0X");
  if (digits.find_first_of(hex ? ".pP" : ".eEpP") != std::string::npos) {
    return ReadFloat(digits, negative);
  }
  return ReadInteger(digits, negative);
}

void AppendUtf8(uint32_t character, std::string* out) {
  if (character > 0x10FFFF || (character >= 0xD800 && character < 0xE000)) character = 0xFFFD;
  const auto tail = [&](int shift) {
    *out += static_cast<char>(0x80 | ((character >> shift) & 0x3F));
  };
  if (character < 0x80) {
    *out += static_cast<char>(character);
  } else if (character < 0x800) {
    *out += static_cast<char>(0xC0 | (character >> 6));
    tail(0);
  } else if (character < 0x10000) {
    *out += static_cast<char>(0xE0 | (character >> 12));
    tail(6);
    tail(0);
  } else {
    *out += static_cast<char>(0xF0 | (character >> 18));
    tail(12);
    tail(6);
    tail(0);
  }
}

Character FirstCharacter(std::string_view text) {
  const size_t length = Utf8Length(text.data(), text.data() + text.size());
  if (length == 0) return {0xFFFD, 1};
  const auto first = static_cast<unsigned char>(text[0]);
  uint32_t code = length == 1 ? first : first & (0x7FU >> length);
  for (size_t i = 1; i < length; ++i) {
    code = code << 6 | (static_cast<unsigned char>(text[i]) & 0x3FU);
  }
  return {code, length};
}

}  // namespace pedia::policy
