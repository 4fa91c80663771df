#include "apiserver/yaml_scalar.h"

#include <algorithm>
#include <array>

namespace pedia::apiserver {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

bool IsBlank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

// A small matcher of text from front to back.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : rest_(text) {}

  bool done() const { return rest_.empty(); }
  bool Take(std::string_view any_of) {
    if (rest_.empty() || any_of.find(rest_.front()) == std::string_view::npos) return false;
    rest_.remove_prefix(1);
    return true;
  }
  // How many characters of `any_of` were taken, at most `limit`.
  size_t TakeAll(std::string_view any_of, size_t limit = std::string_view::npos) {
    size_t count = 0;
    while (count < limit && Take(any_of)) ++count;
    return count;
  }
  bool TakeWord(std::string_view word) {
    if (!rest_.starts_with(word)) return false;
    rest_.remove_prefix(word.size());
    return true;
  }

 private:
  std::string_view rest_;
};

constexpr std::string_view kDigits = "0123456789";

bool IsReservedWord(std::string_view text) {
  static constexpr std::string_view kWords[] = {
      "",      "~",    "null", "Null", "NULL",  "y",     "Y",     "yes",   "Yes",   "YES",
      "n",     "N",    "no",   "No",   "NO",    "true",  "True",  "TRUE",  "false", "False",
      "FALSE", "on",   "On",   "ON",   "off",   "Off",   "OFF",   "<<",    ".nan",  ".NaN",
      ".NAN",  ".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF", "-.inf", "-.Inf", "-.INF"};
  return std::find(std::begin(kWords), std::end(kWords), text) != std::end(kWords);
}

// "0x1F", "-0b101", "0o17". Underscores are taken for separators.
bool IsPrefixedInteger(std::string_view text) {
  Scanner scanner(text);
  scanner.Take("+-");
  if (!scanner.Take("0")) return false;
  size_t digits = 0;
  if (scanner.Take("xX")) {
    digits = scanner.TakeAll("0123456789abcdefABCDEF_");
    if (digits > 16) return false;  // No integer of 64 bits, so a string again.
  } else if (scanner.Take("bB")) {
    digits = scanner.TakeAll("01_");
  } else if (scanner.Take("oO")) {
    digits = scanner.TakeAll("01234567_");
  }
  return digits > 0 && scanner.done();
}

// "12", "1_000", "-1.5e3", ".5", "1.".
bool IsDecimal(std::string_view text) {
  Scanner scanner(text);
  scanner.Take("+-");
  size_t digits = 0;
  if (scanner.Take(kDigits)) digits += 1 + scanner.TakeAll("0123456789_");
  if (scanner.Take(".")) digits += scanner.TakeAll("0123456789_");
  if (digits == 0) return false;
  if (scanner.Take("eE")) {
    scanner.Take("+-");
    if (scanner.TakeAll(kDigits) == 0) return false;
  }
  return scanner.done();
}

// "12:30:45.5": a number to base 60 in YAML 1.1.
bool IsBase60(std::string_view text) {
  Scanner scanner(text);
  scanner.Take("+-");
  if (!scanner.Take(kDigits)) return false;
  scanner.TakeAll("0123456789_");
  size_t groups = 0;
  while (scanner.Take(":")) {
    const bool tens = scanner.Take("012345");
    if (!scanner.Take(kDigits) && !tens) return false;
    ++groups;
  }
  if (groups > 0 && scanner.Take(".")) scanner.TakeAll("0123456789_");
  return groups > 0 && scanner.done();
}

// "2006-1-2", "2006-01-02T15:04:05Z", "2006-01-02 15:04:05.5".
bool IsTimestamp(std::string_view text) {
  Scanner scanner(text);
  if (scanner.TakeAll(kDigits, 4) != 4 || !scanner.Take("-")) return false;
  if (scanner.TakeAll(kDigits, 2) == 0 || !scanner.Take("-")) return false;
  if (scanner.TakeAll(kDigits, 2) == 0) return false;
  if (scanner.done()) return true;
  const bool has_zone = scanner.Take("Tt");
  if (!has_zone && !scanner.Take(" ")) return false;
  if (scanner.TakeAll(kDigits, 2) == 0 || !scanner.Take(":")) return false;
  if (scanner.TakeAll(kDigits, 2) == 0 || !scanner.Take(":")) return false;
  if (scanner.TakeAll(kDigits, 2) == 0) return false;
  if (scanner.Take(".") && scanner.TakeAll(kDigits) == 0) return false;
  if (!has_zone || scanner.Take("Z")) return scanner.done();
  return scanner.Take("+-") && scanner.TakeAll(kDigits, 2) == 2 && scanner.Take(":") &&
         scanner.TakeAll(kDigits, 2) == 2 && scanner.done();
}

// What the rules below ask of a text.
struct Analysis {
  bool plain = true;
  bool single_quoted = true;
  bool literal = true;
};

// Whether the character at `at` starts something else than a plain scalar. `first`: it is the first
// of the text.
bool IsIndicator(std::string_view text, size_t at) {
  const char c = text[at];
  const bool before_blank = at + 1 == text.size() || IsBlank(text[at + 1]);
  if (c == ':') return before_blank;
  if (c == '#') return at == 0 || IsBlank(text[at - 1]);
  if (at != 0) return false;
  if (c == '-' || c == '?') return before_blank;
  return std::string_view(",[]{}&*!|>'\"%@`").find(c) != std::string_view::npos;
}

Analysis Analyze(std::string_view text) {
  Analysis result;
  if (text.starts_with("---") || text.starts_with("...")) result.plain = false;
  for (size_t at = 0, length = 1; at < text.size(); at += length) {
    const char c = text[at];
    if (!IsYamlPrintable(text, at, &length)) return {false, false, false};
    const char before = at == 0 ? 'x' : text[at - 1];
    const bool edge = at == 0 || at + length == text.size();
    if (c == ' ') {
      if (edge) result.plain = false;
      if (at + 1 == text.size()) result.literal = false;
      if (before == '\n') result.single_quoted = false;
    } else if (c == '\n') {
      result.plain = false;
      if (before == ' ') result.single_quoted = result.literal = false;
    } else if (IsIndicator(text, at)) {
      result.plain = false;
    }
  }
  return result;
}

}  // namespace

bool LooksLikeOtherYamlType(std::string_view text) {
  if (IsReservedWord(text)) return true;
  const char c = text.front();
  if (!IsDigit(c) && c != '+' && c != '-' && c != '.') return false;
  return IsDecimal(text) || IsPrefixedInteger(text) || IsBase60(text) || IsTimestamp(text);
}

bool IsYamlPrintable(std::string_view text, size_t at, size_t* length) {
  const auto byte = [&](size_t i) {
    return at + i < text.size() ? static_cast<unsigned char>(text[at + i]) : 0u;
  };
  const unsigned first = byte(0);
  *length = 1;
  if (first < 0x80) return first == '\n' || (first >= 0x20 && first != 0x7F);
  *length = std::min<size_t>(text.size() - at, first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2);
  if (first < 0xC2 || first >= 0xF0) return false;  // Astral characters are escaped.
  if (first == 0xC2) return byte(1) >= 0xA0;
  if (first == 0xE2 && byte(1) == 0x80)
    return byte(2) != 0xA8 && byte(2) != 0xA9;  // Unicode's line breaks.
  if (first == 0xEF) {
    return !(byte(1) == 0xBB && byte(2) == 0xBF) &&
           !(byte(1) == 0xBF && (byte(2) == 0xBE || byte(2) == 0xBF));
  }
  return true;
}

YamlStyle ChooseYamlStyle(std::string_view text, bool is_key) {
  const Analysis analysis = Analyze(text);
  if (text.find('\n') != std::string_view::npos) {
    return analysis.literal && !is_key ? YamlStyle::kLiteral : YamlStyle::kDoubleQuoted;
  }
  if (LooksLikeOtherYamlType(text)) return YamlStyle::kDoubleQuoted;
  if (analysis.plain) return YamlStyle::kPlain;
  return analysis.single_quoted ? YamlStyle::kSingleQuoted : YamlStyle::kDoubleQuoted;
}

}  // namespace pedia::apiserver
