// Reads what to count by: "cluster,status.phase,metadata.labels['app']".
#pragma once
#include <string_view>
#include <vector>

#include "meta/result.h"
#include "query/list_options.h"

namespace pedia::query {

// `where` is the parameter; errors begin with it. Keys are columns (see Facet) or field paths, also
// those of lists, separated by commas; what is named again does not count again. Errors: BadRequest
// quoting the key at fault, and for more than 16 keys. Pure.
Result<std::vector<Facet>> ParseFacets(std::string_view where, std::string_view text);

}  // namespace pedia::query
