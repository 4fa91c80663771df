#include "kube/server_url.h"

#include <algorithm>
#include <charconv>

namespace pedia::kube {
namespace {

bool IsHostCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.' || c == '_';
}
bool IsAddressCharacter(char c) {
  return (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') || (c >= '0' && c <= '9') || c == ':' ||
         c == '.' || c == '%';
}

// Takes "host", "host:port", "[::1]:port" apart; the port stays 0 if there is none.
Status ParseAuthority(std::string_view authority, ServerUrl* url) {
  size_t host_end = authority.find(':');
  bool valid;
  if (authority.starts_with('[')) {
    const size_t bracket = authority.find(']');
    if (bracket == std::string_view::npos) return BadRequest("has an IPv6 address without ']'");
    host_end = bracket + 1;
    const std::string_view address = authority.substr(1, bracket - 1);
    valid = !address.empty() && std::all_of(address.begin(), address.end(), IsAddressCharacter);
  } else {
    host_end = std::min(host_end, authority.size());
    const std::string_view host = authority.substr(0, host_end);
    valid = !host.empty() && std::all_of(host.begin(), host.end(), IsHostCharacter);
  }
  if (!valid) return BadRequest("has no valid host");
  url->host = authority.substr(0, host_end);
  const std::string_view rest = authority.substr(host_end);
  if (rest.empty()) return Status();
  const std::string_view digits = rest.substr(1);
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), url->port);
  if (rest.front() != ':' || error != std::errc() || end != digits.data() + digits.size() ||
      url->port == 0) {
    return BadRequest("has no valid port");
  }
  return Status();
}

}  // namespace

bool HasControlCharacters(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 0x7f; });
}

Result<ServerUrl> ParseServerUrl(std::string_view text) {
  ServerUrl url;
  const size_t separator = text.find("://");
  if (separator == std::string_view::npos) return BadRequest("has no scheme");
  url.scheme = text.substr(0, separator);
  if (url.scheme != "https" && url.scheme != "http") return BadRequest("is neither https nor http");
  text.remove_prefix(separator + 3);
  if (HasControlCharacters(text) || text.find_first_of(" \"<>\\^`{|}") != std::string_view::npos) {
    return BadRequest("has characters that are not valid in a URL");
  }
  if (text.find_first_of("?#") != std::string_view::npos)
    return BadRequest("has a query or fragment");
  const std::string_view authority = text.substr(0, text.find('/'));
  if (authority.find('@') != std::string_view::npos)
    return BadRequest("has a user or password in the URL");
  if (const Status status = ParseAuthority(authority, &url); !status.ok()) return status;
  if (url.port == 0) url.port = url.scheme == "https" ? 443 : 80;
  url.path = text.substr(authority.size());
  while (url.path.ends_with('/')) url.path.pop_back();
  return url;
}

Status CheckProxyUrl(std::string_view text) {
  const size_t separator = text.find("://");
  const std::string_view scheme = text.substr(0, separator);
  if (separator == std::string_view::npos ||
      (scheme != "http" && scheme != "https" && scheme != "socks5" && scheme != "socks5h")) {
    return BadRequest("is not an http, https or socks5 URL");
  }
  if (HasControlCharacters(text)) return BadRequest("has characters that are not valid in a URL");
  std::string_view authority = text.substr(separator + 3);
  authority = authority.substr(0, authority.find_first_of("/?#"));
  if (const size_t at = authority.rfind('@'); at != std::string_view::npos)
    authority.remove_prefix(at + 1);
  ServerUrl ignored;
  return ParseAuthority(authority, &ignored);
}

}  // namespace pedia::kube
