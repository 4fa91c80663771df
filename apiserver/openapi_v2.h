// OpenApiV2Builder: one swagger 2.0 document out of documents of OpenAPI v3. Source: OpenAPI
// Specifications 2.0 and 3.0.
#pragma once
#include <string>
#include <string_view>
#include <unordered_set>

#include "apiserver/openapi_document.h"
#include "apiserver/openapi_v2_schema.h"
#include "discovery/openapi_text.h"

namespace pedia::apiserver {

// Memory: what it makes, beside the document that is being added. One thread.
class OpenApiV2Builder {
 public:
  OpenApiV2Builder() = default;
  OpenApiV2Builder(const OpenApiV2Builder&) = delete;
  OpenApiV2Builder& operator=(const OpenApiV2Builder&) = delete;

  // All its schemas, and the `get` of its paths. A schema or path that an earlier document has is
  // passed over. What is not well-formed adds nothing.
  void Add(std::string_view document);
  // JSON. Every reference in it leads somewhere: to nothing in particular, where it led nowhere.
  std::string Finish();

 private:
  void AddPath(const OpenApiMember& path);

  std::string info_;
  std::string paths_text_;
  std::string definitions_text_;
  discovery::ObjectText paths_{&paths_text_};
  discovery::ObjectText definitions_{&definitions_text_};
  std::unordered_set<std::string> seen_paths_;
  SchemaNames defined_;
  SchemaNames references_;
};

}  // namespace pedia::apiserver
