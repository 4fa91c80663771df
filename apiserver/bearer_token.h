// The bearer token of a request: of "Authorization: Bearer abc" "abc".
// Source: RFC 6750, section 2.1.
#pragma once
#include <optional>
#include <string_view>

#include "apiserver/http_server.h"

namespace pedia::apiserver {

// Nothing without the header, for another scheme and for an empty token. Valid as long as `request`.
std::optional<std::string_view> BearerToken(const HttpRequest& request);

}  // namespace pedia::apiserver
