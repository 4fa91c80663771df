// Finds the controllers that an owner search leads to.
#pragma once
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "meta/result.h"
#include "query/list_options.h"
#include "storage/dictionary.h"
#include "storage/sql_connection.h"

namespace pedia::storage {

// The objects wanted are those with one of these controllers.
struct Owners {
  std::vector<std::string> uids;  // Sorted, unique.
  // Which uid in which cluster; empty if a uid counts in every cluster.
  std::set<std::pair<std::string, std::string>> in_clusters;
};

// Follows the owner of `options` down through the generations, each object once, so that cycles
// end; what is far too many ends with BadRequest. The owner, if it is named by name, and every object
// on the way must be one that the reader may see; a uid alone need not be that of any object.
// Within the read transaction of `connection`. Requires: options.owner.
Result<Owners> FindOwners(SqlConnection& connection, const Dictionary& dictionary,
                          const query::ListScope& scope, const query::ListOptions& options);

}  // namespace pedia::storage
