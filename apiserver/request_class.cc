#include "apiserver/request_class.h"

#include <charconv>
#include <string_view>

#include "apiserver/request_info.h"
#include "query/url_query.h"

namespace pedia::apiserver {
namespace {

// kubectl asks for pages of 500.
constexpr int64_t kLargeLimit = 1'000;

bool HasSmallLimit(const query::UrlQuery& query) {
  const std::string_view text = query.Get("limit");
  int64_t limit = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), limit);
  return error == std::errc() && end == text.data() + text.size() && limit > 0 &&
         limit <= kLargeLimit;
}

bool IsBulk(const HttpRequest& request) {
  const Result<query::UrlQuery> query = query::ParseUrlQuery(QueryOfTarget(request.target));
  if (!query.ok() || HasSmallLimit(*query)) return false;
  const Result<RequestInfo> info =
      ParseRequestInfo(request.method, PathOfTarget(request.target), /*watch=*/false);
  if (!info.ok()) return false;
  // The objects of a collection resource are those of one name.
  if (info->endpoint == Endpoint::kCollections) return !info->name.empty();
  return info->inner && info->endpoint == Endpoint::kObjects && info->verb == "list";
}

}  // namespace

RequestClass ClassifyRequest(const HttpRequest& request) {
  RequestClass result;
  if (request.peer) result.client = request.peer->common_name;
  const std::string_view address = request.remote_address;
  result.client += '@';
  result.client += address.substr(0, address.rfind(':'));
  result.bulk = IsBulk(request);
  return result;
}

}  // namespace pedia::apiserver
