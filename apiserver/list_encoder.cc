#include "apiserver/list_encoder.h"

#include <algorithm>

#include "meta/json_reader.h"

namespace pedia::apiserver {
namespace {

constexpr std::string_view kCollectionApiVersion = "clusterpedia.io/v1beta1";

std::string TypeMembers(std::string_view kind, std::string_view api_version) {
  return "{\"kind\":" + JsonString(kind) + ",\"apiVersion\":" + JsonString(api_version);
}

void AppendColumn(const TableColumn& column, std::string* out) {
  *out += "{\"name\":" + JsonString(column.name) + ",\"type\":" + JsonString(column.type);
  *out += ",\"format\":" + JsonString(column.format) +
          ",\"description\":" + JsonString(column.description);
  *out += ",\"priority\":" + std::to_string(column.priority) + '}';
}

std::string TableHead(const ListFormat& format) {
  std::string text =
      TypeMembers("Table", "meta.k8s.io/" + format.meta_version) + ",\"columnDefinitions\":[";
  bool first = true;
  for (const TableColumn& column : format.printer->columns()) {
    if (!first) text += ',';
    first = false;
    AppendColumn(column, &text);
  }
  return text + "]}";
}

std::string HeadOf(const ListFormat& format) {
  switch (format.rows) {
    case ListFormat::Rows::kTable:
      return TableHead(format);
    case ListFormat::Rows::kPartialObjects:
      return TypeMembers("PartialObjectMetadataList", "meta.k8s.io/" + format.meta_version) + '}';
    case ListFormat::Rows::kObjects:
    case ListFormat::Rows::kMetadataOnly:
      break;
  }
  if (!format.collection.empty())
    return TypeMembers("CollectionResource", kCollectionApiVersion) + '}';
  return TypeMembers(format.type.kind + "List", format.type.api_version) + '}';
}

// Members, each with a comma in front.
std::string PagingMembers(const ListMetadata& metadata) {
  std::string text;
  if (!metadata.continue_token.empty())
    text += ",\"continue\":" + JsonString(metadata.continue_token);
  if (metadata.remaining_item_count)
    text += ",\"remainingItemCount\":" + std::to_string(*metadata.remaining_item_count);
  return text;
}

std::string AnnotationsMember(const ListMetadata& metadata) {
  if (metadata.facets.empty()) return "";
  return ",\"annotations\":{\"search.clusterpedia.io/facets\":" + JsonString(metadata.facets) + '}';
}

void AppendFacet(const storage::FacetCounts& counts, std::string* out) {
  *out += "{\"facet\":" + JsonString(counts.facet) + ",\"values\":[";
  bool first = true;
  for (const auto& [value, count] : counts.values) {
    if (!std::exchange(first, false)) *out += ',';
    *out += "{\"value\":" + JsonString(value) + ",\"count\":" + std::to_string(count) + '}';
  }
  *out += "],\"missing\":" + std::to_string(counts.missing) + '}';
}

}  // namespace

std::string FormatFacets(const storage::ListResult& result) {
  std::string text = "{\"total\":" + std::to_string(result.total) + ",\"facets\":[";
  bool first = true;
  for (const storage::FacetCounts& counts : result.facets) {
    if (!std::exchange(first, false)) text += ',';
    AppendFacet(counts, &text);
  }
  return text + "]}";
}

void ListEncoder::Begin() {
  if (begun_) return;
  begun_ = true;
  stream_.BeginList(HeadOf(format_), format_.rows == ListFormat::Rows::kTable ? "rows" : "items");
}

const TypeMeta& ListEncoder::TypeOf(const storage::RowType& row_type) {
  if (format_.collection.empty()) return format_.type;
  if (latest_ != nullptr && latest_->row_type == &row_type) return latest_->meta;
  const auto found = std::find_if(seen_.begin(), seen_.end(), [&](const SeenType& seen) {
    return seen.row_type == &row_type ||
           (seen.gvr == row_type.gvr && seen.meta.kind == row_type.kind);
  });
  if (found != seen_.end()) {
    latest_ = &*found;
  } else {
    latest_ = &seen_.emplace_back(
        SeenType{&row_type, row_type.gvr, {row_type.kind, row_type.gvr.GroupVersion()}});
  }
  return latest_->meta;
}

std::string_view ListEncoder::WithEvents(const storage::ListRow& row) {
  if (row.events.empty() || !format_.CarriesEvents()) return row.body;
  events_scratch_.clear();
  AppendWithEvents(row.body, row.events, &events_scratch_);
  return events_scratch_;
}

bool ListEncoder::Row(const storage::ListRow& row) {
  const TypeMeta& type = TypeOf(row.type);
  const std::string_view body = WithEvents(row);
  scratch_.clear();
  switch (format_.rows) {
    case ListFormat::Rows::kObjects:
      if (format_.collection.empty())
        return stream_.Item(format_.Converted(body, &conversion_scratch_));
      AppendObject(body, type, &scratch_);
      break;
    case ListFormat::Rows::kMetadataOnly:
      AppendMetadataOnly(format_.Converted(body, &conversion_scratch_), type, &scratch_);
      break;
    case ListFormat::Rows::kPartialObjects:
      AppendPartial(body);
      break;
    case ListFormat::Rows::kTable:
      AppendTableRow(body, type);
      break;
  }
  return stream_.Item(scratch_);
}

void ListEncoder::AppendPartial(std::string_view body) {
  const auto append =
      format_.metadata_without_numbers ? AppendPartialObjectWithoutNumbers : AppendPartialObject;
  append(body, format_.meta_version, &scratch_);
}

void ListEncoder::AppendTableRow(std::string_view body, const TypeMeta& type) {
  scratch_ += '{';
  format_.printer->AppendRowMembers(body, format_.now, &scratch_);
  scratch_ += ",\"object\":";
  switch (format_.include_object) {
    case ListFormat::IncludeObject::kNone:
      scratch_ += "null";
      break;
    case ListFormat::IncludeObject::kMetadata:
      AppendPartial(body);
      break;
    case ListFormat::IncludeObject::kObject:
      AppendObject(format_.Converted(body, &conversion_scratch_), type, &scratch_);
      break;
  }
  scratch_ += '}';
}

std::string ListEncoder::ListTail(const ListMetadata& metadata) const {
  return "{\"metadata\":{\"resourceVersion\":" + JsonString(metadata.resource_version) +
         PagingMembers(metadata) + AnnotationsMember(metadata) + "}}";
}

std::string ListEncoder::ResourceTypes() const {
  std::string text = "[";
  for (const SeenType& seen : seen_) {
    const GroupVersionResource& gvr = seen.gvr;
    if (text.size() > 1) text += ',';
    text += "{\"group\":" + JsonString(gvr.group) + ",\"version\":" + JsonString(gvr.version) +
            ",\"kind\":" + JsonString(seen.meta.kind) +
            ",\"resource\":" + JsonString(gvr.resource) + '}';
  }
  return text + ']';
}

std::string ListEncoder::CollectionTail(const ListMetadata& metadata) const {
  return "{\"metadata\":{\"name\":" + JsonString(format_.collection) +
         ",\"creationTimestamp\":null" + AnnotationsMember(metadata) +
         "},\"resourceTypes\":" + ResourceTypes() + PagingMembers(metadata) + '}';
}

void ListEncoder::End(const ListMetadata& metadata) {
  Begin();
  const bool collection = !format_.collection.empty() && format_.rows != ListFormat::Rows::kTable;
  stream_.EndList(collection ? CollectionTail(metadata) : ListTail(metadata));
}

}  // namespace pedia::apiserver
