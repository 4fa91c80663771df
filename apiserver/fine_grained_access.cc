#include "apiserver/fine_grained_access.h"

#include <algorithm>
#include <map>
#include <utility>

#include "convert/version_families.h"
#include "storage/object_key.h"

namespace pedia::apiserver {
namespace {

using query::GroupResourceName;
using query::NameSet;

const GroupResourceName kEvents{"", "events"};

AccessAttributes ListOf(const GroupResourceName& name, std::string version) {
  AccessAttributes what;
  what.verb = "list";
  what.group = name.group;
  what.resource = name.resource;
  what.version = std::move(version);
  return what;
}

// As kube-apiserver names what is done with an object; the group without a cluster.
AccessAttributes AttributesOf(const RequestInfo& info) {
  AccessAttributes what;
  what.verb = info.verb == "delete" && info.name.empty() ? "deletecollection" : info.verb;
  what.group = info.gvr.group;
  what.version = info.gvr.version;
  what.resource = info.gvr.resource;
  what.subresource = info.subresource.substr(0, info.subresource.find('/'));
  what.name = info.name;
  what.name_space = info.name_space;
  const bool is_namespace = info.gvr.group.empty() && info.gvr.resource == "namespaces";
  if (is_namespace && what.name_space.empty()) what.name_space = info.name;
  return what;
}

Reach ReachOf(const query::ListScope& scope, const query::ListOptions& options) {
  return {storage::Narrow(options.clusters, scope.cluster),
          storage::Narrow(options.namespaces, scope.name_space)};
}

// The only name of a list, which is a part of the question as Kubernetes puts it.
std::string OnlyName(const query::ListOptions& options) {
  const NameSet& names = options.names;
  const bool one = names.restricted && names.in.size() == 1 && names.Matches(names.in[0]);
  return one ? names.in[0] : "";
}

bool Fits(const query::ResourcePattern& pattern, const GroupResourceName& name) {
  return pattern.any_group || (pattern.group == name.group &&
                               (pattern.resource.empty() || pattern.resource == name.resource));
}

void Append(std::string_view value, std::string* key) {
  key->append(std::to_string(value.size())).append(":").append(value);
}

void Append(const NameSet& set, std::string* key) {
  key->push_back(set.restricted ? '=' : '*');
  for (const std::string& value : set.in) Append(value, key);
  key->push_back('!');
  for (const std::string& value : set.not_in) Append(value, key);
}

// All that the finding of a survey depends on, but for the resource.
std::string KeyOf(const Reader& reader, const RbacIndex& rbac, const Reach& reach) {
  std::string key =
      std::to_string(reader.clusters.generation) + "," + std::to_string(rbac.generation()) + ",";
  Append(reader.user.name, &key);
  Append(reader.user.uid, &key);
  for (const std::string& group : reader.user.groups) Append(group, &key);
  key.push_back(';');
  for (const auto& [name, value] : reader.user.extra) {
    Append(name, &key);
    Append(value, &key);
  }
  key.push_back(';');
  Append(reach.clusters, &key);
  Append(reach.namespaces, &key);
  return key;
}

void AppendResource(const SurveyedResource& resource, std::string* key) {
  const AccessAttributes& what = resource.what;
  for (const std::string* part :
       {&what.verb, &what.group, &what.version, &what.resource, &what.name})
    Append(*part, key);
  key->push_back(resource.namespaced ? 'n' : 'c');
}

// Says what of a list is forbidden: all of the cluster and the namespace that it names, if it names
// one.
AccessAttributes WholeOf(const AccessAttributes& what, const Reach& reach) {
  const auto only = [](const NameSet& set) {
    return set.restricted && set.in.size() == 1 ? set.in[0] : std::string();
  };
  const std::string cluster = only(reach.clusters);
  return InCluster(what, cluster.empty() ? kEveryCluster : cluster, only(reach.namespaces));
}

constexpr char kGuessedWarning[] =
    "this list may show less than you may see: not every cluster and namespace could be asked "
    "about; name them";

void WarnIf(bool guessed, query::ListOptions* options) {
  std::vector<std::string>& warnings = options->warnings;
  if (guessed && std::find(warnings.begin(), warnings.end(), kGuessedWarning) == warnings.end())
    warnings.emplace_back(kGuessedWarning);
}

}  // namespace

FineGrainedAccess::FineGrainedAccess(Authorizer& authorizer, const RbacIndex& rbac,
                                     FineGrainedOptions options)
    : authorizer_(authorizer), rbac_(rbac), options_(options), found_(options.max_kept) {}
FineGrainedAccess::~FineGrainedAccess() = default;

Status FineGrainedAccess::CheckObject(const UserInfo& user, const RequestInfo& info) {
  return CheckIn(user, info.cluster, AttributesOf(info));
}

Status FineGrainedAccess::CheckProxied(const UserInfo& user, const RequestInfo& info,
                                       std::string_view method, bool watch) {
  AccessAttributes what;
  if (info.endpoint == Endpoint::kProxy) {
    const std::string path = info.proxy_path.empty() ? "/" : info.proxy_path;
    const Result<RequestInfo> member = ParseRequestInfo(method, path, watch);
    const bool plain = member.ok() && member->endpoint != Endpoint::kUnknown;
    what = OuterAttributes(method, path, watch);
    if (!plain) what.resource.clear();
  } else {
    what = AttributesOf(info);
    if (method == "POST") what.verb = "create";
  }
  if (!what.resource.empty()) return CheckIn(user, info.cluster, what);
  AccessAttributes proxy;
  proxy.verb = std::move(what.verb);
  proxy.group = "cluster.clusterpedia.io";
  proxy.version = "v1alpha2";
  proxy.resource = "pediaclusters";
  proxy.subresource = "proxy";
  proxy.name = info.cluster;
  return CheckIn(user, info.cluster, proxy);
}

// In one cluster, or in every one.
Status FineGrainedAccess::CheckIn(const UserInfo& user, const std::string& cluster,
                                  const AccessAttributes& what) {
  const AccessAttributes questions[] = {InCluster(what, cluster, what.name_space),
                                        InCluster(what, kEveryCluster, what.name_space)};
  const Result<std::vector<AccessDecision>> decisions = authorizer_.AuthorizeAll(user, questions);
  if (!decisions.ok()) return decisions.status();
  const auto allowed = [](const AccessDecision& decision) { return decision.allowed; };
  if (std::any_of(decisions->begin(), decisions->end(), allowed)) return {};
  return ForbiddenStatus(user, questions[0],
                         decisions->empty() ? "" : std::string_view((*decisions)[0].reason));
}

Status FineGrainedAccess::RestrictList(const Reader& reader, const query::ListScope& requested,
                                       const GroupVersionResource& stored, bool namespaced,
                                       query::ListOptions* options) {
  const Reach reach = ReachOf(requested, *options);
  SurveyedResource resource{
      ListOf({requested.gvr.group, requested.gvr.resource}, requested.gvr.version), namespaced};
  resource.what.name = OnlyName(*options);
  const Result<std::vector<Found>> found = Survey(reader, reach, {resource});
  if (!found.ok()) return found.status();
  const Finding& finding = *found->front();
  WarnIf(finding.guessed, options);
  if (finding.filter.IsNothing())
    return ForbiddenStatus(reader.user, WholeOf(resource.what, reach), "");
  options->access.emplace();
  if (Status status = AddOthers(reader, reach, options); !status.ok()) return status;
  options->access->Set({stored.group, stored.resource}, finding.filter);
  return {};
}

// The filters of what a list leads to beside its own objects.
Status FineGrainedAccess::AddOthers(const Reader& reader, const Reach& reach,
                                    query::ListOptions* options) {
  std::vector<SurveyedResource> resources;
  if (options->owner) {
    const auto kinds = KindsOf(reader.clusters);
    for (const StoredKind& kind : *kinds)
      resources.push_back({ListOf(kind.name, kind.version), kind.namespaced});
  }
  if (options->inject_events) resources.push_back({ListOf(kEvents, "v1"), true});
  if (resources.empty()) return {};
  const Result<std::vector<Found>> found = Survey(reader, reach, resources);
  if (!found.ok()) return found.status();
  for (size_t i = 0; i < resources.size(); ++i) {
    const AccessAttributes& what = resources[i].what;
    WarnIf((*found)[i]->guessed, options);
    options->access->Set({what.group, what.resource}, (*found)[i]->filter);
  }
  return {};
}

Status FineGrainedAccess::RestrictCollection(const Reader& reader, const query::ListScope& scope,
                                             query::ListOptions* options) {
  const Reach reach = ReachOf(scope, *options);
  const auto kinds = KindsOf(reader.clusters);
  std::vector<SurveyedResource> resources;
  for (const StoredKind& kind : *kinds) {
    const auto fits = [&](const query::ResourcePattern& pattern) {
      return Fits(pattern, kind.name);
    };
    if (std::none_of(scope.patterns.begin(), scope.patterns.end(), fits)) continue;
    resources.push_back({ListOf(kind.name, kind.version), kind.namespaced});
    resources.back().what.name = OnlyName(*options);
  }
  const Result<std::vector<Found>> found = Survey(reader, reach, resources);
  if (!found.ok()) return found.status();
  options->access.emplace();
  if (Status status = AddOthers(reader, reach, options); !status.ok()) return status;
  bool anything = resources.empty();
  for (size_t i = 0; i < resources.size(); ++i) {
    const AccessAttributes& what = resources[i].what;
    const Finding& finding = *(*found)[i];
    WarnIf(finding.guessed, options);
    anything = anything || !finding.filter.IsNothing();
    options->access->Set({what.group, what.resource}, finding.filter);
  }
  if (anything) return {};
  return Forbidden("collectionresources.clusterpedia.io \"" + scope.collection +
                   "\" is forbidden: User \"" + reader.user.name +
                   "\" cannot list any of its resources" +
                   (scope.cluster.empty() ? "" : " in cluster \"" + scope.cluster + "\""));
}

Result<query::AccessFilter> FineGrainedAccess::EventsOf(const Reader& reader,
                                                        const RequestInfo& info) {
  query::ListScope scope;
  scope.cluster = info.cluster;
  scope.name_space = info.name_space;
  const Result<std::vector<Found>> found =
      Survey(reader, ReachOf(scope, {}), {{ListOf(kEvents, "v1"), true}});
  if (!found.ok()) return found.status();
  return found->front()->filter;
}

Result<std::vector<FineGrainedAccess::Found>> FineGrainedAccess::Survey(
    const Reader& reader, const Reach& reach, const std::vector<SurveyedResource>& resources) {
  const std::string common = KeyOf(reader, rbac_, reach);
  std::vector<std::string> keys;
  keys.reserve(resources.size());
  for (const SurveyedResource& resource : resources)
    AppendResource(resource, &keys.emplace_back(common));
  const auto ask = [&](std::span<const size_t> numbers) {
    std::vector<SurveyedResource> wanted;
    for (const size_t number : numbers) wanted.push_back(resources[number]);
    AccessSurvey survey(authorizer_, rbac_, reader.user, reader.clusters, reach,
                        options_.max_questions);
    Result<std::vector<Finding>> findings = survey.Run(wanted);
    using Verdict = VerdictCache<Found>::Verdict;
    if (!findings.ok())
      return std::vector<Result<Verdict>>(numbers.size(), Result<Verdict>(findings.status()));
    std::vector<Result<Verdict>> verdicts;
    for (Finding& finding : *findings) {
      verdicts.push_back(
          Verdict{std::make_shared<const Finding>(std::move(finding)), options_.kept});
    }
    return verdicts;
  };
  std::vector<Found> found;
  for (Result<Found>& one : found_.Get(keys, std::chrono::steady_clock::now(), ask)) {
    if (!one.ok()) return one.status();
    found.push_back(*std::move(one));
  }
  return found;
}

std::shared_ptr<const std::vector<FineGrainedAccess::StoredKind>> FineGrainedAccess::KindsOf(
    const discovery::Snapshot& snapshot) {
  return known_kinds_.With([&](KnownKinds& known) {
    if (known.kinds && known.generation == snapshot.generation) return known.kinds;
    std::map<GroupResourceName, StoredKind> kinds;
    for (const auto& [cluster, state] : snapshot.clusters) {
      for (const discovery::ApiResource& resource : state->synced.resources) {
        const GroupVersionResource& stored = convert::StoredVersion(resource.gvr);
        const GroupResourceName name{stored.group, stored.resource};
        const auto [kind, added] =
            kinds.try_emplace(name, StoredKind{name, stored.version, resource.namespaced});
        kind->second.namespaced = kind->second.namespaced || resource.namespaced;
      }
    }
    std::vector<StoredKind> all;
    for (auto& [name, kind] : kinds) all.push_back(std::move(kind));
    known = {std::make_shared<const std::vector<StoredKind>>(std::move(all)), snapshot.generation};
    return known.kinds;
  });
}

NameSet ClustersInSight(const GroupVersionResource& stored, const query::ListOptions& options) {
  if (!options.access) return options.clusters;
  NameSet seen{true, {}, {}};
  for (const auto& [name, filter] : options.access->resources) {
    const bool is_listed =
        stored.resource.empty() || name == GroupResourceName{stored.group, stored.resource};
    if (!is_listed) continue;
    if (!filter.restricted || !filter.namespaces.empty()) return options.clusters;
    seen.in.insert(seen.in.end(), filter.clusters.begin(), filter.clusters.end());
    for (const auto& [cluster, name_space] : filter.cluster_namespaces) seen.in.push_back(cluster);
  }
  std::sort(seen.in.begin(), seen.in.end());
  seen.in.erase(std::unique(seen.in.begin(), seen.in.end()), seen.in.end());
  std::erase_if(seen.in,
                [&](const std::string& cluster) { return !options.clusters.Matches(cluster); });
  return seen;
}

}  // namespace pedia::apiserver
