// ScopeChanges: by how much one transaction changes the numbers of objects in the table `scopes`:
// per type, cluster and namespace.
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <tuple>

#include "storage/sql_connection.h"

namespace pedia::storage {

// One thread.
class ScopeChanges {
 public:
  // Of an object that was added (1) or deleted (-1); its cluster and namespace are read from `okey`.
  void Count(int64_t type_id, std::string_view okey, int64_t objects);
  // Adds all of it to what the table says; rows that come to nothing are removed.
  Status Write(SqlConnection& connection);

 private:
  using Scope = std::tuple<int64_t, std::string, std::string>;  // Type, cluster, namespace.

  // What the table says of the scopes that change; those it does not have are missing.
  Result<std::map<Scope, int64_t>> Read(SqlConnection& connection) const;

  std::map<Scope, int64_t> changes_;
  std::map<Scope, int64_t>::iterator last_ =
      changes_.end();  // Neighbours come one after the other.
};

}  // namespace pedia::storage
