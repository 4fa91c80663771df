// The OpenAPI documents of member clusters on their way in: what of them pedia keeps and serves.
// Source: OpenAPI 3.0 and 2.0 specifications; Kubernetes /openapi/v3 and /openapi/v2.
#pragma once
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "meta/group_version_resource.h"
#include "meta/result.h"

namespace pedia::discovery {

// One entry of the index at /openapi/v3.
struct OpenApiPath {
  std::string path;  // "api/v1", "apis/apps/v1"
  std::string url;   // Where the document is, relative to the server: "/openapi/v3/api/v1?hash=..."
  std::string source;  // The hash in `url`, or all of `url` if it has none.
};

// As in the index: "api/v1", "apis/apps/v1".
std::string OpenApiPathOf(const GroupVersionResource& gvr);

// All pure. Errors: BadRequest for what is no such document.
Result<std::vector<OpenApiPath>> ParseOpenApiIndex(std::string_view json);
// What pedia keeps of the document of one group version, compact: all schemas, and of the paths
// what can be read (no writing methods, no watch paths).
Result<std::string> ReduceOpenApiDocument(std::string_view json);
// The same from the one document of clusters that are too old for /openapi/v3: for each of `paths`
// ("apis/batch/v1beta1") its document in the form of version 3, with the schemas that it needs.
Result<std::map<std::string, std::string>> SplitOpenApiV2(std::string_view json,
                                                          const std::vector<std::string>& paths);
// Whether `source` is the SHA-512 of all of the member's document, as kube-apiserver names them: then
// it means the same whichever cluster says it.
bool NamesContent(std::string_view source, std::string_view json);
// The name of a kept document: SHA-256 in hexadecimal, upper case.
std::string OpenApiHash(std::string_view document);

}  // namespace pedia::discovery
