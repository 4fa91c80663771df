// The body of a list answer, and the continue tokens in it.
// Source: metav1.ListMeta; k8s.io/apiserver/pkg/storage/continue.go (the token's form).
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "apiserver/http_server.h"
#include "tests/member/world.h"

namespace pedia::member {

// {"v":"meta.k8s.io/v1","rv":1386,"start":"team-a/web-0","left":55} in base64url. `left` is this
// simulator's own: the number of objects from `start` on, so that a page need not count them again.
struct ContinueToken {
  std::optional<uint64_t> resource_version;  // Empty (-1 in the token): go on at the newest state.
  std::string start_key;
  std::optional<uint64_t> left;
};
std::string FormatContinueToken(const ContinueToken& token);
// Errors: BadRequest, worded as kube-apiserver's.
Result<ContinueToken> ParseContinueToken(std::string_view text);

// Sends the page, chunked, in pieces of about 64 KB. Built-in kinds: kind, apiVersion, metadata,
// items; custom resources: sorted keys, so that metadata comes after the items, as from
// kube-apiserver.
void SendListPage(const ListPage& page, apiserver::ResponseWriter& response);

// 410 with the token that continues at the newest state, as kube-apiserver sends.
void SendExpiredContinue(const ContinueToken& token, apiserver::ResponseWriter& response);

void SendJson(int code, std::string_view body, apiserver::ResponseWriter& response);
void SendStatus(const Status& status, apiserver::ResponseWriter& response);

}  // namespace pedia::member
