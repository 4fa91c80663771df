#include "apiserver/document_writer.h"

#include "apiserver/yaml_writer.h"

namespace pedia::apiserver {

void DocumentWriter::AppendJson(std::string_view piece, std::string* out) {
  if (pretty_) {
    indenter_.Append(piece, out);
  } else {
    out->append(piece);
  }
}

void DocumentWriter::Document(std::string_view json, std::string* out) {
  if (format_ == BodyFormat::kYaml) return AppendYaml(json, out);
  AppendJson(json, out);
  if (format_ == BodyFormat::kJson) *out += '\n';
}

void DocumentWriter::BeginList(std::string_view head, std::string_view key, std::string* out) {
  key_ = key;
  if (format_ == BodyFormat::kYaml) return AppendYaml(head, out);
  AppendJson(head.substr(0, head.size() - 1), out);
  AppendJson(",\"" + key_ + "\":[", out);
}

void DocumentWriter::Item(std::string_view json, std::string* out) {
  if (format_ == BodyFormat::kYaml) {
    if (!has_items_) *out += key_ + ":\n";
    AppendYamlListItem(json, 0, out);
  } else {
    if (has_items_) AppendJson(",", out);
    AppendJson(json, out);
  }
  has_items_ = true;
}

void DocumentWriter::EndList(std::string_view tail, std::string* out) {
  if (format_ == BodyFormat::kYaml) {
    if (!has_items_) *out += key_ + ": []\n";
    return AppendYaml(tail, out);
  }
  AppendJson("],", out);
  AppendJson(tail.substr(1), out);
  *out += '\n';
}

}  // namespace pedia::apiserver
