#include "query/time_condition.h"

#include <optional>
#include <string>

#include "meta/time.h"
#include "query/comma_list.h"
#include "query/strconv.h"

namespace pedia::query {
namespace {

constexpr size_t kSecondsDigits = 10;
constexpr size_t kMillisecondsDigits = 13;
constexpr size_t kDateLength = 10;

// Whether the seconds of an RFC 3339 text have a fraction other than zero, which ParseRfc3339 cuts.
bool HasFraction(std::string_view text) {
  const size_t point = text.find_first_of(".,");
  if (point == std::string_view::npos) return false;
  const std::string_view digits = text.substr(point + 1);
  return digits.substr(0, digits.find_first_not_of("0123456789")).find_first_not_of('0') !=
         std::string_view::npos;
}

std::optional<int64_t> ParseText(const std::string& rfc3339) {
  const std::optional<int64_t> seconds = ParseRfc3339(rfc3339);
  if (!seconds) return std::nullopt;
  return *seconds + (HasFraction(rfc3339) ? 1 : 0);
}

std::optional<int64_t> ParseUnix(std::string_view digits) {
  if (digits.size() != kSecondsDigits && digits.size() != kMillisecondsDigits) return std::nullopt;
  if (digits.find_first_not_of("0123456789") != std::string_view::npos) return std::nullopt;
  const std::optional<int64_t> value = ParseInt64(digits);
  if (!value || digits.size() == kSecondsDigits) return value;
  return (*value + 999) / 1000;
}

std::optional<int64_t> Parse(std::string_view text) {
  if (text.find('T') != std::string_view::npos) return ParseText(std::string(text));
  if (const size_t blank = text.find(' '); blank != std::string_view::npos) {
    return ParseText(std::string(text.substr(0, blank)) + "T" +
                     std::string(text.substr(blank + 1)) + "Z");
  }
  if (text.find('-') == std::string_view::npos) return ParseUnix(text);
  if (text.size() != kDateLength) return std::nullopt;
  return ParseText(std::string(text) + "T00:00:00Z");
}

}  // namespace

Result<int64_t> ParseTimeCondition(std::string_view where, std::string_view text) {
  if (const std::optional<int64_t> seconds = Parse(TrimBlanks(text))) return *seconds;
  return BadRequest(std::string(where) + ": " + QuoteShort(text) +
                    " is not a time; expected RFC 3339 (2006-01-02T15:04:05Z), 2006-01-02 "
                    "15:04:05, 2006-01-02, or a Unix "
                    "timestamp of 10 digits (seconds) or 13 digits (milliseconds)");
}

}  // namespace pedia::query
