#include "apiserver/resource_handler.h"

#include <chrono>
#include <string>
#include <utility>

#include "apiserver/body_stream.h"
#include "apiserver/cluster_warnings.h"
#include "apiserver/fine_grained_access.h"
#include "apiserver/list_encoder.h"
#include "apiserver/list_format.h"
#include "apiserver/object_forms.h"
#include "apiserver/version_view.h"
#include "convert/version_families.h"
#include "discovery/documents.h"
#include "query/list_options.h"

namespace pedia::apiserver {
namespace {

using std::chrono::steady_clock;

// Whether the path fits the resource's scope: no namespace for cluster-scoped ones, and one for a
// namespaced object.
bool FitsScope(const RequestInfo& info, const discovery::ApiResource& resource) {
  if (!resource.namespaced) return info.name_space.empty();
  return info.name.empty() || !info.name_space.empty();
}

void SendObject(Exchange& exchange, const ListFormat& format, const MediaType& media,
                const storage::StoredObject& object) {
  std::string document;
  if (format.rows == ListFormat::Rows::kPartialObjects) {
    AppendPartialObject(object.body, format.meta_version, &document);
  } else {
    std::string body;
    AppendWithEvents(object.body, object.events, &body);
    std::string scratch;
    AppendObject(format.Converted(body, &scratch), format.type, &document);
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
  if (resource == nullptr) {
    WarnAboutClusters(exchange, {info.gvr, info.cluster, ""}, {});
    return SendStatus(exchange, UnknownResource());
  }
  exchange.names_resource = true;
  if (!FitsScope(info, *resource) || !info.subresource.empty())
    return SendStatus(exchange, UnknownResource());
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
  // Before anything tells whether the object exists.
  if (exchange.access != nullptr) {
    const Status status = exchange.access->CheckObject(exchange.caller.user, info);
    if (!status.ok()) return SendStatus(exchange, status);
  }
  WarnAboutClusters(exchange, {info.gvr, info.cluster, ""}, {});
  const Result<MediaType> media =
      NegotiateMediaType(exchange.request.headers, MediaScope::kObjects);
  if (!media.ok()) return SendStatus(exchange, media.status());
  const Result<bool> events = query::ParseInjectEvents(exchange.query);
  if (!events.ok()) return SendStatus(exchange, events.status());
  Result<ListFormat> format = FormatOfObject(exchange, resource, *media);
  const GroupVersionResource& stored = convert::StoredVersion(info.gvr);
  const bool with_events = *events && format.ok() && format->CarriesEvents();
  Result<query::AccessFilter> seen_events = query::AccessFilter();
  if (with_events && exchange.access != nullptr)
    seen_events = exchange.access->EventsOf({exchange.caller.user, *exchange.clusters}, info);
  if (!seen_events.ok()) return SendStatus(exchange, seen_events.status());
  const Result<storage::StoredObject> object = store_.Get(
      info.cluster, stored, info.name_space, info.name, with_events ? &*seen_events : nullptr);
  if (!object.ok() && object.status().reason() == StatusReason::kNotFound)
    return SendStatus(exchange, NotFound(info.gvr.group, info.gvr.resource, info.name));
  if (!object.ok()) return SendStatus(exchange, object.status());
  if (!format.ok()) return SendStatus(exchange, format.status());
  if (format->rows != ListFormat::Rows::kTable)
    return SendObject(exchange, *format, *media, *object);
  format->printer =
      printers_.Find(*exchange.clusters, {stored, info.cluster, ""}, {}, steady_clock::now());
  const storage::RowType type{stored, resource.kind};
  SendObjectAsTable(exchange, *media, *std::move(format), {object->body, type, object->events});
}

void ResourceHandler::List(Exchange& exchange, const discovery::ApiResource& resource) const {
  const Result<MediaType> media =
      NegotiateMediaType(exchange.request.headers, MediaScope::kObjects);
  if (!media.ok()) return SendStatus(exchange, media.status());
  query::ListScope scope{exchange.info.gvr, exchange.info.cluster, exchange.info.name_space};
  Result<query::ListOptions> options = query::ParseListOptions(scope, exchange.query);
  if (!options.ok()) return SendStatus(exchange, options.status());
  const GroupVersionResource& stored = convert::StoredVersion(exchange.info.gvr);
  if (exchange.access != nullptr) {
    const Status status = exchange.access->RestrictList(
        {exchange.caller.user, *exchange.clusters}, scope, stored, resource.namespaced, &*options);
    if (!status.ok()) return SendStatus(exchange, status);
  }
  WarnAboutClusters(exchange, scope, ClustersInSight(stored, *options));
  std::string fingerprint = query::Fingerprint(scope, *options);
  scope.gvr = stored;
  UseStoredFields(exchange.info.gvr, &*options);
  Result<ListFormat> format = FormatOfList(exchange, resource, *media);
  if (!format.ok()) return SendStatus(exchange, format.status());
  if (options->only_metadata && format->rows == ListFormat::Rows::kObjects)
    format->rows = ListFormat::Rows::kMetadataOnly;
  if (format->rows == ListFormat::Rows::kTable)
    format->printer =
        printers_.Find(*exchange.clusters, scope, options->clusters, steady_clock::now());
  lists_.Stream(exchange, {std::move(scope), *std::move(options), *std::move(format), *media,
                           std::move(fingerprint)});
}

}  // namespace pedia::apiserver
