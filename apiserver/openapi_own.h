// The OpenAPI description of pedia's own resources: `resources` and `collectionresources`, with the
// parameters of a search. Source: README.md, "All conditions".
#pragma once
#include <span>
#include <string>
#include <string_view>

namespace pedia::apiserver {

// One parameter of a URL.
struct QueryParameter {
  std::string_view name;
  std::string_view type;  // Of OpenAPI: "string", "integer", "boolean".
  std::string_view description;
};

// Of every list.
std::span<const QueryParameter> ListParameters();
// Of collections, beside the former.
std::span<const QueryParameter> CollectionParameters();

// As in the index of /openapi/v3.
inline constexpr std::string_view kOwnOpenApiPath = "apis/clusterpedia.io/v1beta1";
// The document of version 3, JSON.
std::string OwnOpenApi(std::string_view version);

}  // namespace pedia::apiserver
