// EntryChanges: what one transaction does to the table `entries`, gathered and then written in key
// order.
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "storage/packed_entries.h"
#include "storage/sqlite_connection.h"

namespace pedia::storage {

// One thread.
class EntryChanges {
 public:
  // Gathers what leads from the entries in `stored` (packed) to `wanted`, of the object `id`. The
  // values of `wanted` and `okey` must live until Write.
  void Compare(std::string_view stored, const std::vector<KeyedValue>& wanted,
               std::string_view okey, int64_t id);
  // Writes all of it: sorted, so that one page of the table takes many rows before the next is
  // touched.
  Status Write(SqliteConnection& connection);

 private:
  struct Change {
    std::string_view value;
    std::string_view okey;
    int64_t id;
  };
  std::map<int64_t, std::vector<Change>> removed_;  // By key_id.
  std::map<int64_t, std::vector<Change>> added_;
  std::vector<std::unique_ptr<std::string>> removed_values_;  // What `removed_` points to.
};

}  // namespace pedia::storage
