// SqlEvents: the core/v1 Events about an object, from the same store.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "meta/result.h"
#include "storage/dictionary.h"
#include "storage/sql_connection.h"

namespace pedia::storage {

// For one list or get, within its read transaction. One thread.
class SqlEvents {
 public:
  SqlEvents(SqlConnection& connection, const Dictionary& dictionary);

  // The JSON of the events whose involvedObject has the uid of object `id`, in the same cluster, the
  // newest last; at most 500, the newest.
  Result<std::vector<std::string>> Of(int64_t id);

 private:
  SqlConnection& connection_;
  std::optional<int64_t> uid_key_;  // Nothing if there are no events at all.
};

}  // namespace pedia::storage
