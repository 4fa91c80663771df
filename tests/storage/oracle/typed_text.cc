#include "tests/storage/oracle/typed_text.h"

#include <algorithm>
#include <chrono>
#include <optional>

namespace pedia::oracle {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// The length of the run of digits at the beginning.
size_t CountDigits(std::string_view text) {
  size_t n = 0;
  while (n < text.size() && IsDigit(text[n])) ++n;
  return n;
}

struct Scale {
  int decimal = 0;  // Powers of ten.
  int binary = 0;   // Powers of 1024.
};

std::optional<Scale> ScaleOfSuffix(std::string_view suffix) {
  constexpr std::string_view kBinary = "KMGTPE";
  if (suffix.empty()) return Scale{};
  if (suffix.size() == 2 && suffix[1] == 'i') {
    const size_t at = kBinary.find(suffix[0]);
    if (at == std::string_view::npos) return std::nullopt;
    return Scale{0, static_cast<int>(at) + 1};
  }
  if (suffix.size() == 1) {
    constexpr std::string_view kLetters = "num kMGTPE";  // The blank stands for 10^0.
    const size_t at = suffix[0] == ' ' ? std::string_view::npos : kLetters.find(suffix[0]);
    if (at != std::string_view::npos) return Scale{(static_cast<int>(at) - 3) * 3, 0};
    return std::nullopt;
  }
  if (suffix[0] != 'e' && suffix[0] != 'E') return std::nullopt;
  std::string_view digits = suffix.substr(1);
  const bool negative = digits[0] == '-';
  if (negative || digits[0] == '+') digits.remove_prefix(1);
  if (digits.empty() || CountDigits(digits) != digits.size()) return std::nullopt;
  digits.remove_prefix(std::min(digits.find_first_not_of('0'), digits.size()));
  if (digits.size() > 4) return std::nullopt;
  const int exponent = digits.empty() ? 0 : std::stoi(std::string(digits));
  return Scale{negative ? -exponent : exponent, 0};
}

void MultiplyBy1024(std::string* digits) {
  int carry = 0;
  for (size_t i = digits->size(); i-- > 0;) {
    carry += ((*digits)[i] - '0') * 1024;
    (*digits)[i] = static_cast<char>('0' + carry % 10);
    carry /= 10;
  }
  for (; carry > 0; carry /= 10)
    digits->insert(digits->begin(), static_cast<char>('0' + carry % 10));
}

bool ParseNumber(std::string_view text, TypedText* value) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  const size_t whole = CountDigits(text);
  std::string digits(text.substr(0, whole));
  text.remove_prefix(whole);
  int64_t fraction = 0;
  if (text.starts_with('.')) {
    fraction = static_cast<int64_t>(CountDigits(text.substr(1)));
    digits += text.substr(1, static_cast<size_t>(fraction));
    text.remove_prefix(1 + static_cast<size_t>(fraction));
  }
  if (digits.empty() || digits.size() > 64) return false;
  const std::optional<Scale> scale = ScaleOfSuffix(text);
  if (!scale) return false;
  for (int i = 0; i < scale->binary; ++i) MultiplyBy1024(&digits);
  const int64_t point = static_cast<int64_t>(digits.size()) - fraction + scale->decimal;
  const size_t zeros = std::min(digits.find_first_not_of('0'), digits.size());
  digits.erase(0, zeros);
  digits.erase(digits.find_last_not_of('0') + 1);
  value->kind = TextKind::kNumber;
  value->negative = negative && !digits.empty();
  value->exponent = digits.empty() ? 0 : point - static_cast<int64_t>(zeros);
  value->digits = std::move(digits);
  return true;
}

// Reads exactly `n` digits at `*at` that give at most `max`.
std::optional<int> ReadDigits(std::string_view text, size_t* at, size_t n, int max) {
  if (*at + n > text.size() || CountDigits(text.substr(*at, n)) != n) return std::nullopt;
  const int value = std::stoi(std::string(text.substr(*at, n)));
  *at += n;
  return value <= max ? std::optional(value) : std::nullopt;
}

bool Expect(std::string_view text, size_t* at, char c) {
  if (*at >= text.size() || text[*at] != c) return false;
  ++*at;
  return true;
}

// "Z", "+02:00", "-07:30", to the end of the text: seconds to subtract.
std::optional<int64_t> ReadOffset(std::string_view text, size_t at) {
  if (text.substr(at) == "Z") return 0;
  const bool east = Expect(text, &at, '+');
  if (!east && !Expect(text, &at, '-')) return std::nullopt;
  const auto hours = ReadDigits(text, &at, 2, 23);
  if (!hours || !Expect(text, &at, ':')) return std::nullopt;
  const auto minutes = ReadDigits(text, &at, 2, 59);
  if (!minutes || at != text.size()) return std::nullopt;
  const int64_t seconds = *hours * 3600 + *minutes * 60;
  return east ? seconds : -seconds;
}

bool ParseTime(std::string_view text, TypedText* value) {
  size_t at = 0;
  const auto year = ReadDigits(text, &at, 4, 9999);
  if (!year || !Expect(text, &at, '-')) return false;
  const auto month = ReadDigits(text, &at, 2, 12);
  if (!month || !Expect(text, &at, '-')) return false;
  const auto day = ReadDigits(text, &at, 2, 31);
  if (!day || !Expect(text, &at, 'T')) return false;
  const auto hour = ReadDigits(text, &at, 2, 23);
  if (!hour || !Expect(text, &at, ':')) return false;
  const auto minute = ReadDigits(text, &at, 2, 59);
  if (!minute || !Expect(text, &at, ':')) return false;
  const auto second = ReadDigits(text, &at, 2, 59);
  if (!second) return false;
  std::string fraction;
  if (Expect(text, &at, '.')) {
    fraction = text.substr(at, CountDigits(text.substr(at)));
    if (fraction.empty()) return false;
    at += fraction.size();
  }
  const auto offset = ReadOffset(text, at);
  const std::chrono::year_month_day date{std::chrono::year(*year),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!offset || !date.ok()) return false;
  fraction.erase(fraction.find_last_not_of('0') + 1);
  value->kind = TextKind::kTime;
  value->exponent = std::chrono::sys_days(date).time_since_epoch().count() * int64_t{86'400} +
                    *hour * 3600 + *minute * 60 + *second - *offset;
  value->digits = std::move(fraction);
  return true;
}

}  // namespace

TypedText::TypedText(std::string_view text) {
  if (!ParseNumber(text, this) && !ParseTime(text, this)) digits = text;
}

std::weak_ordering TypedText::operator<=>(const TypedText& other) const {
  if (kind != other.kind) return kind <=> other.kind;
  if (kind == TextKind::kNumber) {
    // Negative, zero, positive.
    const int sign = digits.empty() ? 0 : negative ? -1 : 1;
    const int other_sign = other.digits.empty() ? 0 : other.negative ? -1 : 1;
    if (sign != other_sign) return sign <=> other_sign;
    if (sign < 0) {
      if (exponent != other.exponent) return other.exponent <=> exponent;
      return other.digits <=> digits;
    }
  }
  if (exponent != other.exponent) return exponent <=> other.exponent;
  return digits <=> other.digits;
}

}  // namespace pedia::oracle
