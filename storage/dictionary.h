// Dictionary: the ids of resources, of their keys (labels and indexed fields) and of their key sets
// (which keys an object has), as one transaction saw them; and the cache that the readers share.
#pragma once
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "meta/group_version_resource.h"
#include "meta/result.h"
#include "storage/sql_connection.h"
#include "storage/store_state.h"

namespace pedia::storage {

// The path, in `entry_keys`, of the entry that every object has: the decimal id of its key set.
// Labels and fields have paths of two letters or more.
inline constexpr char kKeySetPath[] = "s";

struct KeySet {
  std::string id;             // Decimal: the value of the entry under kKeySetPath.
  std::vector<int64_t> keys;  // Sorted.
};

// Immutable once it is shared.
struct DictionaryType {
  int64_t id = 0;
  GroupVersionResource gvr;
  std::string kind;
  std::unordered_map<std::string, int64_t> keys;  // Path to key_id: "l:app", "f:status.phase", "s".
  std::vector<KeySet> sets;
};

struct Dictionary {
  std::vector<std::shared_ptr<const DictionaryType>> types;  // By id.
  const DictionaryType* Find(const GroupVersionResource& gvr) const;
};

// What was known when the store was last looked at.
struct KnownDictionary {
  std::shared_ptr<const Dictionary> dictionary;  // nullptr: nothing yet.
  int64_t version = -1;                          // StoreState::dictionary
  int64_t pruned = -1;
  int64_t next_id = 0;  // StoreState::next_dictionary: ids below are known.
  int64_t objects = 0;  // StoreState::next_object

  // Whether it is all that a transaction with this state needs.
  bool Covers(const StoreState& state) const {
    return dictionary != nullptr && state.pruned == pruned && state.dictionary <= version;
  }
};

// Thread-safe.
class DictionaryCache {
 public:
  KnownDictionary Known();
  // The dictionary of the transaction of `connection`, whose state is `state`; read from the
  // database only if that has changed, and then only what is new. A replica that lags behind gets a
  // newer one: what that knows beyond it, no object of the replica has.
  Result<std::shared_ptr<const Dictionary>> Get(SqlConnection& connection, const StoreState& state);

 private:
  std::mutex mutex_;
  KnownDictionary known_;
};

}  // namespace pedia::storage
