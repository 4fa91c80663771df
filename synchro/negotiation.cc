#include "synchro/negotiation.h"

#include <algorithm>
#include <cctype>
#include <optional>
#include <utility>

#include "convert/version_families.h"
#include "discovery/built_in_groups.h"

namespace pedia::synchro {
namespace {

using discovery::ApiResource;
using discovery::ClusterCatalog;

constexpr size_t kDefaultVersions = 3;
const GroupVersionResource kEvents{"", "v1", "events"};

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

// "leases.coordination.k8s.io", or without a group.
bool IsNamedInFull(const ApiResource& resource, std::string_view name) {
  const std::string lower = ToLower(name);
  const size_t dot = lower.find('.');
  if (dot == std::string::npos) return IsNamed(resource, lower);
  return resource.gvr.group == std::string_view(lower).substr(dot + 1) &&
         IsNamed(resource, std::string_view(lower).substr(0, dot));
}

bool SelectsName(const SyncRule& rule, const ApiResource& resource) {
  if (rule.group != "*" && rule.group != resource.gvr.group) return false;
  const auto named = [&](const std::string& name) { return IsNamed(resource, ToLower(name)); };
  if (std::any_of(rule.resources.begin(), rule.resources.end(), named)) return true;
  return Has(rule.resources, "*") &&
         std::none_of(rule.exclude_resources.begin(), rule.exclude_resources.end(),
                      [&](const std::string& name) { return IsNamedInFull(resource, name); });
}

// `rank`: how many versions of this resource are preferred to this one.
bool SelectsVersion(const SyncRule& rule, const ApiResource& resource, size_t rank) {
  if (!convert::FamilyOf(resource.gvr).empty()) return true;
  if (rule.versions.empty()) return rank < kDefaultVersions;
  return Has(rule.versions, "*") || Has(rule.versions, resource.gvr.version);
}

bool CanBeSynced(const ApiResource& resource) {
  return Has(resource.verbs, "list") && Has(resource.verbs, "watch");
}

// A resource that can be synced.
struct Candidate {
  const ApiResource& resource;
  size_t rank;
};

std::vector<Candidate> FindCandidates(const ClusterSpec& spec, const ClusterCatalog& served) {
  std::vector<Candidate> candidates;
  std::map<std::pair<std::string_view, std::string_view>, size_t>
      ranks;  // Of {group, resource}: versions seen so far.
  for (const ApiResource& resource : served.resources) {
    if (!CanBeSynced(resource)) continue;
    const size_t rank = ranks[{resource.gvr.group, resource.gvr.resource}]++;
    if (!IsSkipped(spec.skip, resource)) candidates.push_back({resource, rank});
  }
  return candidates;
}

std::vector<std::string> Sorted(std::vector<std::string> list) {
  std::sort(list.begin(), list.end());
  list.erase(std::unique(list.begin(), list.end()), list.end());
  return list;
}

// Nothing if no object can match.
std::optional<ObjectSelection> SelectionOf(const SyncRule& rule, const ApiResource& resource) {
  ObjectSelection selection;
  selection.labels = rule.label_selector;
  if (!resource.namespaced)
    return rule.namespaces.empty() ? std::optional(selection) : std::nullopt;
  selection.namespaces = Sorted(rule.namespaces);
  selection.exclude_namespaces = Sorted(rule.exclude_namespaces);
  if (selection.namespaces.empty()) return selection;
  std::erase_if(selection.namespaces,
                [&](const std::string& name) { return Has(rule.exclude_namespaces, name); });
  selection.exclude_namespaces.clear();
  return selection.namespaces.empty() ? std::nullopt : std::optional(selection);
}

std::optional<ObjectSelection> Select(const SyncRule& rule, const Candidate& candidate) {
  if (!SelectsName(rule, candidate.resource) ||
      !SelectsVersion(rule, candidate.resource, candidate.rank))
    return std::nullopt;
  return SelectionOf(rule, candidate.resource);
}

// The events about what the rules select, as far as they say so.
ObjectFilter InvolvedEvents(const ClusterSpec& spec, const std::vector<Candidate>& candidates) {
  ObjectFilter filter;
  for (const SyncRule& rule : spec.sync_resources) {
    for (const Candidate& candidate : candidates) {
      const ApiResource& resource = candidate.resource;
      const bool involved = std::any_of(
          rule.events_involved_resources.begin(), rule.events_involved_resources.end(),
          [&](const std::string& name) { return name == "*" || IsNamed(resource, ToLower(name)); });
      auto selection = involved ? Select(rule, candidate) : std::nullopt;
      if (!selection) continue;
      selection->labels.clear();  // Are the object's, not the event's.
      selection->involved_kinds = {resource.kind};
      filter.Add(*std::move(selection));
    }
  }
  return filter;
}

// Why no resource that `name` names is synced by `rule`; "" if one is.
std::string WhyUnmet(const SyncRule& rule, const std::string& name, const ClusterSpec& spec,
                     const ClusterCatalog& served) {
  std::string why = "not served by the cluster";
  for (const ApiResource& resource : served.resources) {
    if (rule.group != "*" && rule.group != resource.gvr.group) continue;
    if (!IsNamed(resource, ToLower(name))) continue;
    if (IsSkipped(spec.skip, resource)) return "";
    if (!CanBeSynced(resource)) {
      why = "cannot be listed and watched";
    } else if (!SelectsVersion(rule, resource, 0)) {
      why = "not served in these versions";
    } else if (!SelectionOf(rule, resource)) {
      why = resource.namespaced ? "all its namespaces are excluded" : "not in a namespace";
    } else {
      return "";
    }
  }
  return why;
}

std::vector<std::string> FindUnmet(const ClusterSpec& spec, const ClusterCatalog& served) {
  std::vector<std::string> unmet;
  for (const SyncRule& rule : spec.sync_resources) {
    for (const std::string& name : rule.resources) {
      const std::string why = name == "*" ? "" : WhyUnmet(rule, name, spec, served);
      if (why.empty()) continue;
      const bool has_group = !rule.group.empty() && rule.group != "*";
      unmet.push_back(name + (has_group ? "." + rule.group : "") + " (" + why + ")");
    }
  }
  return Sorted(std::move(unmet));
}

}  // namespace

bool IsSkipped(const std::vector<std::string>& skip, const ApiResource& resource) {
  return std::any_of(skip.begin(), skip.end(), [&](const std::string& entry) {
    const bool anywhere =
        entry.find('.') != std::string::npos || discovery::IsBuiltInGroup(resource.gvr.group);
    return anywhere && IsNamedInFull(resource, entry);
  });
}

Negotiation NegotiateResources(const ClusterSpec& spec, const ClusterCatalog& served) {
  Negotiation negotiation;
  const std::vector<Candidate> candidates = FindCandidates(spec, served);
  const ObjectFilter involved_events = InvolvedEvents(spec, candidates);
  for (const Candidate& candidate : candidates) {
    const ApiResource& resource = candidate.resource;
    const GroupVersionResource& stored = convert::StoredVersion(resource.gvr);
    ObjectFilter filter;
    if (spec.sync_all_custom_resources && !discovery::IsBuiltInGroup(resource.gvr.group))
      filter.Add(ObjectSelection{});
    for (const SyncRule& rule : spec.sync_resources) {
      if (auto selection = Select(rule, candidate)) filter.Add(*std::move(selection));
    }
    const bool selected = filter != ObjectFilter();
    if (stored == kEvents) filter.Add(involved_events);
    if (filter == ObjectFilter()) continue;
    (selected ? negotiation.resources : negotiation.aside).push_back(resource);
    negotiation.filters[stored].Add(filter);
  }
  negotiation.unmet = FindUnmet(spec, served);
  return negotiation;
}

SecretData SecretDataOf(const ClusterSpec& spec) {
  ApiResource secrets;
  secrets.gvr = kSecrets;
  secrets.kind = "Secret";
  SecretData data = SecretData::kFull;
  for (const SyncRule& rule : spec.sync_resources) {
    if (SelectsName(rule, secrets)) data = std::max(data, rule.secret_data);
  }
  return data;
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
