#include "apiserver/collection_catalog.h"

#include <algorithm>

namespace pedia::apiserver {
namespace {

query::ResourcePattern Pattern(const char* group, const char* version, const char* resource) {
  query::ResourcePattern pattern;
  pattern.group = group;
  pattern.version = version;
  pattern.resource = resource;
  return pattern;
}

std::vector<query::ResourcePattern> Workloads() {
  return {Pattern("apps", "v1", "deployments"), Pattern("apps", "v1", "daemonsets"),
          Pattern("apps", "v1", "statefulsets")};
}

// Every group of Kubernetes itself.
std::vector<query::ResourcePattern> KubeResources() {
  std::vector<query::ResourcePattern> patterns;
  for (const char* group : {"",
                            "admission.k8s.io",
                            "admissionregistration.k8s.io",
                            "apiextensions.k8s.io",
                            "apiregistration.k8s.io",
                            "apps",
                            "authentication.k8s.io",
                            "authorization.k8s.io",
                            "autoscaling",
                            "batch",
                            "certificates.k8s.io",
                            "coordination.k8s.io",
                            "discovery.k8s.io",
                            "events.k8s.io",
                            "extensions",
                            "flowcontrol.apiserver.k8s.io",
                            "imagepolicy.k8s.io",
                            "internal.apiserver.k8s.io",
                            "networking.k8s.io",
                            "node.k8s.io",
                            "policy",
                            "rbac.authorization.k8s.io",
                            "resource.k8s.io",
                            "scheduling.k8s.io",
                            "storage.k8s.io",
                            "storagemigration.k8s.io"})
    patterns.push_back(Pattern(group, "", ""));
  return patterns;
}

}  // namespace

std::vector<query::ResourcePattern> Collection::Patterns() const {
  std::vector<query::ResourcePattern> patterns = types;
  for (query::ResourcePattern& pattern : patterns) {
    if (any_version) pattern.version.clear();
  }
  return patterns;
}

const std::vector<Collection>& BuiltInCollections() {
  static const std::vector<Collection> collections = {
      {"any", {}}, {"workloads", Workloads(), true}, {"kuberesources", KubeResources()}};
  return collections;
}

CollectionCatalog::CollectionCatalog(const std::vector<Collection>& defined)
    : collections_(BuiltInCollections()) {
  collections_.insert(collections_.end(), defined.begin(), defined.end());
}

const Collection* CollectionCatalog::Find(std::string_view name) const {
  const auto found =
      std::find_if(collections_.begin(), collections_.end(),
                   [&](const Collection& collection) { return collection.name == name; });
  return found == collections_.end() ? nullptr : &*found;
}

}  // namespace pedia::apiserver
