#include "apiserver/discovery_handler.h"

#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>

#include "apiserver/cluster_warnings.h"
#include "discovery/documents.h"

namespace pedia::apiserver {
namespace {

// pedia's own API. The group cluster.clusterpedia.io is served but not listed: in an aggregated
// set-up it is a CRD's.
constexpr std::string_view kGroupVersions =
    R"("versions":[{"groupVersion":"clusterpedia.io/v1beta1","version":"v1beta1"}],)"
    R"("preferredVersion":{"groupVersion":"clusterpedia.io/v1beta1","version":"v1beta1"})";
constexpr std::string_view kResources =
    R"({"kind":"APIResourceList","apiVersion":"v1","groupVersion":"clusterpedia.io/v1beta1","resources":[)"
    R"({"name":"collectionresources","singularName":"collectionresources","namespaced":false,"kind":"CollectionResource",)"
    R"("verbs":["get","list"]},)"
    R"({"name":"resources","singularName":"resources","namespaced":false,"kind":"Resources","verbs":["get"]}]})";
constexpr std::string_view kAggregatedItems =
    R"("metadata":{},"items":[{"metadata":{"name":"clusterpedia.io","creationTimestamp":null},"versions":[{"version":"v1beta1",)"
    R"("resources":[{"resource":"collectionresources","responseKind":{"group":"","version":"","kind":"CollectionResource"},)"
    R"("scope":"Cluster","singularResource":"collectionresources","verbs":["get","list"]},)"
    R"({"resource":"resources","responseKind":{"group":"","version":"","kind":"Resources"},"scope":"Cluster",)"
    R"("singularResource":"resources","verbs":["get"]}],"freshness":"Current"}]}]})";
constexpr std::string_view kPediaClusterGroup =
    R"({"kind":"APIGroup","apiVersion":"v1","name":"cluster.clusterpedia.io",)"
    R"("versions":[{"groupVersion":"cluster.clusterpedia.io/v1alpha2","version":"v1alpha2"}],)"
    R"("preferredVersion":{"groupVersion":"cluster.clusterpedia.io/v1alpha2","version":"v1alpha2"}})";
constexpr std::string_view kPediaClusterResources =
    R"({"kind":"APIResourceList","apiVersion":"v1","groupVersion":"cluster.clusterpedia.io/v1alpha2","resources":[)"
    R"({"name":"pediaclusters","singularName":"pediacluster","namespaced":false,"kind":"PediaCluster","verbs":["get","list"]}]})";

std::string OwnGroup(bool with_type) {
  std::string text = with_type ? R"({"kind":"APIGroup","apiVersion":"v1","name":"clusterpedia.io",)"
                               : R"({"name":"clusterpedia.io",)";
  return text.append(kGroupVersions) + '}';
}

std::string OwnGroupList() {
  return R"({"kind":"APIGroupList","apiVersion":"v1","groups":[)" + OwnGroup(false) + "]}";
}

std::string OwnAggregatedList(std::string_view version) {
  std::string text = R"({"kind":"APIGroupDiscoveryList","apiVersion":"apidiscovery.k8s.io/)";
  return text.append(version).append("\",").append(kAggregatedItems);
}

// What may be done below /resources if requests go on to members.
std::string WithProxyVerbs(std::string document, const ProxyOptions& proxy) {
  constexpr std::string_view kRead = R"(["get"])";
  if (!proxy.enabled) return document;
  const size_t verbs = document.rfind(kRead);  // Those of "resources" are the last.
  return document.replace(verbs, kRead.size(), R"(["create","delete","get","patch","update"])");
}

std::optional<std::string> OwnDocument(const RequestInfo& info, const ProxyOptions& proxy) {
  const std::string group_version = info.gvr.GroupVersion();
  switch (info.endpoint) {
    case Endpoint::kGroupList:
      return OwnGroupList();
    case Endpoint::kGroup:
      if (info.gvr.group == "clusterpedia.io") return OwnGroup(true);
      if (info.gvr.group == "cluster.clusterpedia.io") return std::string(kPediaClusterGroup);
      return {};
    case Endpoint::kResourceList:
      if (group_version == "clusterpedia.io/v1beta1")
        return WithProxyVerbs(std::string(kResources), proxy);
      if (group_version == "cluster.clusterpedia.io/v1alpha2")
        return std::string(kPediaClusterResources);
      return {};
    default:
      return {};
  }
}

std::optional<std::string> MembersDocument(const Exchange& exchange, const ProxyOptions& proxy) {
  const RequestInfo& info = exchange.info;
  switch (info.endpoint) {
    case Endpoint::kCoreVersions:
      return discovery::ApiVersionsDocument();
    case Endpoint::kGroupList:
      return discovery::ApiGroupListDocument(*exchange.clusters, info.cluster);
    case Endpoint::kGroup:
      return discovery::ApiGroupDocument(*exchange.clusters, info.cluster, info.gvr.group);
    case Endpoint::kResourceList:
      return discovery::ApiResourceListDocument(*exchange.clusters, info.cluster, info.gvr.group,
                                                info.gvr.version, proxy.Listed());
    default:
      return {};
  }
}

std::string AggregatedDocument(const Exchange& exchange, const std::string& version,
                               const ProxyOptions& proxy) {
  if (!exchange.info.inner) return WithProxyVerbs(OwnAggregatedList(version), proxy);
  const bool core = exchange.info.endpoint == Endpoint::kCoreVersions;
  const auto wanted =
      version == "v2" ? discovery::AggregatedVersion::kV2 : discovery::AggregatedVersion::kV2Beta1;
  return discovery::AggregatedDocument(*exchange.clusters, exchange.info.cluster, core, wanted,
                                       proxy.Listed());
}

// FNV-1a: the same in every process, so that it also holds behind a load balancer.
std::string EntityTag(std::string_view document) {
  uint64_t hash = 14695981039346656037u;
  for (const char c : document) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211u;
  char text[24];
  std::snprintf(text, sizeof(text), "%016llX", static_cast<unsigned long long>(hash));
  return text;
}

void SendAggregated(Exchange& exchange, const MediaType& media, const ProxyOptions& proxy) {
  const std::string document = AggregatedDocument(exchange, media.version, proxy);
  if (!SendIfUnchanged(exchange, EntityTag(document))) SendDocument(exchange, media, document);
}

}  // namespace

void HandleDiscovery(Exchange& exchange, const ProxyOptions& proxy) {
  const RequestInfo& info = exchange.info;
  // Nobody knows yet what such a cluster serves.
  const discovery::ClusterState* cluster = exchange.clusters->Find(info.cluster);
  if (cluster != nullptr && cluster->synced.resources.empty())
    WarnAboutClusters(exchange, {{}, info.cluster, ""}, {});
  const bool aggregated = info.endpoint == Endpoint::kGroupList ||
                          (info.inner && info.endpoint == Endpoint::kCoreVersions);
  const MediaScope scope = aggregated ? MediaScope::kDiscovery : MediaScope::kDocument;
  const Result<MediaType> media = NegotiateMediaType(exchange.request.headers, scope);
  if (!media.ok()) return SendStatus(exchange, media.status());
  if (media->transform == Transform::kAggregatedDiscovery)
    return SendAggregated(exchange, *media, proxy);
  const std::optional<std::string> document =
      info.inner ? MembersDocument(exchange, proxy) : OwnDocument(info, proxy);
  if (!document) return SendStatus(exchange, UnknownResource());
  SendDocument(exchange, *media, *document);
}

}  // namespace pedia::apiserver
