// Standard base64 with padding, as the -data fields of a kubeconfig: "aGVsbG8=". Source: RFC 4648
// section 4.
#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace pedia::kube {

// Line breaks are skipped. Nothing for text that is not base64.
std::optional<std::string> DecodeBase64(std::string_view text);
std::string EncodeBase64(std::string_view bytes);

}  // namespace pedia::kube
