// How OpenAPI version 2 says what version 3 says. Private to ServedOpenApi.
#pragma once
#include <nlohmann/json.hpp>

namespace pedia::member {

// `document` of version 3 becomes a part of `all`, a document of version 2.
void AddToVersion2(const nlohmann::ordered_json& document, nlohmann::ordered_json* all);

}  // namespace pedia::member
