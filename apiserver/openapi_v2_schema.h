// Schemas of OpenAPI v3 as version 2 says them, in the way in which kube-apiserver does. Source:
// OpenAPI Specifications 2.0 and 3.0; Kubernetes API conventions.
#pragma once
#include <set>
#include <string>
#include <string_view>

namespace pedia::apiserver {

// Names of schemas as they stand in the JSON text, escapes not decoded.
using SchemaNames = std::set<std::string, std::less<>>;

// Appends `schema`, JSON. References lead to "#/definitions/<name>", also an `allOf` of nothing but
// one. What version 2 cannot say goes: alternatives, `nullable`, keywords of a wrong type; so do
// defaults. Where that would make a client refuse what the cluster takes (what may be null, or have
// unknown fields), nothing is said of the members either. `*references` gets the names. Pure.
void AppendV2Schema(std::string_view schema, SchemaNames* references, std::string* out);

}  // namespace pedia::apiserver
