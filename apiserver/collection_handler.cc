#include "apiserver/collection_handler.h"

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "apiserver/cluster_warnings.h"
#include "apiserver/fine_grained_access.h"
#include "apiserver/list_format.h"
#include "apiserver/version_view.h"
#include "query/label_selector.h"
#include "query/list_options.h"

namespace pedia::apiserver {
namespace {

using Json = nlohmann::ordered_json;
using Definitions = std::vector<const Collection*>;

// "apps.deployments", ".pods", "batch.*", "*" for everything.
std::string TypesText(const Collection& collection) {
  if (collection.chosen_by_request()) return "*";
  std::string text;
  for (const query::ResourcePattern& type : collection.types) {
    if (!text.empty()) text += ',';
    text += type.any_group ? "*" : type.group + '.' + (type.resource.empty() ? "*" : type.resource);
  }
  return text;
}

Json MetadataToJson(const Collection& collection) {
  return {{"name", collection.name}, {"creationTimestamp", nullptr}};
}

Json DefinitionToJson(const Collection& collection) {
  Json types = Json::array();
  for (const query::ResourcePattern& type : collection.types) {
    types.push_back(
        {{"group", type.group}, {"version", type.version}, {"resource", type.resource}});
  }
  return {{"metadata", MetadataToJson(collection)}, {"resourceTypes", std::move(types)}};
}

Json PartialToJson(const Collection& collection, const std::string& api_version) {
  return {{"kind", "PartialObjectMetadata"},
          {"apiVersion", api_version},
          {"metadata", MetadataToJson(collection)}};
}

Json ListToJson(const Definitions& definitions) {
  Json json = {{"kind", "CollectionResourceList"},
               {"apiVersion", "clusterpedia.io/v1beta1"},
               {"metadata", Json::object()},
               {"items", Json::array()}};
  for (const Collection* collection : definitions)
    json["items"].push_back(DefinitionToJson(*collection));
  return json;
}

Json PartialListToJson(const Definitions& definitions, const std::string& api_version) {
  Json json = {{"kind", "PartialObjectMetadataList"},
               {"apiVersion", api_version},
               {"metadata", Json::object()},
               {"items", Json::array()}};
  for (const Collection* collection : definitions)
    json["items"].push_back(PartialToJson(*collection, api_version));
  return json;
}

Json RowObject(const Collection& collection, const ListFormat& format) {
  switch (format.include_object) {
    case ListFormat::IncludeObject::kNone:
      return nullptr;
    case ListFormat::IncludeObject::kMetadata:
      return PartialToJson(collection, "meta.k8s.io/" + format.meta_version);
    case ListFormat::IncludeObject::kObject:
      break;
  }
  Json object = {{"kind", "CollectionResource"}, {"apiVersion", "clusterpedia.io/v1beta1"}};
  object.update(DefinitionToJson(collection));
  return object;
}

Json TableToJson(const Definitions& definitions, const ListFormat& format) {
  Json json = {{"kind", "Table"},
               {"apiVersion", "meta.k8s.io/" + format.meta_version},
               {"metadata", Json::object()},
               {"columnDefinitions", Json::array()},
               {"rows", Json::array()}};
  for (const char* name : {"Name", "Resources"}) {
    json["columnDefinitions"].push_back(
        {{"name", name}, {"type", "string"}, {"format", ""}, {"description", ""}, {"priority", 0}});
  }
  for (const Collection* collection : definitions) {
    json["rows"].push_back({{"cells", Json::array({collection->name, TypesText(*collection)})},
                            {"object", RowObject(*collection, format)}});
  }
  return json;
}

// The definitions that match. They have a name, no labels and nothing else.
Definitions Select(const CollectionCatalog& catalog, const query::ListOptions& options) {
  Definitions definitions;
  const auto no_label = [](std::string_view) { return std::optional<std::string>(); };
  if (!query::Matches(options.label_selector, no_label)) return definitions;
  for (const Collection& collection : catalog.collections()) {
    if (options.names.Matches(collection.name)) definitions.push_back(&collection);
  }
  return definitions;
}

}  // namespace

void CollectionHandler::Handle(Exchange& exchange) const {
  const RequestInfo& info = exchange.info;
  if (!info.name_space.empty() || !info.subresource.empty())
    return SendStatus(exchange, UnknownResource());
  exchange.names_resource = true;
  if (info.verb == "list") return List(exchange);
  if (info.verb == "get") return Get(exchange);
  SendStatus(exchange, MethodNotSupported(info.verb, info.gvr.GroupResource()));
}

void CollectionHandler::List(Exchange& exchange) const {
  const Result<MediaType> media =
      NegotiateMediaType(exchange.request.headers, MediaScope::kObjects);
  if (!media.ok()) return SendStatus(exchange, media.status());
  if (media->transform == Transform::kPartialObjectMetadata)
    return SendStatus(exchange, RefusePartialObjectOfList());
  const query::ListScope scope{exchange.info.gvr, exchange.info.cluster, ""};
  const Result<query::ListOptions> options = query::ParseListOptions(scope, exchange.query);
  if (!options.ok()) return SendStatus(exchange, options.status());
  const Definitions definitions = Select(catalog_, *options);
  if (media->transform == Transform::kPartialObjectMetadataList) {
    const Json json = PartialListToJson(definitions, "meta.k8s.io/" + media->version);
    return SendDocument(exchange, *media, json.dump());
  }
  if (media->transform != Transform::kTable)
    return SendDocument(exchange, *media, ListToJson(definitions).dump());
  const Result<ListFormat> format = FormatOfCollection(exchange, "", *media);
  if (!format.ok()) return SendStatus(exchange, format.status());
  SendDocument(exchange, *media, TableToJson(definitions, *format).dump());
}

void CollectionHandler::Get(Exchange& exchange) const {
  const RequestInfo& info = exchange.info;
  const Collection* collection = catalog_.Find(info.name);
  if (collection == nullptr)
    return SendStatus(exchange, NotFound(info.gvr.group, info.gvr.resource, info.name));
  const Result<MediaType> media =
      NegotiateMediaType(exchange.request.headers, MediaScope::kObjects);
  if (!media.ok()) return SendStatus(exchange, media.status());
  Result<ListFormat> format = FormatOfCollection(exchange, collection->name, *media);
  if (!format.ok()) return SendStatus(exchange, format.status());
  Result<std::vector<query::ResourcePattern>> patterns = collection->Patterns();
  if (collection->chosen_by_request()) patterns = query::ParseResourcePatterns(exchange.query);
  if (!patterns.ok()) return SendStatus(exchange, patterns.status());
  AddStoredVersions(&*patterns);
  query::ListScope scope{{}, info.cluster, "", collection->name, *std::move(patterns)};
  Result<query::ListOptions> options = query::ParseListOptions(scope, exchange.query);
  if (!options.ok()) return SendStatus(exchange, options.status());
  if (exchange.access != nullptr) {
    const Status status = exchange.access->RestrictCollection(
        {exchange.caller.user, *exchange.clusters}, scope, &*options);
    if (!status.ok()) return SendStatus(exchange, status);
  }
  WarnAboutClusters(exchange, scope, ClustersInSight({}, *options));
  if (options->only_metadata && format->rows == ListFormat::Rows::kObjects)
    format->rows = ListFormat::Rows::kMetadataOnly;
  std::string fingerprint = query::Fingerprint(scope, *options);
  lists_.Stream(exchange, {std::move(scope), *std::move(options), *std::move(format), *media,
                           std::move(fingerprint)});
}

}  // namespace pedia::apiserver
