#include "apiserver/list_encoder.h"

#include "meta/json_reader.h"

namespace pedia::apiserver {
namespace {

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
  return TypeMembers(format.type.kind + "List", format.type.api_version) + '}';
}

}  // namespace

void ListEncoder::Begin() {
  if (begun_) return;
  begun_ = true;
  stream_.BeginList(HeadOf(format_), format_.rows == ListFormat::Rows::kTable ? "rows" : "items");
}

bool ListEncoder::Row(std::string_view body) {
  scratch_.clear();
  switch (format_.rows) {
    case ListFormat::Rows::kObjects:
      return stream_.Item(body);
    case ListFormat::Rows::kMetadataOnly:
      AppendMetadataOnly(body, format_.type, &scratch_);
      break;
    case ListFormat::Rows::kPartialObjects:
      AppendPartialObject(body, format_.meta_version, &scratch_);
      break;
    case ListFormat::Rows::kTable:
      AppendTableRow(body);
      break;
  }
  return stream_.Item(scratch_);
}

void ListEncoder::AppendTableRow(std::string_view body) {
  scratch_ += '{';
  format_.printer->AppendRowMembers(body, format_.now, &scratch_);
  scratch_ += ",\"object\":";
  switch (format_.include_object) {
    case ListFormat::IncludeObject::kNone:
      scratch_ += "null";
      break;
    case ListFormat::IncludeObject::kMetadata:
      AppendPartialObject(body, format_.meta_version, &scratch_);
      break;
    case ListFormat::IncludeObject::kObject:
      AppendObject(body, format_.type, &scratch_);
      break;
  }
  scratch_ += '}';
}

void ListEncoder::End(const ListMetadata& metadata) {
  Begin();
  std::string text = "{\"metadata\":{\"resourceVersion\":" + JsonString(metadata.resource_version);
  if (!metadata.continue_token.empty())
    text += ",\"continue\":" + JsonString(metadata.continue_token);
  if (metadata.remaining_item_count)
    text += ",\"remainingItemCount\":" + std::to_string(*metadata.remaining_item_count);
  stream_.EndList(text + "}}");
}

}  // namespace pedia::apiserver
