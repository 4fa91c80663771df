#include "synchro/negotiation.h"

#include <algorithm>
#include <cctype>
#include <map>
#include <utility>

#include "convert/version_families.h"
#include "discovery/built_in_groups.h"

namespace pedia::synchro {
namespace {

using discovery::ApiResource;

constexpr size_t kDefaultVersions = 3;

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
  if (!convert::FamilyOf(resource.gvr).empty()) return true;
  if (rule.versions.empty()) return rank < kDefaultVersions;
  return Has(rule.versions, "*") || Has(rule.versions, resource.gvr.version);
}

}  // namespace

bool IsSkipped(const std::vector<std::string>& skip, const ApiResource& resource) {
  return std::any_of(skip.begin(), skip.end(), [&](const std::string& entry) {
    const std::string lower = ToLower(entry);
    const size_t dot = lower.find('.');
    if (dot == std::string::npos)
      return discovery::IsBuiltInGroup(resource.gvr.group) && IsNamed(resource, lower);
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
        (spec.sync_all_custom_resources && !discovery::IsBuiltInGroup(resource.gvr.group)) ||
        std::any_of(spec.sync_resources.begin(), spec.sync_resources.end(),
                    [&](const SyncRule& rule) {
                      return SelectsName(rule, resource) && SelectsVersion(rule, resource, rank);
                    });
    if (wanted) selected.push_back(resource);
  }
  return selected;
}

std::map<GroupVersionResource, ApiResource> ChooseSources(
    const std::vector<ApiResource>& resources) {
  std::map<GroupVersionResource, ApiResource> sources;
  for (const ApiResource& resource : resources) {
    const auto [found, added] = sources.try_emplace(convert::StoredVersion(resource.gvr), resource);
    if (added) continue;
    const auto family = convert::FamilyOf(resource.gvr);
    const auto rank = [&](const ApiResource& member) {
      return std::find(family.begin(), family.end(), member.gvr);
    };
    if (rank(resource) < rank(found->second)) found->second = resource;
  }
  return sources;
}

}  // namespace pedia::synchro
