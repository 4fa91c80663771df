// RowFilter: the conditions of a list that its SQL does not answer, evaluated on each row.
#pragma once
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "query/field_scanner.h"
#include "query/field_selector.h"
#include "query/label_selector.h"

namespace pedia::storage {

// On the value of one label or indexed field, as the packed entries have it.
struct EntryCondition {
  int64_t key_id;
  query::SelectorOperator op;
  std::vector<std::string> values;  // As entries hold them; sorted.
  bool or_missing = false;          // A missing value counts as one of `values`.
  bool typed = false;  // `>` and `<` as field selectors compare, else as label selectors do.
};

struct RowConditions {
  std::vector<std::string> name_parts;      // The name contains all of these ...
  std::vector<std::string> not_name_parts;  // ... and none of these.
  // Cluster and uid of controllers, where a uid alone may not tell them apart.
  std::optional<std::set<std::pair<std::string, std::string>>> owners;
  std::vector<EntryCondition> entries;
  query::FieldSelector fields;  // On the object's bytes.

  bool empty() const {
    return name_parts.empty() && not_name_parts.empty() && !owners && entries.empty() &&
           fields.empty();
  }
};

// Whether a value fulfils `condition`; nothing stands for a missing one. Pure.
bool Fulfils(const EntryCondition& condition, std::optional<std::string_view> value);

// One thread.
class RowFilter {
 public:
  explicit RowFilter(RowConditions conditions);

  bool reads_owner() const { return conditions_.owners.has_value(); }
  bool reads_entries() const { return !conditions_.entries.empty(); }
  bool reads_body() const { return fields_.has_value(); }

  bool MatchesKey(std::string_view okey) const;
  bool MatchesOwner(std::string_view okey, std::string_view owner_uid) const;
  bool MatchesEntries(std::string_view packed_entries) const;
  bool MatchesBody(std::string_view json);

 private:
  RowConditions conditions_;
  std::optional<query::FieldMatcher> fields_;
};

}  // namespace pedia::storage
