// GroupVersionResource: which kind of object a URL, a watch or a table row is about, e.g. {"apps",
// "v1", "deployments"}. Source: k8s.io/apimachinery/pkg/runtime/schema.
#pragma once
#include <compare>
#include <functional>
#include <string>
#include <string_view>

namespace pedia {

struct GroupVersionResource {
  std::string group;     // "" for the core group.
  std::string version;   // "v1"
  std::string resource;  // Plural, lower case: "pods".

  auto operator<=>(const GroupVersionResource&) const = default;
  bool operator==(const GroupVersionResource&) const = default;

  std::string GroupVersion() const { return group.empty() ? version : group + "/" + version; }
  std::string GroupResource() const { return group.empty() ? resource : resource + "." + group; }
  std::string ToString() const { return GroupVersion() + "/" + resource; }  // "apps/v1/deployments"
  // The URL path of the collection over all namespaces: "/api/v1/pods",
  // "/apis/apps/v1/deployments".
  std::string Path() const {
    return (group.empty() ? "/api/" : "/apis/") + GroupVersion() + "/" + resource;
  }
};

// Orders versions as Kubernetes does: v2 > v1 > v1beta2 > v1beta1 > v1alpha1 > anything else, by
// name. True if `a` is preferred to `b`. Source: k8s.io/apimachinery/pkg/version
// CompareKubeAwareVersionStrings.
bool IsPreferredVersion(std::string_view a, std::string_view b);

}  // namespace pedia

template <>
struct std::hash<pedia::GroupVersionResource> {
  size_t operator()(const pedia::GroupVersionResource& gvr) const noexcept {
    const std::hash<std::string> text;
    return text(gvr.group) * 31 * 31 + text(gvr.version) * 31 + text(gvr.resource);
  }
};
