#include "apiserver/proxy_headers.h"

#include <algorithm>
#include <array>
#include <vector>

#include "apiserver/http_wire.h"
#include "kube/server_url.h"

namespace pedia::apiserver {
namespace {

// Of one connection, or of how the body comes over it.
constexpr auto kHopByHop = std::to_array<std::string_view>(
    {"Connection", "Keep-Alive", "Proxy-Authenticate", "Proxy-Authorization", "Proxy-Connection",
     "TE", "Trailer", "Transfer-Encoding", "Upgrade", "HTTP2-Settings", "Content-Length", "Date"});
constexpr auto kNotForMembers = std::to_array<std::string_view>(
    {"Host", "Authorization", "Cookie", "Expect", "Accept", "Content-Type", "Audit-Id"});
constexpr auto kNotForMembersPrefixes =
    std::to_array<std::string_view>({"X-Remote-", "Impersonate-", "X-Clusterpedia-Proxy-"});
constexpr auto kNotForClients =
    std::to_array<std::string_view>({"Set-Cookie", "Alt-Svc", "Strict-Transport-Security"});
constexpr std::string_view kForwardedFor = "X-Forwarded-For";

template <typename Names>
bool IsOneOf(std::string_view name, const Names& names) {
  return std::any_of(names.begin(), names.end(),
                     [&](std::string_view other) { return EqualsIgnoringCase(name, other); });
}

// Headers that Connection names are of the connection, too.
std::vector<std::string_view> ConnectionTokens(const HeaderFields& headers) {
  std::vector<std::string_view> tokens;
  for (const auto& [name, value] : headers) {
    if (!EqualsIgnoringCase(name, "Connection")) continue;
    for (std::string_view rest = value; !rest.empty();) {
      const size_t comma = std::min(rest.find(','), rest.size());
      std::string_view token = rest.substr(0, comma);
      rest.remove_prefix(std::min(comma + 1, rest.size()));
      const size_t first = token.find_first_not_of(" \t");
      if (first == std::string_view::npos) continue;
      tokens.push_back(token.substr(first, token.find_last_not_of(" \t") + 1 - first));
    }
  }
  return tokens;
}

bool IsForMembers(std::string_view name) {
  if (IsOneOf(name, kHopByHop) || IsOneOf(name, kNotForMembers)) return false;
  return std::none_of(kNotForMembersPrefixes.begin(), kNotForMembersPrefixes.end(),
                      [&](std::string_view prefix) {
                        return EqualsIgnoringCase(name.substr(0, prefix.size()), prefix);
                      });
}

// "[::1]:4711" gives "::1".
std::string_view AddressOf(std::string_view remote) {
  remote = remote.substr(0, remote.rfind(':'));
  if (remote.starts_with('[') && remote.ends_with(']'))
    remote = remote.substr(1, remote.size() - 2);
  return remote;
}

// Of "v5.channel.k8s.io, base64url.bearer.authorization.k8s.io.<token>" the first: browsers, which
// cannot add an Authorization header to a WebSocket, put their token here.
std::string WithoutTokens(std::string_view protocols) {
  constexpr std::string_view kToken = "base64url.bearer.authorization.k8s.io.";
  std::string kept;
  while (!protocols.empty()) {
    const size_t comma = protocols.find(',');
    std::string_view protocol = protocols.substr(0, comma);
    protocols.remove_prefix(comma == std::string_view::npos ? protocols.size() : comma + 1);
    protocol.remove_prefix(std::min(protocol.find_first_not_of(" \t"), protocol.size()));
    if (protocol.empty() || EqualsIgnoringCase(protocol.substr(0, kToken.size()), kToken)) continue;
    kept.append(kept.empty() ? "" : ", ").append(protocol);
  }
  return kept;
}

}  // namespace

HeaderFields HeadersToMember(const HttpRequest& request, std::string_view audit_id) {
  const std::vector<std::string_view> of_connection = ConnectionTokens(request.headers);
  HeaderFields headers;
  std::string forwarded_for;
  for (const auto& [name, value] : request.headers) {
    if (EqualsIgnoringCase(name, kForwardedFor)) {
      forwarded_for += value + ", ";
    } else if (EqualsIgnoringCase(name, "Sec-WebSocket-Protocol")) {
      if (std::string kept = WithoutTokens(value); !kept.empty())
        headers.emplace_back(name, std::move(kept));
    } else if (IsForMembers(name) && !IsOneOf(name, of_connection)) {
      headers.emplace_back(name, value);
    }
  }
  headers.emplace_back(kForwardedFor, forwarded_for.append(AddressOf(request.remote_address)));
  if (!audit_id.empty()) headers.emplace_back("Audit-Id", audit_id);
  return headers;
}

std::string TranslateLocation(std::string_view location, const MemberPlace& place) {
  const Result<kube::ServerUrl> server = kube::ParseServerUrl(place.server);
  if (!server.ok()) return std::string(location);
  std::string_view path = location;
  const std::string origin = server->scheme + "://" + server->HostAndPort();
  // The port may be missing if it is the scheme's own.
  for (const std::string& known : {origin, server->scheme + "://" + server->host}) {
    if (!path.starts_with(known)) continue;
    const std::string_view rest = path.substr(known.size());
    if (rest.empty() || rest.starts_with('/')) {
      path = rest.empty() ? "/" : rest;
      break;
    }
  }
  if (!path.starts_with('/') || path.starts_with("//")) return std::string(location);
  const std::string_view below = path.substr(0, server->path.size());
  if (!server->path.empty() && below == server->path && path.substr(below.size()).starts_with('/'))
    path.remove_prefix(below.size());
  return place.prefix + std::string(path);
}

HeaderFields HeadersToClient(const HeaderFields& member, const HeaderFields& own,
                             const MemberPlace& place) {
  const std::vector<std::string_view> of_connection = ConnectionTokens(member);
  HeaderFields headers = own;
  const auto is_own = [&](std::string_view name) {
    return std::any_of(own.begin(), own.end(),
                       [&](const auto& field) { return EqualsIgnoringCase(field.first, name); });
  };
  for (const auto& [name, value] : member) {
    if (IsOneOf(name, kHopByHop) || IsOneOf(name, kNotForClients) || IsOneOf(name, of_connection) ||
        is_own(name))
      continue;
    headers.emplace_back(
        name, EqualsIgnoringCase(name, "Location") ? TranslateLocation(value, place) : value);
  }
  return headers;
}

}  // namespace pedia::apiserver
