// ListQuery: what a list asks of the database about one resource, before it is SQL.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "query/list_options.h"
#include "storage/object_key.h"
#include "storage/sort_key.h"

namespace pedia::storage {

// The objects that have one of `values` under a label or indexed field.
struct EntryValues {
  int64_t key_id;
  std::vector<std::string> values;
};

// A condition that is looked up for each row.
struct EntryProbe {
  EntryValues entry;
  bool negative = false;  // None of the values.
};

// What drives the list.
struct Driver {
  enum class Kind { kObjects, kNames, kOwners, kCreated, kEntries };
  Kind kind = Kind::kObjects;
  std::vector<EntryValues> entries{};  // kEntries: any of them. No object has two of them.
  std::optional<size_t> probe{};       // kEntries: the probe that is true of all these rows anyway.
  // kEntries of one value: a probe, positive and of one value, whose entries are walked along with
  // these.
  std::optional<size_t> merged{};
};

// A list whose conditions are resolved to ids and ranges.
struct ListQuery {
  int64_t type_id = 0;
  // Of clusters and namespaces: sorted, disjoint. A whole type is one unbounded range.
  std::vector<KeyRange> ranges;
  query::NameSet clusters;  // The same once more, for lists that do not walk in the order of okeys.
  query::NameSet namespaces;
  query::AccessFilter access;
  bool by_columns = false;  // The ranges are so many that they are one, and a condition of these.
  query::NameSet names;
  std::optional<int64_t> since;
  std::optional<int64_t> before;
  std::optional<std::vector<std::string>> owners;  // Uids; one of them is the controller.
  std::vector<EntryProbe> probes;
  Driver driver;
  std::vector<Driver> later_drivers;   // Their rows come behind those of `driver`.
  bool ordered = true;                 // False: the rows may come in any order.
  std::optional<query::OrderBy> walk;  // Ordered by this column, which has an index, then by okey.
  std::optional<SortKey> after;        // Ordered: rows of `driver` behind it only ...
  bool after_inclusive = false;        // ... or at it.
  std::vector<query::OrderColumn> columns;  // Selected beside id and okey.
  int64_t fetch_limit = 0;                  // At most so many rows are of use; 0: all.
  bool with_body = false;
  bool with_entries = false;  // The packed entries, for conditions that SQL does not answer.

  // Whether the ranges are to have the objects of this cluster and namespace.
  bool HasScope(std::string_view cluster, std::string_view name_space) const {
    return clusters.Matches(cluster) && namespaces.Matches(name_space) &&
           access.Matches(cluster, name_space);
  }
};

}  // namespace pedia::storage
