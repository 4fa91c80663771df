// Base64 (RFC 4648): the standard alphabet with padding, and the URL alphabet without.
#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace pedia::member {

std::string EncodeBase64(std::string_view bytes);     // For kubeconfig files.
std::string EncodeBase64Url(std::string_view bytes);  // For continue tokens.
std::optional<std::string> DecodeBase64Url(std::string_view text);

}  // namespace pedia::member
