#include "query/access_filter.h"

#include <algorithm>

namespace pedia::query {
namespace {

template <typename T>
void MakeUnique(std::vector<T>* values) {
  std::sort(values->begin(), values->end());
  values->erase(std::unique(values->begin(), values->end()), values->end());
}

bool Has(const std::vector<std::string>& sorted, std::string_view value) {
  return std::binary_search(sorted.begin(), sorted.end(), value);
}

template <typename Resources>
auto Find(Resources& resources, const GroupResourceName& name) {
  return std::lower_bound(
      resources.begin(), resources.end(), name,
      [](const auto& entry, const GroupResourceName& wanted) { return entry.first < wanted; });
}

}  // namespace

bool AccessFilter::Matches(std::string_view cluster, std::string_view name_space) const {
  if (!restricted || Has(clusters, cluster)) return true;
  if (name_space.empty()) return false;
  if (Has(namespaces, name_space)) return true;
  using Views = std::pair<std::string_view, std::string_view>;
  const Views wanted(cluster, name_space);
  const auto found = std::lower_bound(
      cluster_namespaces.begin(), cluster_namespaces.end(), wanted,
      [](const auto& pair, const Views& views) { return Views(pair.first, pair.second) < views; });
  return found != cluster_namespaces.end() && Views(found->first, found->second) == wanted;
}

void AccessFilter::Normalize() {
  MakeUnique(&clusters);
  MakeUnique(&namespaces);
  std::erase(namespaces, "");
  MakeUnique(&cluster_namespaces);
  std::erase_if(cluster_namespaces, [&](const auto& pair) {
    return pair.second.empty() || Has(clusters, pair.first) || Has(namespaces, pair.second);
  });
}

void ResourceAccess::Set(GroupResourceName name, AccessFilter filter) {
  const auto place = Find(resources, name);
  if (place != resources.end() && place->first == name) {
    place->second = std::move(filter);
  } else {
    resources.emplace(place, std::move(name), std::move(filter));
  }
}

const AccessFilter& ResourceAccess::Of(const GroupResourceName& name) const {
  static const AccessFilter nothing = AccessFilter::Nothing();
  const auto found = Find(resources, name);
  return found != resources.end() && found->first == name ? found->second : nothing;
}

}  // namespace pedia::query
