// Standard base64 (RFC 4648 section 4), as in kubeconfigs and Secrets.
#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace pedia {

std::string EncodeBase64(std::string_view bytes);
// Line breaks are skipped, as Go does; padding is needed. Nothing for anything else.
std::optional<std::string> DecodeBase64(std::string_view text);

}  // namespace pedia
