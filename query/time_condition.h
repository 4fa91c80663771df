// Reads the times of the search conditions `since` and `before`.
// Source: Clusterpedia: RFC 3339, "2006-01-02 15:04:05" and "2006-01-02" (both UTC), Unix seconds
// or milliseconds.
#pragma once
#include <cstdint>
#include <string_view>

#include "meta/result.h"

namespace pedia::query {

// Unix seconds, rounded up: creation times are whole seconds, so `created >= since` and `created <
// before` keep their meaning. Errors: BadRequest "<where>: ..." quoting `text`. Pure.
Result<int64_t> ParseTimeCondition(std::string_view where, std::string_view text);

}  // namespace pedia::query
