// Reads an order: "namespace,status.startTime desc" in the URL, "namespace", "status.startTime_desc"
// as label values.
// Source: Clusterpedia's `orderby`.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "meta/result.h"
#include "query/list_options.h"

namespace pedia::query {

// `where` is the parameter or label that `text` came from; errors begin with it. Keys are columns
// or field paths to one value, separated by commas, each with "asc" or "desc" (any case) after
// blanks; quoted names in a path may hold commas and blanks. What is named again does not count
// again. Errors: BadRequest quoting the key at fault, and for more than 16 keys; columns come from a
// fixed list, so no text of a client reaches SQL. Pure.
Result<std::vector<OrderBy>> ParseOrderBy(std::string_view where, std::string_view text);

// The same for label values in their order, which end in "_desc" for descending.
Result<std::vector<OrderBy>> ParseOrderByLabel(std::string_view where,
                                               const std::vector<std::string>& values);

}  // namespace pedia::query
