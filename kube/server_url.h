// ServerUrl: the parts of a kube-apiserver's address, "https://10.0.0.1:6443/k8s/c1". Source: RFC
// 3986.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "meta/result.h"

namespace pedia::kube {

struct ServerUrl {
  std::string scheme;  // "https" or "http".
  std::string host;    // "10.0.0.1"; IPv6 in brackets: "[::1]".
  uint16_t port = 0;   // The scheme's own if none was given.
  std::string path;    // "" or "/k8s/c1", no slash at its end.

  std::string HostAndPort() const { return host + ":" + std::to_string(port); }
  std::string ToString() const { return scheme + "://" + HostAndPort() + path; }
};

// Errors: BadRequest saying what is wrong; the text is not quoted, since a URL may hold a password
// (which is refused here).
Result<ServerUrl> ParseServerUrl(std::string_view text);

// `proxy-url`: http, https or socks5 with a host, user and password allowed. Errors as above.
Status CheckProxyUrl(std::string_view text);

// Whether `text` can stand in an HTTP header or URL: no control characters.
bool HasControlCharacters(std::string_view text);

}  // namespace pedia::kube
