#include "apiserver/proxy_target.h"

#include <algorithm>
#include <utility>

#include "apiserver/http_wire.h"
#include "discovery/documents.h"
#include "query/label_selector.h"

namespace pedia::apiserver {
namespace {

constexpr std::string_view kForwardLabel = "search.clusterpedia.io/forward";
constexpr std::string_view kResources = "/apis/clusterpedia.io/v1beta1/resources";
// More than anybody decodes.
constexpr int kDecodings = 8;

bool HasDotSegment(std::string_view path) {
  while (true) {
    const size_t end = std::min(path.find('/'), path.size());
    const std::string_view segment = path.substr(0, end);
    if (segment == "." || segment == "..") return true;
    if (end == path.size()) return false;
    path.remove_prefix(end + 1);
  }
}

std::string Join(const std::vector<std::string>& values) {
  std::string text;
  for (const std::string& value : values) text += (text.empty() ? "" : ",") + value;
  return text;
}

std::string RequirementText(const query::LabelRequirement& requirement) {
  using enum query::SelectorOperator;
  const std::string& key = requirement.key;
  const std::string values = Join(requirement.values);
  switch (requirement.op) {
    case kEquals:
      return key + "=" + values;
    case kNotEquals:
      return key + "!=" + values;
    case kIn:
      return key + " in (" + values + ")";
    case kNotIn:
      return key + " notin (" + values + ")";
    case kExists:
      return key;
    case kDoesNotExist:
      return "!" + key;
    case kGreaterThan:
      return key + ">" + values;
    case kLessThan:
      return key + "<" + values;
  }
  return key;
}

// Sorted by key, as Kubernetes writes selectors.
std::string SelectorText(query::LabelSelector selector) {
  std::stable_sort(selector.begin(), selector.end(),
                   [](const auto& a, const auto& b) { return a.key < b.key; });
  std::string text;
  for (const query::LabelRequirement& requirement : selector)
    text += (text.empty() ? "" : ",") + RequirementText(requirement);
  return text;
}

// What stands behind /apis/clusterpedia.io/v1beta1/resources/clusters/<c>, as sent.
std::string_view InnerPath(std::string_view path) {
  for (int segment = 0; segment < 6; ++segment) {
    const size_t next = path.find('/', 1);
    path = next == std::string_view::npos ? std::string_view() : path.substr(next);
  }
  return path;
}

bool AsksForForwarding(const HttpRequest& request) {
  return EqualsIgnoringCase(request.Header("X-Clusterpedia-Forward").value_or(""), "true");
}

bool IsDiscovery(Endpoint endpoint) {
  switch (endpoint) {
    case Endpoint::kHealth:
    case Endpoint::kVersion:
    case Endpoint::kCoreVersions:
    case Endpoint::kGroupList:
    case Endpoint::kGroup:
    case Endpoint::kResourceList:
    case Endpoint::kOpenApiV2:
    case Endpoint::kOpenApiV3:
      return true;
    default:
      return false;
  }
}

const ConnectSubresource* ConnectsTo(const RequestInfo& info) {
  const bool core = info.endpoint == Endpoint::kObjects && info.gvr.group.empty();
  return core ? FindConnectSubresource(info.gvr.resource, info.subresource) : nullptr;
}

bool IsAllowed(const ConnectSubresource& connects, const ProxyOptions& options) {
  return options.subresources.contains(
      std::string(connects.resource).append("/").append(connects.subresource));
}

// The path of the member as a request for it would be parsed.
Result<RequestInfo> MemberInfo(const Exchange& exchange, const std::string& path) {
  const std::string as_inner = std::string(kResources) + "/clusters/member" + path;
  Result<RequestInfo> info =
      ParseRequestInfo(exchange.request.method, as_inner, AsksForWatch(exchange.query));
  if (info.ok()) info->cluster = exchange.info.cluster;
  return info;
}

Status CheckAllowed(const Exchange& exchange, const ProxyTarget& target, ProxyTrigger trigger,
                    const ProxyOptions& options) {
  const RequestInfo& info = target.info;
  if (target.connects != nullptr) {
    const auto& methods = target.connects->methods;
    // A log is nothing but a read; everything else that connects must have been allowed.
    const bool only_reads = info.subresource == "log" && trigger != ProxyTrigger::kSubresource;
    if (!only_reads && !IsAllowed(*target.connects, options)) return UnknownResource();
    if (std::find(methods.begin(), methods.end(), exchange.request.method) == methods.end())
      return MethodNotAllowed();
    if (target.connects->needs_upgrade && !AsksForUpgrade(exchange.request))
      return BadRequest("Upgrade request required");
  }
  if (options.allow_unsynced) return Status();
  if (info.endpoint == Endpoint::kObjects) {
    const bool synced =
        discovery::FindResource(*exchange.clusters, info.cluster, info.gvr) != nullptr;
    return synced ? Status() : UnknownResource();
  }
  const bool any_path = trigger == ProxyTrigger::kPath && info.endpoint != Endpoint::kCollections;
  return any_path || IsDiscovery(info.endpoint) ? Status() : UnknownResource();
}

}  // namespace

bool StaysBelow(std::string_view path) {
  std::string text(path);
  for (int i = 0; i < kDecodings; ++i) {
    if (text.find('\\') != std::string::npos || HasDotSegment(text)) return false;
    std::optional<std::string> decoded = query::DecodePathSegment(text);
    if (!decoded || *decoded == text) return true;
    text = *std::move(decoded);
  }
  return false;
}

std::optional<std::string> WithoutForwardLabel(const query::UrlQuery& query) {
  const Result<query::LabelSelector> parsed = query::ParseLabelSelector(query.Get("labelSelector"));
  if (!parsed.ok()) return std::nullopt;
  query::LabelSelector selector = *parsed;
  const auto removed = std::erase_if(
      selector, [](const auto& requirement) { return requirement.key == kForwardLabel; });
  if (removed == 0) return std::nullopt;
  std::string text;
  bool first_selector = true;
  for (const auto& [name, value] : query.pairs()) {
    const bool is_selector = name == "labelSelector" && std::exchange(first_selector, false);
    const std::string left = is_selector ? SelectorText(selector) : value;
    if (is_selector && left.empty()) continue;
    text.append(text.empty() ? "" : "&").append(query::EncodeUrlComponent(name));
    text.append("=").append(query::EncodeUrlComponent(left));
  }
  return text;
}

ProxyTrigger TriggerOf(const Exchange& exchange, const ProxyOptions& options) {
  const RequestInfo& info = exchange.info;
  if (!options.enabled || !info.inner) return ProxyTrigger::kNone;
  if (info.endpoint == Endpoint::kProxy)
    return options.proxy_path ? ProxyTrigger::kPath : ProxyTrigger::kNone;
  if (AsksForForwarding(exchange.request)) return ProxyTrigger::kHeader;
  if (info.endpoint != Endpoint::kObjects) return ProxyTrigger::kNone;
  const bool reads_many = info.verb == "list" || info.verb == "watch";
  if (reads_many && WithoutForwardLabel(exchange.query)) return ProxyTrigger::kLabel;
  const ConnectSubresource* connects = ConnectsTo(info);
  return connects != nullptr && IsAllowed(*connects, options) ? ProxyTrigger::kSubresource
                                                              : ProxyTrigger::kNone;
}

const ConnectSubresource* ConnectionOf(const Exchange& exchange, ProxyTrigger trigger) {
  if (trigger != ProxyTrigger::kPath) return ConnectsTo(exchange.info);
  const Result<RequestInfo> info = MemberInfo(exchange, exchange.info.proxy_path);
  return info.ok() ? ConnectsTo(*info) : nullptr;
}

Result<ProxyTarget> FindTarget(const Exchange& exchange, ProxyTrigger trigger,
                               const ProxyOptions& options) {
  const std::string& cluster = exchange.info.cluster;
  if (cluster.empty()) return BadRequest("please specify the cluster name when using proxy model.");
  ProxyTarget target;
  const std::string_view path = PathOfTarget(exchange.request.target);
  const bool by_path = trigger == ProxyTrigger::kPath;
  std::string below(by_path ? exchange.info.proxy_path : InnerPath(path));
  target.prefix = path.substr(0, path.size() - below.size());
  if (below.empty()) below = "/";
  if (!StaysBelow(below) || (by_path && below.find("//") != std::string::npos))
    return BadRequest("the path contains segments that are not passed on to a cluster");
  Result<RequestInfo> info =
      by_path ? MemberInfo(exchange, below) : Result<RequestInfo>(exchange.info);
  if (!info.ok()) return info.status();
  target.info = *std::move(info);
  target.connects = ConnectsTo(target.info);
  Status allowed = CheckAllowed(exchange, target, trigger, options);
  if (!allowed.ok()) return allowed;
  const std::string query = trigger == ProxyTrigger::kLabel
                                ? WithoutForwardLabel(exchange.query).value_or("")
                                : std::string(QueryOfTarget(exchange.request.target));
  target.path_and_query = below + (query.empty() ? "" : "?" + query);
  return target;
}

}  // namespace pedia::apiserver
