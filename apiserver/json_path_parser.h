// Reads the text of a JSONPath. Private to json_path.cc. Source: k8s.io/client-go/util/jsonpath
// parser.go.
#pragma once
#include <optional>
#include <string_view>

#include "apiserver/json_path.h"

namespace pedia::apiserver {

// The steps of ".spec.size"; nothing if `text` is no path. Pure.
std::optional<JsonPath::Steps> ParseJsonPathSteps(std::string_view text);

}  // namespace pedia::apiserver
