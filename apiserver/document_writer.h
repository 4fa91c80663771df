// DocumentWriter: writes one document down as JSON, indented JSON or YAML; a list item by item, so
// that its length does not matter.
#pragma once
#include <string>
#include <string_view>

#include "apiserver/json_indent.h"
#include "apiserver/media_type.h"

namespace pedia::apiserver {

// One thread. Either Document once, or BeginList, Item*, EndList. All JSON given must be
// well-formed; all append to `*out`. Protobuf is written as it is given.
class DocumentWriter {
 public:
  DocumentWriter(BodyFormat format, bool pretty)
      : format_(format), pretty_(pretty && format == BodyFormat::kJson) {}

  void Document(std::string_view json, std::string* out);
  // `head`: the members before the list, a JSON object that is not empty:
  // {"kind":"PodList","apiVersion":"v1"}. `key`: "items".
  void BeginList(std::string_view head, std::string_view key, std::string* out);
  void Item(std::string_view json, std::string* out);
  // `tail`: the members after the list, a JSON object that is not empty.
  void EndList(std::string_view tail, std::string* out);

 private:
  void AppendJson(std::string_view piece, std::string* out);

  const BodyFormat format_;
  const bool pretty_;
  JsonIndenter indenter_;
  std::string key_;
  bool has_items_ = false;
};

}  // namespace pedia::apiserver
