// SqliteConditions: how the conditions on labels and indexed fields of one resource can be answered
// from the entries.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "meta/group_version_resource.h"
#include "meta/result.h"
#include "query/field_selector.h"
#include "query/label_selector.h"
#include "storage/row_filter.h"
#include "storage/sql_builder.h"
#include "storage/sqlite_connection.h"

namespace pedia::storage {

// One condition. Exactly one of `always`, `never`, `probe` and `row` is set.
struct ResolvedCondition {
  bool always = false;
  bool never = false;
  std::optional<EntryProbe> probe{};    // SQL looks it up for each row.
  std::optional<EntryCondition> row{};  // It is evaluated on each row.
  // The entries of exactly the objects that fulfil it; empty if they cannot be named in short.
  std::vector<EntryValues> driver{};
};

// How entries name what is at `path`: "l:app", "f:status.phase"; nothing if it is not indexed for
// this resource.
std::optional<std::string> EntryPath(const query::FieldPath& path, const GroupVersionResource& gvr);

// Whether an entry may hold a part of the value only.
bool MayBeCut(std::string_view entry_value);

// For one list, within its read transaction. One thread.
class SqliteConditions {
 public:
  SqliteConditions(SqliteConnection& connection, int64_t type_id)
      : connection_(connection), type_id_(type_id) {}

  Result<ResolvedCondition> Resolve(const query::LabelRequirement& requirement);
  // Requires: EntryPath() names the path `entry_path`.
  Result<ResolvedCondition> Resolve(const query::FieldRequirement& requirement,
                                    const std::string& entry_path);
  // The key's id; nothing if no object has or had it.
  Result<std::optional<int64_t>> FindKey(const std::string& entry_path);
  // The values of a key, sorted; nothing if there are more than `max`, or if very many were looked
  // at already.
  Result<std::optional<std::vector<std::string>>> DistinctValues(int64_t key_id, size_t max);
  // At most `max` values of a key from `from` on, itself included, upwards or downwards; nothing for
  // `from`: from the first.
  Result<std::vector<std::string>> ValuesFrom(int64_t key_id,
                                              const std::optional<std::string>& from,
                                              bool downwards, size_t max);
  // Whether some value of the key may be a number or a time, so that texts are not its only order.
  Result<bool> MayHaveNumbers(int64_t key_id);
  // The entries of objects that have the key, or of those that do not; nothing if unknown.
  Result<std::optional<EntryValues>> ObjectsByKey(int64_t key_id, bool present);

 private:
  struct KeySet {
    std::string id;
    std::vector<int64_t> keys;  // Sorted.
  };

  Result<ResolvedCondition> Resolve(const std::string& entry_path, EntryCondition condition);
  Result<std::optional<std::vector<EntryValues>>> OtherValues(const EntryCondition& condition);
  Status LoadKeySets();

  SqliteConnection& connection_;
  const int64_t type_id_;
  size_t values_left_ = 4'000;  // To be looked at by DistinctValues: no query is worth more.
  bool key_sets_loaded_ = false;
  std::optional<int64_t> key_set_key_;  // Nothing if sets cannot be used.
  std::vector<KeySet> key_sets_;
};

}  // namespace pedia::storage
