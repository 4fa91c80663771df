#include "apiserver/resource_handler.h"

#include <string>
#include <utility>

#include "apiserver/body_stream.h"
#include "apiserver/list_encoder.h"
#include "apiserver/object_forms.h"
#include "apiserver/table.h"
#include "discovery/documents.h"
#include "meta/time.h"
#include "query/continue_token.h"
#include "query/list_options.h"

namespace pedia::apiserver {
namespace {

TypeMeta TypeOf(const discovery::ApiResource& resource) {
  return {resource.kind, resource.gvr.GroupVersion()};
}

// Whether the path fits the resource's scope: no namespace for cluster-scoped ones, and one for a
// namespaced object.
bool FitsScope(const RequestInfo& info, const discovery::ApiResource& resource) {
  if (!resource.namespaced) return info.name_space.empty();
  return info.name.empty() || !info.name_space.empty();
}

void WarnIfUnhealthy(Exchange& exchange) {
  const discovery::ClusterState* cluster = exchange.clusters->Find(exchange.info.cluster);
  if (cluster == nullptr) return;
  const discovery::Condition* healthy = cluster->FindCondition("ClusterHealthy");
  if (healthy != nullptr && healthy->status == "True") return;
  std::string text =
      exchange.info.cluster + " is not ready and the resources obtained may be inaccurate";
  text += healthy == nullptr ? "." : ", reason: " + healthy->reason;
  exchange.headers.emplace_back("Warning", "299 - \"" + text + "\"");
}

Result<ListFormat::IncludeObject> ParseIncludeObject(const query::UrlQuery& query) {
  const std::string_view text = query.Get("includeObject");
  if (text.empty() || text == "Metadata") return ListFormat::IncludeObject::kMetadata;
  if (text == "None") return ListFormat::IncludeObject::kNone;
  if (text == "Object") return ListFormat::IncludeObject::kObject;
  return BadRequest("Unable to convert to Table as requested: includeObject: Invalid value: \"" +
                    std::string(text) + "\": must be 'Metadata', 'Object', 'None', or empty");
}

Result<ListFormat> TableFormat(const Exchange& exchange, const discovery::ApiResource& resource,
                               const MediaType& media) {
  const Result<ListFormat::IncludeObject> include = ParseIncludeObject(exchange.query);
  if (!include.ok()) return include.status();
  ListFormat format;
  format.rows = ListFormat::Rows::kTable;
  format.type = TypeOf(resource);
  format.meta_version = media.version;
  format.printer = &FindTablePrinter(resource.gvr);
  format.include_object = *include;
  format.now = UnixNow();
  return format;
}

Result<ListFormat> FormatOfList(const Exchange& exchange, const discovery::ApiResource& resource,
                                const MediaType& media) {
  ListFormat format;
  format.type = TypeOf(resource);
  format.meta_version = media.version;
  switch (media.transform) {
    case Transform::kTable:
      return TableFormat(exchange, resource, media);
    case Transform::kPartialObjectMetadata:
      return Status(StatusReason::kNotAcceptable,
                    "you requested PartialObjectMetadata, but the requested object is a list");
    case Transform::kPartialObjectMetadataList:
      format.rows = ListFormat::Rows::kPartialObjects;
      break;
    case Transform::kNone:
    case Transform::kAggregatedDiscovery:
      break;
  }
  return format;
}

void SendObject(Exchange& exchange, const discovery::ApiResource& resource, const MediaType& media,
                std::string_view body) {
  std::string document;
  if (media.transform == Transform::kPartialObjectMetadata) {
    AppendPartialObject(body, media.version, &document);
  } else {
    AppendObject(body, TypeOf(resource), &document);
  }
  SendDocument(exchange, media, document);
}

void SendObjectAsTable(Exchange& exchange, const MediaType& media, ListFormat format,
                       std::string_view body) {
  BodyStream stream(exchange, media);
  ListEncoder encoder(stream, std::move(format));
  encoder.Begin();
  if (!encoder.Row(body)) return;
  encoder.End({.resource_version = ResourceVersionOf(body),
               .continue_token = "",
               .remaining_item_count = {}});
  stream.Finish();
}

ListMetadata MetadataOf(const storage::ListResult& result, const query::ListScope& scope,
                        const query::ListOptions& options) {
  ListMetadata metadata;
  metadata.resource_version = std::to_string(result.revision);
  if (!result.next_key.empty() && options.with_continue.value_or(true)) {
    metadata.continue_token =
        query::FormatContinueToken(query::Fingerprint(scope, options), result.next_key);
  }
  metadata.remaining_item_count = result.remaining_count;
  return metadata;
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
  if (!info.cluster.empty()) WarnIfUnhealthy(exchange);
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
  if (media->transform == Transform::kPartialObjectMetadataList) {
    return SendStatus(
        exchange,
        Status(StatusReason::kNotAcceptable,
               "you requested PartialObjectMetadataList, but the requested object is not a list"));
  }
  const Result<std::string> body = store_.Get(info.cluster, info.gvr, info.name_space, info.name);
  if (!body.ok()) return SendStatus(exchange, body.status());
  if (media->transform != Transform::kTable) return SendObject(exchange, resource, *media, *body);
  Result<ListFormat> format = TableFormat(exchange, resource, *media);
  if (!format.ok()) return SendStatus(exchange, format.status());
  SendObjectAsTable(exchange, *media, *std::move(format), *body);
}

void ResourceHandler::List(Exchange& exchange, const discovery::ApiResource& resource) const {
  const Result<MediaType> media =
      NegotiateMediaType(exchange.request.headers, MediaScope::kObjects);
  if (!media.ok()) return SendStatus(exchange, media.status());
  const query::ListScope scope{exchange.info.gvr, exchange.info.cluster, exchange.info.name_space};
  const Result<query::ListOptions> options = query::ParseListOptions(scope, exchange.query);
  if (!options.ok()) return SendStatus(exchange, options.status());
  Result<ListFormat> format = FormatOfList(exchange, resource, *media);
  if (!format.ok()) return SendStatus(exchange, format.status());
  if (options->only_metadata && format->rows == ListFormat::Rows::kObjects)
    format->rows = ListFormat::Rows::kMetadataOnly;

  BodyStream stream(exchange, *media);
  ListEncoder encoder(stream, *std::move(format));
  const auto result = store_.List(
      scope, *options, [&encoder](int64_t) { encoder.Begin(); }, encoder);
  // A list that cannot be completed must never look complete.
  if (!result.ok() && !stream.started()) return SendStatus(exchange, result.status());
  if (!result.ok() || result->cancelled) return exchange.response->Abort();
  encoder.End(MetadataOf(*result, scope, *options));
  stream.Finish();
}

}  // namespace pedia::apiserver
