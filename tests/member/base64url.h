// Base64 with the URL alphabet, without padding (RFC 4648 section 5); for continue tokens.
#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace pedia::member {

std::string EncodeBase64Url(std::string_view bytes);
std::optional<std::string> DecodeBase64Url(std::string_view text);

}  // namespace pedia::member
