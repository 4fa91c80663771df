#include "kube/endpoint.h"

#include <cstdlib>

#include "kube/server_url.h"

namespace pedia::kube {
namespace {

std::string Environment(const char* name, const char* other_name) {
  const char* value = std::getenv(name);
  if (value == nullptr || *value == '\0') value = std::getenv(other_name);
  return value == nullptr ? "" : value;
}

bool IsLoopback(const std::string& host) {
  return host == "localhost" || host == "[::1]" || host.starts_with("127.");
}

// As Go's httpproxy: proxy-url goes for every request; the environment's never for loopback
// addresses.
void ChooseProxy(const ServerUrl& server, Endpoint* endpoint) {
  endpoint->proxy_url = endpoint->config->proxy_url;
  if (endpoint->proxy_url.empty() && !IsLoopback(server.host)) {
    endpoint->proxy_url = server.scheme == "https" ? Environment("HTTPS_PROXY", "https_proxy")
                                                   : Environment("HTTP_PROXY", "http_proxy");
    endpoint->no_proxy = Environment("NO_PROXY", "no_proxy");
    if (!endpoint->proxy_url.empty() && endpoint->proxy_url.find("://") == std::string::npos) {
      endpoint->proxy_url.insert(0, "http://");
    }
  }
  // In Go socks5 lets the proxy resolve the name; in curl that is socks5h.
  if (endpoint->proxy_url.starts_with("socks5://")) endpoint->proxy_url.insert(6, "h");
}

Status AddHeader(const std::string& name, const std::string& value, Endpoint* endpoint) {
  if (HasControlCharacters(name) || HasControlCharacters(value) ||
      name.find(':') != std::string::npos) {
    return ServiceUnavailable("the impersonated user has characters that cannot stand in a header");
  }
  endpoint->headers.push_back(name + ": " + value);
  return Status();
}

// Keys may have any characters: those that a header's name may not have are percent-encoded.
std::string EncodeExtraKey(const std::string& key) {
  std::string encoded;
  for (const char c : key) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '.' || c == '_';
    if (plain) {
      encoded.push_back(c);
    } else {
      constexpr const char* kHex = "0123456789ABCDEF";
      const auto byte = static_cast<unsigned char>(c);
      encoded += {'%', kHex[byte >> 4], kHex[byte & 15]};
    }
  }
  return encoded;
}

Status AddImpersonation(Endpoint* endpoint) {
  const RestConfig& config = *endpoint->config;
  std::vector<std::pair<std::string, std::string>> headers;
  if (!config.impersonate_user.empty())
    headers.emplace_back("Impersonate-User", config.impersonate_user);
  if (!config.impersonate_uid.empty())
    headers.emplace_back("Impersonate-Uid", config.impersonate_uid);
  for (const std::string& group : config.impersonate_groups)
    headers.emplace_back("Impersonate-Group", group);
  for (const auto& [key, value] : config.impersonate_extra) {
    headers.emplace_back("Impersonate-Extra-" + EncodeExtraKey(key), value);
  }
  for (const auto& [name, value] : headers) {
    if (const Status status = AddHeader(name, value, endpoint); !status.ok()) return status;
  }
  return Status();
}

}  // namespace

Result<Endpoint> MakeEndpoint(std::shared_ptr<const RestConfig> config) {
  Endpoint endpoint;
  endpoint.config = std::move(config);
  Result<ServerUrl> server = ParseServerUrl(endpoint.config->server);
  if (!server.ok()) return ServiceUnavailable("the server's URL " + server.status().message());
  endpoint.display_url = endpoint.base_url = server->ToString();
  if (const std::string& name = endpoint.config->tls_server_name; !name.empty()) {
    // TLS asks for and checks the host of the URL, so the URL gets the name, and the connection the
    // address.
    endpoint.connect_to = name + ":" + std::to_string(server->port) + ":" + server->HostAndPort();
    endpoint.headers.push_back("Host: " + server->HostAndPort());
    ServerUrl named = *server;
    named.host = name;
    endpoint.base_url = named.ToString();
  }
  ChooseProxy(*server, &endpoint);
  if (const Status status = AddImpersonation(&endpoint); !status.ok()) return status;
  return endpoint;
}

}  // namespace pedia::kube
