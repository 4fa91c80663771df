// AccessFilter: the part of a resource that its reader may see: whole clusters, namespaces in every
// cluster, namespaces of single clusters. It becomes a predicate in SQL, so that limits, counts,
// facets and continue tokens know nothing else.
#pragma once
#include <compare>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pedia::query {

struct AccessFilter {
  bool restricted = false;  // False: everything may be seen.
  // Sorted, unique. An object may be seen if it fits one of the three. All empty: nothing may.
  // Objects without a namespace fit only `clusters`.
  std::vector<std::string> clusters;
  std::vector<std::string> namespaces;
  std::vector<std::pair<std::string, std::string>> cluster_namespaces;  // {"c1", "shop"}

  static AccessFilter Nothing() { return {true, {}, {}, {}}; }
  bool IsNothing() const {
    return restricted && clusters.empty() && namespaces.empty() && cluster_namespaces.empty();
  }
  bool Matches(std::string_view cluster, std::string_view name_space) const;
  // Sorts the three, and drops from each what is there twice or what another one covers.
  void Normalize();
  auto operator<=>(const AccessFilter&) const = default;
};

// {"apps", "deployments"}
struct GroupResourceName {
  std::string group, resource;
  auto operator<=>(const GroupResourceName&) const = default;
};

// The filters of several resources, whatever their versions. Of what is not named nothing may be
// seen.
struct ResourceAccess {
  std::vector<std::pair<GroupResourceName, AccessFilter>> resources;  // Sorted by name.

  // A name that is there already gets another filter.
  void Set(GroupResourceName name, AccessFilter filter);
  const AccessFilter& Of(const GroupResourceName& name) const;
  auto operator<=>(const ResourceAccess&) const = default;
};

}  // namespace pedia::query
