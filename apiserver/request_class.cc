#include "apiserver/request_class.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>
#include <utility>

#include "query/url_query.h"

namespace pedia::apiserver {
namespace {

// kubectl asks for pages of 500.
constexpr int64_t kLargeLimit = 1'000;

constexpr auto kStreams =
    std::to_array<std::string_view>({"attach", "exec", "log", "portforward", "proxy"});

bool HasSmallLimit(const query::UrlQuery& query) {
  const std::string_view text = query.Get("limit");
  int64_t limit = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), limit);
  return error == std::errc() && end == text.data() + text.size() && limit > 0 &&
         limit <= kLargeLimit;
}

bool IsList(const RequestInfo& info) {
  // The objects of a collection resource are those of one name.
  if (info.endpoint == Endpoint::kCollections) return !info.name.empty();
  return info.inner && info.endpoint == Endpoint::kObjects && info.verb == "list";
}

bool IsExempt(const RequestInfo& info) {
  switch (info.endpoint) {
    case Endpoint::kRoot:
    case Endpoint::kHealth:
    case Endpoint::kVersion:
    case Endpoint::kMetrics:
    case Endpoint::kCoreVersions:
    case Endpoint::kGroupList:
    case Endpoint::kGroup:
    case Endpoint::kResourceList:
    case Endpoint::kOpenApiV2:
    case Endpoint::kOpenApiV3:
      return info.verb == "get";
    case Endpoint::kCollections:
    case Endpoint::kObjects:
    case Endpoint::kProxy:
    case Endpoint::kUnknown:
      return false;
  }
  return false;
}

std::string AddressOf(const HttpRequest& request) {
  return '@' + request.remote_address.substr(0, request.remote_address.rfind(':'));
}

}  // namespace

bool IsLongRunning(const RequestInfo& info) {
  if (info.verb == "watch" || info.endpoint == Endpoint::kProxy) return true;
  const std::string_view subresource = info.subresource;
  return info.inner && info.endpoint == Endpoint::kObjects &&
         std::find(kStreams.begin(), kStreams.end(),
                   subresource.substr(0, subresource.find('/'))) != kStreams.end();
}

RequestClass ClassifyRequest(const HttpRequest& request, std::string client) {
  RequestClass result;
  result.client = client.empty() ? AddressOf(request) : std::move(client);
  const Result<query::UrlQuery> query = query::ParseUrlQuery(QueryOfTarget(request.target));
  if (!query.ok()) return result;
  const Result<RequestInfo> info =
      ParseRequestInfo(request.method, PathOfTarget(request.target), AsksForWatch(*query));
  if (!info.ok()) return result;
  result.bulk = IsList(*info) && !HasSmallLimit(*query);
  result.exempt = IsExempt(*info);
  result.long_running = IsLongRunning(*info);
  // A token may have to be asked about, which takes time.
  if (info->endpoint == Endpoint::kHealth && !info->inner && !request.Header("Authorization"))
    result.client.clear();
  return result;
}

}  // namespace pedia::apiserver
