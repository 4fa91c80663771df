// Single values of search conditions, in the URL or in a label: counts and switches.
#pragma once
#include <cstdint>
#include <string_view>

#include "meta/result.h"

namespace pedia::query {

// "500"; "" gives 0. Errors: BadRequest "<where>: ..." quoting `text` if it is negative or no 64-bit
// integer. Pure.
Result<int64_t> ParseCount(std::string_view where, std::string_view text);

// "true", "1", and "" (written without a value, a switch is on), or "false", "0"; in any case.
// Errors: BadRequest "<where>: ..." quoting `text`. Pure.
Result<bool> ParseSwitch(std::string_view where, std::string_view text);

}  // namespace pedia::query
