#include "query/option_value.h"

#include <optional>
#include <string>

#include "query/strconv.h"

namespace pedia::query {

Result<int64_t> ParseCount(std::string_view where, std::string_view text) {
  if (text.empty()) return int64_t{0};
  const std::optional<int64_t> value = ParseInt64(text);
  if (!value)
    return BadRequest(std::string(where) + ": " + QuoteShort(text) + " is not a 64-bit integer");
  if (*value < 0) return BadRequest(std::string(where) + ": " + QuoteShort(text) + " is negative");
  return *value;
}

Result<bool> ParseSwitch(std::string_view where, std::string_view text) {
  const std::string lower = ToLower(text);
  if (lower.empty() || lower == "true" || lower == "1") return true;
  if (lower == "false" || lower == "0") return false;
  return BadRequest(std::string(where) + ": " + QuoteShort(text) + " is neither true nor false");
}

}  // namespace pedia::query
