#include "apiserver/list_format.h"

#include "meta/time.h"

namespace pedia::apiserver {
namespace {

Result<ListFormat::IncludeObject> ParseIncludeObject(const query::UrlQuery& query) {
  const std::string_view text = query.Get("includeObject");
  if (text.empty() || text == "Metadata") return ListFormat::IncludeObject::kMetadata;
  if (text == "None") return ListFormat::IncludeObject::kNone;
  if (text == "Object") return ListFormat::IncludeObject::kObject;
  return BadRequest("Unable to convert to Table as requested: includeObject: Invalid value: \"" +
                    std::string(text) + "\": must be 'Metadata', 'Object', 'None', or empty");
}

// A Table of what `printer` prints.
Result<ListFormat> TableFormat(const Exchange& exchange, const MediaType& media,
                               const TablePrinter& printer) {
  const Result<ListFormat::IncludeObject> include = ParseIncludeObject(exchange.query);
  if (!include.ok()) return include.status();
  ListFormat format;
  format.rows = ListFormat::Rows::kTable;
  format.meta_version = media.version;
  format.printer = {std::shared_ptr<const TablePrinter>(), &printer};  // Lives for ever.
  format.include_object = *include;
  format.now = UnixNow();
  return format;
}

}  // namespace

Status RefusePartialObjectOfList() {
  return {StatusReason::kNotAcceptable,
          "you requested PartialObjectMetadata, but the requested object is a list"};
}

Status RefusePartialListOfObject() {
  return {StatusReason::kNotAcceptable,
          "you requested PartialObjectMetadataList, but the requested object is not a list"};
}

Result<ListFormat> FormatOfTable(const Exchange& exchange, const discovery::ApiResource& resource,
                                 const MediaType& media) {
  Result<ListFormat> format = TableFormat(exchange, media, FindTablePrinter(resource.gvr));
  if (format.ok()) format->type = {resource.kind, resource.gvr.GroupVersion()};
  return format;
}

Result<ListFormat> FormatOfList(const Exchange& exchange, const discovery::ApiResource& resource,
                                const MediaType& media) {
  ListFormat format;
  format.type = {resource.kind, resource.gvr.GroupVersion()};
  format.meta_version = media.version;
  switch (media.transform) {
    case Transform::kTable:
      return FormatOfTable(exchange, resource, media);
    case Transform::kPartialObjectMetadata:
      return RefusePartialObjectOfList();
    case Transform::kPartialObjectMetadataList:
      format.rows = ListFormat::Rows::kPartialObjects;
      break;
    case Transform::kNone:
    case Transform::kAggregatedDiscovery:
      break;
  }
  return format;
}

Result<ListFormat> FormatOfCollection(const Exchange& exchange, const std::string& collection,
                                      const MediaType& media) {
  if (media.transform == Transform::kPartialObjectMetadata) return RefusePartialObjectOfList();
  if (media.transform == Transform::kPartialObjectMetadataList) return RefusePartialListOfObject();
  Result<ListFormat> format = ListFormat();
  if (media.transform == Transform::kTable)
    format = TableFormat(exchange, media, CollectionTablePrinter());
  if (format.ok()) format->collection = collection;
  return format;
}

}  // namespace pedia::apiserver
