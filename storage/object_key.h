// okey: where an object stands in the default order, as one text: "cluster!namespace!name".
// '!' is below every byte that a cluster or namespace may contain, so byte order is the order of
// the three parts, and a cluster or a namespace in a cluster is a range.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "query/list_options.h"

namespace pedia::storage {

// Whether `part` may be a cluster or namespace of a key: no byte up to and including '!'. "" is
// fine.
bool IsKeyPart(std::string_view part);

std::string ObjectKey(std::string_view cluster, std::string_view name_space, std::string_view name);

// A part of the default order: okeys above `low` and below `high`, or exactly `low`. Texts; a value
// type.
struct KeyRange {
  std::string low;     // Exclusive; "" is before every object.
  std::string high;    // Exclusive; "" is unbounded.
  bool exact = false;  // The one object `low`; `high` has no meaning.

  bool IsWhole() const { return !exact && low.empty() && high.empty(); }

  static KeyRange Cluster(std::string_view cluster);
  static KeyRange Namespace(std::string_view cluster, std::string_view name_space);
  bool operator==(const KeyRange&) const = default;
};

// `set` and, unless it is empty, `exact`. In the result `not_in` is empty if it is restricted.
query::NameSet Narrow(const query::NameSet& set, std::string_view exact);

// The ranges of clusters x namespaces in key order. Requires: both restricted, or clusters
// restricted and all namespaces wanted. Values that no key can contain are left out.
std::vector<KeyRange> RangesOf(const query::NameSet& clusters, const query::NameSet& namespaces);

// The parts of `ranges` (sorted, disjoint) above `okey`; with `inclusive` also that key itself.
std::vector<KeyRange> RangesAfter(std::vector<KeyRange> ranges, std::string_view okey,
                                  bool inclusive);

// The parts of a key; empty for what is none.
struct KeyParts {
  std::string_view cluster;
  std::string_view name_space;
  std::string_view name;
};
KeyParts SplitKey(std::string_view okey);

}  // namespace pedia::storage
