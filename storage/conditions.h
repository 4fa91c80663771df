// SqlConditions: how the conditions on labels and indexed fields of one resource can be answered
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
#include "storage/dictionary.h"
#include "storage/row_filter.h"
#include "storage/sql_builder.h"
#include "storage/sql_connection.h"

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

// For one list, within its read transaction. One thread.
class SqlConditions {
 public:
  // The arguments must outlive it.
  SqlConditions(SqlConnection& connection, const DictionaryType& type)
      : connection_(connection), type_(type) {}

  Result<ResolvedCondition> Resolve(const query::LabelRequirement& requirement);
  // Requires: EntryPath() names the path `entry_path`.
  Result<ResolvedCondition> Resolve(const query::FieldRequirement& requirement,
                                    const std::string& entry_path);
  // The key's id; nothing if no object has or had it.
  std::optional<int64_t> FindKey(const std::string& entry_path) const;
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
  std::optional<EntryValues> ObjectsByKey(int64_t key_id, bool present) const;

 private:
  Result<ResolvedCondition> Resolve(const std::string& entry_path, EntryCondition condition);
  Result<std::optional<std::vector<EntryValues>>> OtherValues(const EntryCondition& condition);

  SqlConnection& connection_;
  const DictionaryType& type_;
  size_t values_left_ = 4'000;  // To be looked at by DistinctValues: no query is worth more.
};

}  // namespace pedia::storage
