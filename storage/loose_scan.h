// Finds the different values of an index's column by jumping from one to the next: the cost is that
// of their number, not of the rows.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "meta/result.h"
#include "storage/sql_connection.h"

namespace pedia::storage {

// `column` of the rows of `table` where `fixed` is `id`; an index begins with both. Constants, no
// client's words.
struct LooseScan {
  std::string_view table;
  std::string_view column;
  std::string_view fixed;
};

// At most `max` values from `from` on, itself included, upwards or downwards; nothing for `from`:
// from the first.
Result<std::vector<std::string>> ReadValues(SqlConnection& connection, const LooseScan& scan,
                                            int64_t id, const std::optional<std::string>& from,
                                            bool downwards, size_t max);

}  // namespace pedia::storage
