// ProxyTarget: whether a request goes on to a member cluster, and as which path there.
// Source: Clusterpedia's forwarded requests (X-Clusterpedia-Forward, search.clusterpedia.io/forward).
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "apiserver/exchange.h"
#include "apiserver/proxy_options.h"
#include "meta/result.h"

namespace pedia::apiserver {

// Why a request goes on.
enum class ProxyTrigger { kNone, kHeader, kLabel, kPath, kSubresource };
ProxyTrigger TriggerOf(const Exchange& exchange, const ProxyOptions& options);

// What a request that goes on asks its member for.
struct ProxyTarget {
  RequestInfo info;            // As the member sees it; `cluster` as pedia does.
  std::string path_and_query;  // Encoded as it was sent.
  std::string prefix;          // What pedia's path has in front of it.
  const ConnectSubresource* connects = nullptr;
};

// What the request connects to, whether or not it is allowed; null if nothing. Needs no snapshot.
const ConnectSubresource* ConnectionOf(const Exchange& exchange, ProxyTrigger trigger);

// Errors: BadRequest without a cluster, or for a path that somebody might read as another one: with
// dot segments, encoded however often, backslashes, or empty segments in front of the proxied part;
// 404 for what is not synced or not allowed; 405. Pure.
Result<ProxyTarget> FindTarget(const Exchange& exchange, ProxyTrigger trigger,
                               const ProxyOptions& options);

// Whether no reader of `path` can take it for something that is not below where it is put.
bool StaysBelow(std::string_view path);

// `query` without the requirement that asks for forwarding; nothing if it has none, or has a label
// selector that cannot be read.
std::optional<std::string> WithoutForwardLabel(const query::UrlQuery& query);

}  // namespace pedia::apiserver
