#include "apiserver/resource_handler.h"

#include <string>
#include <utility>

#include "apiserver/body_stream.h"
#include "apiserver/list_encoder.h"
#include "apiserver/list_format.h"
#include "apiserver/object_forms.h"
#include "apiserver/printer_lookup.h"
#include "discovery/documents.h"
#include "query/list_options.h"

namespace pedia::apiserver {
namespace {

// Whether the path fits the resource's scope: no namespace for cluster-scoped ones, and one for a
// namespaced object.
bool FitsScope(const RequestInfo& info, const discovery::ApiResource& resource) {
  if (!resource.namespaced) return info.name_space.empty();
  return info.name.empty() || !info.name_space.empty();
}

void SendObject(Exchange& exchange, const discovery::ApiResource& resource, const MediaType& media,
                const storage::StoredObject& object) {
  std::string document;
  if (media.transform == Transform::kPartialObjectMetadata) {
    AppendPartialObject(object.body, media.version, &document);
  } else {
    std::string body;
    AppendWithEvents(object.body, object.events, &body);
    AppendObject(body, {resource.kind, resource.gvr.GroupVersion()}, &document);
  }
  SendDocument(exchange, media, document);
}

void SendObjectAsTable(Exchange& exchange, const MediaType& media, ListFormat format,
                       const storage::ListRow& row) {
  BodyStream stream(exchange, media);
  ListEncoder encoder(stream, std::move(format));
  encoder.Begin();
  if (!encoder.Row(row)) return;
  ListMetadata metadata;
  metadata.resource_version = ResourceVersionOf(row.body);
  encoder.End(metadata);
  stream.Finish();
}

}  // namespace

void ResourceHandler::Handle(Exchange& exchange) const {
  const RequestInfo& info = exchange.info;
  const discovery::ApiResource* resource =
      discovery::FindResource(*exchange.clusters, info.cluster, info.gvr);
  if (resource == nullptr) return SendStatus(exchange, UnknownResource());
  exchange.names_resource = true;
  if (!FitsScope(info, *resource) || !info.subresource.empty())
    return SendStatus(exchange, UnknownResource());
  WarnIfClusterUnhealthy(exchange);
  if (info.verb == "get") return Get(exchange, *resource);
  if (info.verb == "list") return List(exchange, *resource);
  SendStatus(exchange, MethodNotSupported(info.verb, info.gvr.GroupResource()));
}

void ResourceHandler::Get(Exchange& exchange, const discovery::ApiResource& resource) const {
  const RequestInfo& info = exchange.info;
  if (info.cluster.empty()) {
    return SendStatus(exchange, BadRequest("please specify the cluster name when using the "
                                           "resource name to get a specific resource."));
  }
  const Result<MediaType> media =
      NegotiateMediaType(exchange.request.headers, MediaScope::kObjects);
  if (!media.ok()) return SendStatus(exchange, media.status());
  if (media->transform == Transform::kPartialObjectMetadataList)
    return SendStatus(exchange, RefusePartialListOfObject());
  const Result<bool> events = query::ParseInjectEvents(exchange.query);
  if (!events.ok()) return SendStatus(exchange, events.status());
  const bool table = media->transform == Transform::kTable;
  Result<ListFormat> format = ListFormat();
  if (table) format = FormatOfTable(exchange, resource, *media);
  if (table && format.ok())
    format->printer = LookUpPrinter(store_, *exchange.clusters, {info.gvr, info.cluster, ""}, {});
  const bool carries_events = format.ok() && format->CarriesEvents() &&
                              media->transform != Transform::kPartialObjectMetadata;
  const Result<storage::StoredObject> object =
      store_.Get(info.cluster, info.gvr, info.name_space, info.name, *events && carries_events);
  if (!object.ok()) return SendStatus(exchange, object.status());
  if (!format.ok()) return SendStatus(exchange, format.status());
  if (!table) return SendObject(exchange, resource, *media, *object);
  const storage::RowType type{info.gvr, resource.kind};
  SendObjectAsTable(exchange, *media, *std::move(format), {object->body, type, object->events});
}

void ResourceHandler::List(Exchange& exchange, const discovery::ApiResource& resource) const {
  const Result<MediaType> media =
      NegotiateMediaType(exchange.request.headers, MediaScope::kObjects);
  if (!media.ok()) return SendStatus(exchange, media.status());
  query::ListScope scope{exchange.info.gvr, exchange.info.cluster, exchange.info.name_space};
  Result<query::ListOptions> options = query::ParseListOptions(scope, exchange.query);
  if (!options.ok()) return SendStatus(exchange, options.status());
  Result<ListFormat> format = FormatOfList(exchange, resource, *media);
  if (!format.ok()) return SendStatus(exchange, format.status());
  if (options->only_metadata && format->rows == ListFormat::Rows::kObjects)
    format->rows = ListFormat::Rows::kMetadataOnly;
  if (format->rows == ListFormat::Rows::kTable)
    format->printer = LookUpPrinter(store_, *exchange.clusters, scope, options->clusters);
  lists_.Stream(exchange, {std::move(scope), *std::move(options), *std::move(format), *media});
}

}  // namespace pedia::apiserver
