#include "apiserver/pedia_cluster_handler.h"

#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "apiserver/list_format.h"
#include "discovery/pedia_cluster_status.h"

namespace pedia::apiserver {
namespace {

using Json = nlohmann::ordered_json;

constexpr char kApiVersion[] = "cluster.clusterpedia.io/v1alpha2";

std::string Dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Json MetadataToJson(const discovery::ClusterState& cluster) {
  return {{"name", cluster.name}, {"creationTimestamp", nullptr}};
}

Json PartialOf(const discovery::ClusterState& cluster, const std::string& api_version) {
  return {{"kind", "PartialObjectMetadata"},
          {"apiVersion", api_version},
          {"metadata", MetadataToJson(cluster)}};
}

Json ToJson(const discovery::ClusterState& cluster) {
  Json json = {{"kind", "PediaCluster"},
               {"apiVersion", kApiVersion},
               {"metadata", MetadataToJson(cluster)},
               {"spec", {{"apiserver", cluster.api_server}, {"syncResources", Json::array()}}},
               {"status", Json::parse(discovery::PediaClusterStatusToJson(cluster))}};
  return json;
}

std::string StatusOf(const discovery::ClusterState& cluster, std::string_view type) {
  const discovery::Condition* condition = cluster.FindCondition(type);
  return condition == nullptr ? "" : condition->status;
}

std::string ReasonOf(const discovery::ClusterState& cluster, std::string_view type) {
  const discovery::Condition* condition = cluster.FindCondition(type);
  return condition == nullptr ? "" : condition->reason;
}

Json Column(const char* name, const char* format, int priority) {
  return {{"name", name},
          {"type", "string"},
          {"format", format},
          {"description", ""},
          {"priority", priority}};
}

Json TableOf(const std::vector<const discovery::ClusterState*>& clusters,
             const std::string& meta_version) {
  const std::string api_version = "meta.k8s.io/" + meta_version;
  Json json = {{"kind", "Table"}, {"apiVersion", api_version}, {"metadata", Json::object()}};
  json["columnDefinitions"] = {Column("Name", "name", 0),       Column("Ready", "", 0),
                               Column("Version", "", 0),        Column("APIServer", "", 0),
                               Column("Validated", "", 10),     Column("SynchroRunning", "", 10),
                               Column("ClusterHealthy", "", 10)};
  json["rows"] = Json::array();
  for (const discovery::ClusterState* cluster : clusters) {
    Json cells = {cluster->name,
                  StatusOf(*cluster, "Ready"),
                  discovery::GitVersion(*cluster),
                  cluster->api_server,
                  ReasonOf(*cluster, "Validated"),
                  ReasonOf(*cluster, "SynchroRunning"),
                  ReasonOf(*cluster, "ClusterHealthy")};
    json["rows"].push_back(
        {{"cells", std::move(cells)}, {"object", PartialOf(*cluster, api_version)}});
  }
  return json;
}

Json ListOf(const std::vector<const discovery::ClusterState*>& clusters) {
  Json json = {{"kind", "PediaClusterList"},
               {"apiVersion", kApiVersion},
               {"metadata", Json::object()},
               {"items", Json::array()}};
  for (const discovery::ClusterState* cluster : clusters) json["items"].push_back(ToJson(*cluster));
  return json;
}

Json PartialListOf(const std::vector<const discovery::ClusterState*>& clusters,
                   const std::string& api_version) {
  Json json = {{"kind", "PartialObjectMetadataList"},
               {"apiVersion", api_version},
               {"metadata", Json::object()},
               {"items", Json::array()}};
  for (const discovery::ClusterState* cluster : clusters)
    json["items"].push_back(PartialOf(*cluster, api_version));
  return json;
}

Status CheckRequest(const Exchange& exchange) {
  const RequestInfo& info = exchange.info;
  if (!info.name_space.empty() || !info.subresource.empty()) return UnknownResource();
  if (info.verb == "watch") return MethodNotSupported("watch", info.gvr.GroupResource());
  for (const char* parameter : {"labelSelector", "fieldSelector", "continue"}) {
    if (!exchange.query.Get(parameter).empty())
      return BadRequest(std::string(parameter) + " is not supported for pediaclusters");
  }
  if (!info.name.empty() && exchange.clusters->Find(info.name) == nullptr) {
    return NotFound(info.gvr.group, info.gvr.resource, info.name);
  }
  return {};
}

}  // namespace

std::string PediaClusterToJson(const discovery::ClusterState& cluster) {
  return Dump(ToJson(cluster));
}

void HandlePediaClusters(Exchange& exchange) {
  if (Status status = CheckRequest(exchange); !status.ok()) return SendStatus(exchange, status);
  const Result<MediaType> media =
      NegotiateMediaType(exchange.request.headers, MediaScope::kObjects);
  if (!media.ok()) return SendStatus(exchange, media.status());
  const std::string& name = exchange.info.name;
  std::vector<const discovery::ClusterState*> clusters;
  for (const auto& [key, cluster] : exchange.clusters->clusters) {
    if (name.empty() || key == name) clusters.push_back(cluster.get());
  }
  const std::string meta_version = "meta.k8s.io/" + media->version;
  if (media->transform == Transform::kTable)
    return SendDocument(exchange, *media, Dump(TableOf(clusters, media->version)));
  if (media->transform == Transform::kPartialObjectMetadataList) {
    if (!name.empty()) return SendStatus(exchange, RefusePartialListOfObject());
    return SendDocument(exchange, *media, Dump(PartialListOf(clusters, meta_version)));
  }
  if (media->transform == Transform::kPartialObjectMetadata) {
    if (name.empty()) return SendStatus(exchange, RefusePartialObjectOfList());
    return SendDocument(exchange, *media, Dump(PartialOf(*clusters.front(), meta_version)));
  }
  SendDocument(exchange, *media, Dump(name.empty() ? ListOf(clusters) : ToJson(*clusters.front())));
}

}  // namespace pedia::apiserver
