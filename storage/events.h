// SqlEvents: the core/v1 Events about objects, from the same store.
#pragma once
#include <compare>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "meta/result.h"
#include "query/access_filter.h"
#include "storage/dictionary.h"
#include "storage/rows.h"
#include "storage/sql_connection.h"

namespace pedia::storage {

// For one list or get, within its read transaction. One thread.
class SqlEvents {
 public:
  // `access`: which events may be seen; it must outlive this.
  SqlEvents(SqlConnection& connection, const Dictionary& dictionary,
            const query::AccessFilter& access);

  // Finds in one go what Of() will be asked for next, best in this order. At most some hundred `ids`.
  Status ReadAhead(std::span<const int64_t> ids);
  // The JSON of the events whose involvedObject has the uid of object `id`, in the same cluster, the
  // newest last; at most 500, the newest.
  Result<std::vector<std::string>> Of(int64_t id);

 private:
  struct Event {
    int64_t created;
    std::string okey;
    int64_t id;
    auto operator<=>(const Event&) const = default;
  };
  struct Involved {
    int64_t id;
    std::string uid;  // As it is indexed.
    std::string cluster;
    std::vector<Event> events;
  };
  Result<std::vector<Involved>> ReadInvolved(std::span<const int64_t> ids);
  Status FindEvents(std::vector<Involved>* objects);

  SqlConnection& connection_;
  const query::AccessFilter& access_;
  std::optional<int64_t> uid_key_;  // Nothing if there are no events at all.
  std::vector<int64_t> events_;     // Ids of those that were found, object by object.
  std::unordered_map<int64_t, std::pair<size_t, size_t>> found_;  // Where those of an object are.
  size_t ready_ = 0;                                              // `bodies_` has read up to here.
  SqlBodies bodies_;
};

}  // namespace pedia::storage
