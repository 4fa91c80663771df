#include "query/typed_value.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <utility>

#include "meta/time.h"

namespace pedia::query {
namespace {

constexpr size_t kMaxDigits = 64;
constexpr int kMaxExponent = 9999;
// The first bytes of the keys; ASCII throughout, so that every database column and token holds them.
constexpr char kNumberKey = '1';
constexpr char kTimeKey = '2';
constexpr char kTextKey = '3';

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// What a suffix multiplies with: 10^tens * 1024^kibis.
struct Scale {
  int tens = 0;
  int kibis = 0;
};

// The exponent behind 'e', "+12"; nothing if it is none or too large.
std::optional<int> ParseExponent(std::string_view text) {
  const bool negative = !text.empty() && text.front() == '-';
  if (!text.empty() && (text.front() == '-' || text.front() == '+')) text.remove_prefix(1);
  if (text.empty()) return {};
  int exponent = 0;
  for (const char c : text) {
    if (!IsDigit(c)) return {};
    exponent = exponent * 10 + (c - '0');
    if (exponent > kMaxExponent) return {};
  }
  return negative ? -exponent : exponent;
}

// `suffix`: what follows the digits. "E" is exa, "E3" an exponent.
std::optional<Scale> ParseSuffix(std::string_view suffix) {
  static constexpr std::array<std::pair<std::string_view, Scale>, 16> kSuffixes{{
      {"", {0, 0}},
      {"n", {-9, 0}},
      {"u", {-6, 0}},
      {"m", {-3, 0}},
      {"k", {3, 0}},
      {"M", {6, 0}},
      {"G", {9, 0}},
      {"T", {12, 0}},
      {"P", {15, 0}},
      {"E", {18, 0}},
      {"Ki", {0, 1}},
      {"Mi", {0, 2}},
      {"Gi", {0, 3}},
      {"Ti", {0, 4}},
      {"Pi", {0, 5}},
      {"Ei", {0, 6}},
  }};
  for (const auto& [text, scale] : kSuffixes) {
    if (suffix == text) return scale;
  }
  if (suffix.front() != 'e' && suffix.front() != 'E') return {};
  const std::optional<int> exponent = ParseExponent(suffix.substr(1));
  if (!exponent) return {};
  return Scale{*exponent, 0};
}

// 0.DIGITS * 10^exponent. No digits: zero. Otherwise the first and the last digit are not 0, so
// that equal numbers are equal member by member.
struct Decimal {
  bool negative = false;
  std::string digits;
  int exponent = 0;
};

// Multiplies the integer `digits` with 1024.
void TimesKibi(std::string* digits) {
  int carry = 0;
  for (size_t i = digits->size(); i-- > 0;) {
    carry += ((*digits)[i] - '0') * 1024;
    (*digits)[i] = static_cast<char>('0' + carry % 10);
    carry /= 10;
  }
  for (; carry > 0; carry /= 10)
    digits->insert(digits->begin(), static_cast<char>('0' + carry % 10));
}

void Normalize(Decimal* number) {
  std::string& digits = number->digits;
  const size_t leading = std::min(digits.find_first_not_of('0'), digits.size());
  digits.erase(0, leading);
  number->exponent -= static_cast<int>(leading);
  digits.erase(digits.find_last_not_of('0') + 1);
  if (digits.empty()) *number = {};
}

std::optional<Decimal> ParseNumber(std::string_view text) {
  Decimal number;
  number.negative = !text.empty() && text.front() == '-';
  if (!text.empty() && (text.front() == '-' || text.front() == '+')) text.remove_prefix(1);
  const auto take_digits = [&] {
    const auto end = std::find_if_not(text.begin(), text.end(), IsDigit);
    const auto count = static_cast<size_t>(end - text.begin());
    if (number.digits.size() + count > kMaxDigits) return false;
    number.digits.append(text.substr(0, count));
    text.remove_prefix(count);
    return true;
  };
  if (!take_digits()) return {};
  const size_t integer_digits = number.digits.size();
  if (!text.empty() && text.front() == '.') {
    text.remove_prefix(1);
    if (!take_digits()) return {};
  }
  if (number.digits.empty()) return {};
  const std::optional<Scale> scale = ParseSuffix(text);
  if (!scale) return {};
  const int fraction_digits = static_cast<int>(number.digits.size() - integer_digits);
  for (int i = 0; i < scale->kibis; ++i) TimesKibi(&number.digits);
  number.exponent = static_cast<int>(number.digits.size()) - fraction_digits + scale->tens;
  Normalize(&number);
  return number;
}

// '1', the sign ('0', '1' zero, '2'), the exponent in 5 digits, the digits. Of a negative number all
// digits are complemented, and '~' ends them: -1.2 is greater than -1.25.
std::string NumberKey(const Decimal& number) {
  constexpr int kBias = 20'000;  // Beyond every exponent, so that all biased ones are positive.
  std::string key(1, kNumberKey);
  if (number.digits.empty()) return key + '1';
  const std::string exponent = std::to_string(number.exponent + kBias);
  key += number.negative ? '0' : '2';
  key.append(5 - exponent.size(), '0').append(exponent).append(number.digits);
  if (!number.negative) return key;
  for (size_t i = 2; i < key.size(); ++i) key[i] = static_cast<char>('0' + '9' - key[i]);
  return key + '~';
}

// '2', the seconds in 12 digits, the digits of the fraction. Nothing if `text` is no time.
std::optional<std::string> TimeKey(std::string_view text) {
  constexpr int64_t kBias = 100'000'000'000;  // More than the years from 0 to 1970.
  constexpr size_t kFraction = std::string_view("2006-01-02T15:04:05").size();
  const std::optional<int64_t> seconds = ParseRfc3339(text);
  if (!seconds) return {};
  char biased[32];
  std::snprintf(biased, sizeof biased, "%c%012lld", kTimeKey,
                static_cast<long long>(*seconds + kBias));
  std::string key = biased;
  if (text[kFraction] != '.' && text[kFraction] != ',') return key;
  const std::string_view rest = text.substr(kFraction + 1);
  const std::string_view fraction = rest.substr(0, rest.find_first_not_of("0123456789"));
  return key.append(fraction.substr(0, fraction.find_last_not_of('0') + 1));
}

// A cheap test that most texts fail.
bool MayBeNumberOrTime(std::string_view text) {
  return !text.empty() &&
         (IsDigit(text.front()) || std::string_view("+-.").find(text.front()) != text.npos);
}

}  // namespace

ValueKind KindOfValue(std::string_view text) {
  if (!MayBeNumberOrTime(text)) return ValueKind::kText;
  if (ParseNumber(text)) return ValueKind::kNumber;
  return ParseRfc3339(text) ? ValueKind::kTime : ValueKind::kText;
}

std::optional<std::string> OrderKeyUnlessText(std::string_view text) {
  if (!MayBeNumberOrTime(text)) return {};
  if (const std::optional<Decimal> number = ParseNumber(text)) return NumberKey(*number);
  return TimeKey(text);
}

std::string OrderKey(std::string_view text) {
  if (std::optional<std::string> key = OrderKeyUnlessText(text)) return *std::move(key);
  return std::string(1, kTextKey).append(text);
}

}  // namespace pedia::query
