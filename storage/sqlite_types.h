// SqliteTypes: the ids of resources, of their keys (labels and indexed fields) and of their key
// sets (which keys an object has), each made when it is first stored. Remembers what it has seen.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "meta/group_version_resource.h"
#include "meta/result.h"
#include "storage/object_row.h"
#include "storage/packed_entries.h"
#include "storage/sqlite_connection.h"

namespace pedia::storage {

// The path, in `keys`, of the entry that every object has: the decimal id of its key set. Labels
// and fields have paths of two letters or more.
inline constexpr char kKeySetPath[] = "s";

// One thread. All functions but Forget need a transaction that writes.
class SqliteTypes {
 public:
  struct Type {
    int64_t id = 0;
    std::unordered_map<std::string, int64_t> keys;      // Path to key_id.
    std::unordered_map<std::string, std::string> sets;  // Packed key_ids to decimal set_id.
    int64_t key_of_sets = 0;                            // key_id of kKeySetPath; 0: not known yet.
  };

  explicit SqliteTypes(SqliteConnection& connection) : connection_(connection) {}

  // To be called when a transaction begins: what was remembered is forgotten if ids may have become
  // invalid since, by the pruning (number `pruned`) of another process, or if it is too much.
  void Begin(int64_t pruned);
  // To be called when a transaction failed: ids that it made are gone with it.
  void Forget();

  // nullptr if nothing of `gvr` was ever stored. Pointers are valid until Begin or Forget.
  Result<Type*> Find(const GroupVersionResource& gvr);
  Result<Type*> FindOrMake(const GroupVersionResource& gvr, std::string_view kind);

  // `entries` and the entry of their key set, with ids, ascending. The values are those of
  // `entries`, and that of the key set lives until Begin or Forget.
  Result<std::vector<KeyedValue>> Pack(Type& type, const std::vector<Entry>& entries);
  // The same for entries that have ids already, without an entry of a key set.
  Status AddKeySet(Type& type, std::vector<KeyedValue>* entries);
  // The key of the entry that AddKeySet adds.
  Result<int64_t> KeyOfSets(Type& type);

  // Removes keys and key sets that no object has any more, if enough of them may have gathered: a
  // label key that names a version or a pod would leave rows behind for ever. The last act of a
  // transaction.
  Status PruneIfDue();

 private:
  static constexpr int64_t kMadeBeforePruning = 10'000;

  Result<int64_t> FindOrMakeKey(Type& type, const std::string& path);
  Result<std::string_view> FindOrMakeSet(Type& type, const std::string& packed_keys);

  SqliteConnection& connection_;
  std::unordered_map<GroupVersionResource, Type> types_;
  size_t remembered_ = 0;  // Keys and sets.
  int64_t pruned_ = 0;     // The pruning that the ids are valid since.
  // Keys and sets. The first transaction prunes what earlier processes left.
  int64_t made_since_pruning_ = kMadeBeforePruning;
  int64_t made_before_pruning_ = kMadeBeforePruning;
};

// Removes keys and key sets that no object has; returns how many. In a transaction that writes.
Result<int64_t> PruneKeys(SqliteConnection& connection);

}  // namespace pedia::storage
