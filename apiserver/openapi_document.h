// OpenAPI v3 documents: their parts, and several of them as one. Source: OpenAPI Specification 3.0.
#pragma once
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pedia::apiserver {

struct OpenApiMember {
  std::string_view key;    // Escapes not decoded.
  std::string_view value;  // JSON.
};

// Views into the document.
struct OpenApiParts {
  std::vector<OpenApiMember> members;     // Of the document, but for `paths` and `components`.
  std::vector<OpenApiMember> paths;       // "/api/v1/pods"
  std::vector<OpenApiMember> schemas;     // "io.k8s.api.core.v1.Pod"
  std::vector<OpenApiMember> components;  // The others.
};

// Empty for what is no JSON object. Pure.
OpenApiParts ReadOpenApiParts(std::string_view document);

// The first document, and what only the others have of paths and schemas. Pure.
std::string MergeOpenApi(std::span<const std::string> documents);

}  // namespace pedia::apiserver
