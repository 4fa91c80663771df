#include "synchro/negotiation.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <map>
#include <utility>

namespace pedia::synchro {
namespace {

using discovery::ApiResource;

constexpr size_t kDefaultVersions = 3;

// Sorted.
constexpr std::array<std::string_view, 29> kBuiltInGroups = {
    "",
    "admissionregistration.k8s.io",
    "apiextensions.k8s.io",
    "apiregistration.k8s.io",
    "apps",
    "auditregistration.k8s.io",
    "authentication.k8s.io",
    "authorization.k8s.io",
    "autoscaling",
    "batch",
    "certificates.k8s.io",
    "coordination.k8s.io",
    "custom.metrics.k8s.io",
    "discovery.k8s.io",
    "events.k8s.io",
    "extensions",
    "external.metrics.k8s.io",
    "flowcontrol.apiserver.k8s.io",
    "imagepolicy.k8s.io",
    "internal.apiserver.k8s.io",
    "metrics.k8s.io",
    "networking.k8s.io",
    "node.k8s.io",
    "policy",
    "rbac.authorization.k8s.io",
    "resource.k8s.io",
    "scheduling.k8s.io",
    "storage.k8s.io",
    "storagemigration.k8s.io",
};

std::string ToLower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return lower;
}

bool Has(const std::vector<std::string>& list, std::string_view text) {
  return std::find(list.begin(), list.end(), text) != list.end();
}

bool IsNamed(const ApiResource& resource, std::string_view lower_name) {
  if (lower_name == resource.gvr.resource) return true;
  return lower_name ==
         (resource.singular_name.empty() ? ToLower(resource.kind) : resource.singular_name);
}

bool SelectsName(const SyncRule& rule, const ApiResource& resource) {
  if (rule.group != "*" && rule.group != resource.gvr.group) return false;
  return std::any_of(rule.resources.begin(), rule.resources.end(), [&](const std::string& name) {
    return name == "*" || IsNamed(resource, ToLower(name));
  });
}

// `rank`: how many versions of this resource are preferred to this one.
bool SelectsVersion(const SyncRule& rule, const ApiResource& resource, size_t rank) {
  if (rule.versions.empty()) return rank < kDefaultVersions;
  return Has(rule.versions, "*") || Has(rule.versions, resource.gvr.version);
}

}  // namespace

bool IsBuiltInGroup(std::string_view group) {
  return std::binary_search(kBuiltInGroups.begin(), kBuiltInGroups.end(), group);
}

bool IsSkipped(const std::vector<std::string>& skip, const ApiResource& resource) {
  return std::any_of(skip.begin(), skip.end(), [&](const std::string& entry) {
    const std::string lower = ToLower(entry);
    const size_t dot = lower.find('.');
    if (dot == std::string::npos)
      return IsBuiltInGroup(resource.gvr.group) && IsNamed(resource, lower);
    return resource.gvr.group == std::string_view(lower).substr(dot + 1) &&
           IsNamed(resource, std::string_view(lower).substr(0, dot));
  });
}

std::vector<ApiResource> NegotiateResources(const ClusterSpec& spec,
                                            const discovery::ClusterCatalog& served) {
  std::vector<ApiResource> selected;
  std::map<std::pair<std::string_view, std::string_view>, size_t>
      ranks;  // Of {group, resource}: versions seen so far.
  for (const ApiResource& resource : served.resources) {
    if (!Has(resource.verbs, "list") || !Has(resource.verbs, "watch")) continue;
    const size_t rank = ranks[{resource.gvr.group, resource.gvr.resource}]++;
    if (IsSkipped(spec.skip, resource)) continue;
    const bool wanted =
        (spec.sync_all_custom_resources && !IsBuiltInGroup(resource.gvr.group)) ||
        std::any_of(spec.sync_resources.begin(), spec.sync_resources.end(),
                    [&](const SyncRule& rule) {
                      return SelectsName(rule, resource) && SelectsVersion(rule, resource, rank);
                    });
    if (wanted) selected.push_back(resource);
  }
  return selected;
}

}  // namespace pedia::synchro
