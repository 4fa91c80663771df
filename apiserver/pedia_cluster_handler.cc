#include "apiserver/pedia_cluster_handler.h"

#include <map>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "apiserver/list_format.h"
#include "meta/time.h"

namespace pedia::apiserver {
namespace {

using Json = nlohmann::ordered_json;

constexpr char kApiVersion[] = "cluster.clusterpedia.io/v1alpha2";

std::string Dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string GitVersion(const discovery::ClusterState& cluster) {
  const Json version = Json::parse(cluster.version_json, nullptr, false);
  if (!version.is_object()) return "";
  const auto found = version.find("gitVersion");
  return found != version.end() && found->is_string() ? found->get<std::string>() : "";
}

Json ConditionToJson(const discovery::Condition& condition) {
  return {{"type", condition.type},
          {"status", condition.status},
          {"lastTransitionTime", FormatRfc3339(condition.last_transition)},
          {"reason", condition.reason},
          {"message", condition.message}};
}

const GroupVersionResource& SourceOf(const discovery::ResourceSync& sync) {
  return sync.source.resource.empty() ? sync.gvr : sync.source;
}

Json SyncConditionToJson(const discovery::ResourceSync& sync) {
  const GroupVersionResource& source = SourceOf(sync);
  Json json = {{"version", source.version}, {"status", sync.status}};
  if (sync.gvr.version != source.version) json["storageVersion"] = sync.gvr.version;
  if (sync.gvr.GroupResource() != source.GroupResource())
    json["storageResource"] = sync.gvr.GroupResource();
  if (!sync.reason.empty()) json["reason"] = sync.reason;
  if (!sync.message.empty()) json["message"] = sync.message;
  json["lastTransitionTime"] = FormatRfc3339(sync.last_transition);
  return json;
}

// One entry per resource of a group; its versions are the sync conditions.
Json ResourceToJson(const discovery::ClusterState& cluster,
                    const std::vector<const discovery::ResourceSync*>& versions) {
  const discovery::ResourceSync& first = *versions.front();
  const discovery::ApiResource* resource = cluster.synced.Find(SourceOf(first));
  Json json = {{"name", SourceOf(first).resource},
               {"kind", resource == nullptr ? "" : resource->kind},
               {"namespaced", resource != nullptr && resource->namespaced},
               {"syncConditions", Json::array()}};
  for (const discovery::ResourceSync* sync : versions)
    json["syncConditions"].push_back(SyncConditionToJson(*sync));
  return json;
}

Json SyncResourcesToJson(const discovery::ClusterState& cluster) {
  std::map<std::string, std::map<std::string, std::vector<const discovery::ResourceSync*>>> groups;
  for (const discovery::ResourceSync& sync : cluster.resources) {
    const GroupVersionResource& source = SourceOf(sync);
    groups[source.group][source.resource].push_back(&sync);
  }
  Json json = Json::array();
  for (const auto& [group, resources] : groups) {
    Json entry = {{"group", group}, {"resources", Json::array()}};
    for (const auto& [name, versions] : resources)
      entry["resources"].push_back(ResourceToJson(cluster, versions));
    json.push_back(std::move(entry));
  }
  return json;
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
               {"status",
                {{"apiserver", cluster.api_server},
                 {"version", GitVersion(cluster)},
                 {"conditions", Json::array()}}}};
  for (const discovery::Condition& condition : cluster.conditions)
    json["status"]["conditions"].push_back(ConditionToJson(condition));
  json["status"]["syncResources"] = SyncResourcesToJson(cluster);
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
                  GitVersion(*cluster),
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
