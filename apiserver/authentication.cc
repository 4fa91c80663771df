#include "apiserver/authentication.h"

#include <openssl/crypto.h>

#include <optional>
#include <string_view>

namespace pedia::apiserver {
namespace {

bool EqualsIgnoringCase(std::string_view text, std::string_view lower) {
  if (text.size() != lower.size()) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c =
        text[i] >= 'A' && text[i] <= 'Z' ? static_cast<char>(text[i] - 'A' + 'a') : text[i];
    if (c != lower[i]) return false;
  }
  return true;
}

// Only the length of the secret can be learnt from the time this takes.
bool EqualsSecret(std::string_view given, std::string_view secret) {
  return given.size() == secret.size() &&
         CRYPTO_memcmp(given.data(), secret.data(), secret.size()) == 0;
}

// The token of "Bearer <token>"; nothing for another scheme.
std::optional<std::string_view> BearerToken(const HttpRequest& request) {
  std::optional<std::string_view> header = request.Header("Authorization");
  if (!header) return {};
  const size_t space = header->find(' ');
  if (space == std::string_view::npos || !EqualsIgnoringCase(header->substr(0, space), "bearer"))
    return {};
  const size_t start = header->find_first_not_of(' ', space);
  return start == std::string_view::npos ? std::string_view() : header->substr(start);
}

bool HasImpersonation(const HttpRequest& request) {
  for (const auto& [name, value] : request.headers) {
    if (name.size() >= 12 &&
        EqualsIgnoringCase(std::string_view(name).substr(0, 12), "impersonate-"))
      return true;
  }
  return false;
}

}  // namespace

Status Authenticate(const HttpRequest& request, const Credentials& accepted) {
  const bool open = accepted.bearer_token.empty() && accepted.client_common_name.empty();
  const bool by_certificate = !accepted.client_common_name.empty() && request.peer &&
                              request.peer->common_name == accepted.client_common_name;
  const std::optional<std::string_view> token = BearerToken(request);
  const bool by_token =
      !accepted.bearer_token.empty() && token && EqualsSecret(*token, accepted.bearer_token);
  if (!open && !by_certificate && !by_token) return Unauthorized();
  if (HasImpersonation(request)) return Forbidden("impersonation is not supported");
  return {};
}

}  // namespace pedia::apiserver
