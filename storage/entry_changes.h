// EntryChanges: what one transaction does to the table `entries`, gathered and then written in key
// order.
#pragma once
#include <cstdint>
#include <map>
#include <string_view>
#include <vector>

#include "storage/packed_entries.h"
#include "storage/sql_connection.h"

namespace pedia::storage {

// One thread.
class EntryChanges {
 public:
  // Gathers what leads from the entries in `stored` (packed) to `wanted`, of the object `id`. The
  // bytes of `stored`, the values of `wanted` and `okey` must live until Write.
  void Compare(std::string_view stored, const std::vector<KeyedValue>& wanted,
               std::string_view okey, int64_t id);
  // Writes all of it: sorted, so that one page of the table takes many rows before the next is
  // touched. Forgets it, also if it fails.
  Status Write(SqlConnection& connection);

 private:
  struct Change {
    std::string_view value;
    std::string_view okey;
    int64_t id;
  };
  using ChangesOfKeys = std::map<int64_t, std::vector<Change>>;  // By key_id.

  static void Sort(ChangesOfKeys& changes);
  static std::vector<SqlParameter> RowsOf(const ChangesOfKeys& changes, bool with_id);

  ChangesOfKeys removed_;
  ChangesOfKeys added_;
};

}  // namespace pedia::storage
