#include "apiserver/list_format.h"

#include "discovery/built_in_groups.h"
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

std::string_view ListFormat::Converted(std::string_view body, std::string* scratch) const {
  if (conversion == nullptr) return body;
  scratch->clear();
  return conversion->Append(body, scratch).ok() ? *scratch : body;
}

Status RefusePartialObjectOfList() {
  return {StatusReason::kNotAcceptable,
          "you requested PartialObjectMetadata, but the requested object is a list"};
}

Status RefusePartialListOfObject() {
  return {StatusReason::kNotAcceptable,
          "you requested PartialObjectMetadataList, but the requested object is not a list"};
}

Result<ListFormat> FormatOfObject(const Exchange& exchange, const discovery::ApiResource& resource,
                                  const MediaType& media) {
  if (media.transform == Transform::kPartialObjectMetadataList) return RefusePartialListOfObject();
  Result<ListFormat> format = media.transform == Transform::kTable
                                  ? TableFormat(exchange, media, FindTablePrinter(resource.gvr))
                                  : ListFormat();
  if (!format.ok()) return format;
  if (media.transform == Transform::kPartialObjectMetadata)
    format->rows = ListFormat::Rows::kPartialObjects;
  format->meta_version = media.version;
  const GroupVersionResource& gvr = exchange.info.gvr;
  format->type = {resource.kind, gvr.GroupVersion()};
  format->conversion = convert::FindConversion(convert::StoredVersion(gvr), gvr);
  return format;
}

Result<ListFormat> FormatOfList(const Exchange& exchange, const discovery::ApiResource& resource,
                                const MediaType& media) {
  if (media.transform == Transform::kPartialObjectMetadata) return RefusePartialObjectOfList();
  if (media.transform != Transform::kPartialObjectMetadataList)
    return FormatOfObject(exchange, resource, media);
  ListFormat format;
  format.rows = ListFormat::Rows::kPartialObjects;
  format.meta_version = media.version;
  format.metadata_without_numbers = !discovery::IsBuiltInGroup(resource.gvr.group);
  return format;
}

Result<ListFormat> FormatOfCollection(const Exchange& exchange, const std::string& collection,
                                      const MediaType& media) {
  if (media.transform == Transform::kPartialObjectMetadata) return RefusePartialObjectOfList();
  if (media.transform == Transform::kPartialObjectMetadataList) return RefusePartialListOfObject();
  Result<ListFormat> format = ListFormat();
  if (media.transform == Transform::kTable)
    format = TableFormat(exchange, media, CollectionTablePrinter());
  if (!format.ok()) return format;
  format->collection = collection;
  format->metadata_without_numbers = true;
  return format;
}

}  // namespace pedia::apiserver
