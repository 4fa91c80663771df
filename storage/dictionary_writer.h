// DictionaryWriter: gives ids to resources, their keys (labels and indexed fields) and their key
// sets (which keys an object has) when they are first stored, and removes those that no object has
// any more. Remembers what it has seen.
#pragma once
#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "meta/group_version_resource.h"
#include "meta/result.h"
#include "storage/object_row.h"
#include "storage/packed_entries.h"
#include "storage/sql_connection.h"
#include "storage/store_state.h"

namespace pedia::storage {

// One thread. All functions but Begin and Forget need a transaction that writes.
class DictionaryWriter {
 public:
  struct Type {
    int64_t id = 0;
    std::unordered_map<std::string, int64_t> keys;      // Path to key_id.
    std::unordered_map<std::string, std::string> sets;  // Packed key_ids to decimal set_id.
  };
  // The entries of one object on their way to ids.
  struct Packing {
    Type* type;
    const std::vector<Entry>* entries;  // nullptr: `keyed` has those with ids already.
    // Ascending, the entry of the key set among them. The values are those of `entries`, and that
    // of the key set lives until Begin or Forget.
    std::vector<KeyedValue> keyed{};
  };

  // To be called when a transaction begins. Ids are taken from `state`, and changes counted in it,
  // until the transaction ends. What was remembered is forgotten if ids may have become invalid
  // since, or if it is too much.
  void Begin(SqlConnection& connection, StoreState& state);
  // To be called when a transaction failed: ids that it made are gone with it.
  void Forget();

  // nullptr if nothing of `gvr` was ever stored. Pointers are valid until Begin or Forget.
  Result<Type*> Find(const GroupVersionResource& gvr);
  Result<Type*> FindOrMake(const GroupVersionResource& gvr, std::string_view kind);
  // Gives each its entries with ids.
  Status Pack(std::span<Packing> objects);
  // The key of the entry that says an object's key set.
  Result<int64_t> KeyOfSets(Type& type);

  // Removes keys and key sets that no object has any more, if enough of them may have gathered: a
  // label key that names a version or a pod would leave rows behind for ever. The last act of a
  // transaction.
  Status PruneIfDue();

 private:
  static constexpr int64_t kMadeBeforePruning = 10'000;
  using Texts = std::set<std::string, std::less<>>;
  using Missing = std::map<Type*, Texts>;

  static Missing MissingKeys(std::span<const Packing> objects);
  Status ResolveKeys(const Missing& missing);
  Status ResolveSets(const Missing& missing);
  // Calls `found(id, text)` for those of `texts` that `sql` finds: "SELECT id,text FROM .. WHERE
  // type_id=? AND text IN (". `kind`: of the texts.
  template <typename Found>
  Status Look(std::string_view sql, ColumnType kind, int64_t type_id, const Texts& texts,
              Found found);
  int64_t NextId();
  // What was remembered in a transaction that counts as changed is right for the next ones too.
  void CountChange();

  SqlConnection* connection_ = nullptr;
  StoreState* state_ = nullptr;
  bool counted_ = false;  // The change of this transaction.
  std::unordered_map<GroupVersionResource, Type> types_;
  size_t remembered_ = 0;  // Keys and sets.
  int64_t pruned_ = -1;    // The StoreState::pruned that the ids are valid at.
  // Keys and sets. The first transaction prunes what earlier processes left.
  int64_t made_since_pruning_ = kMadeBeforePruning;
  int64_t made_before_pruning_ = kMadeBeforePruning;
};

// Removes keys and key sets that no object has, and counts it in `state`; returns how many. In a
// transaction that writes.
Result<int64_t> PruneKeys(SqlConnection& connection, StoreState& state);

}  // namespace pedia::storage
