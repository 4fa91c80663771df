#include "tests/storage/oracle/access.h"

#include <algorithm>

namespace pedia::oracle {
bool Has(const std::vector<std::string>& values, std::string_view value) {
  return std::find(values.begin(), values.end(), value) != values.end();
}

bool Allows(const query::NameSet& set, std::string_view value) {
  return (!set.restricted || Has(set.in, value)) && !Has(set.not_in, value);
}

bool Shows(const query::AccessFilter& access, const std::string& cluster,
           const std::string& name_space) {
  if (!access.restricted || Has(access.clusters, cluster)) return true;
  if (name_space.empty()) return false;
  if (Has(access.namespaces, name_space)) return true;
  for (const auto& pair : access.cluster_namespaces) {
    if (pair.first == cluster && pair.second == name_space) return true;
  }
  return false;
}

query::AccessFilter AccessOf(const query::ListOptions& options, const std::string& group,
                             const std::string& resource) {
  if (!options.access) return {};
  for (const auto& [name, access] : options.access->resources) {
    if (name.group == group && name.resource == resource) return access;
  }
  return {true, {}, {}, {}};
}

}  // namespace pedia::oracle
