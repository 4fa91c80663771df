// Any text as the query string of a list: pairs survive being written again, and list options keep
// their promises.
// Sources: query/*.cc meta/*.cc
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "query/continue_token.h"
#include "query/list_options.h"
#include "query/url_query.h"

namespace pedia::query {
namespace {

void Check(bool holds) {
  if (!holds) std::abort();
}

bool IsSorted(const std::vector<std::string>& values) {
  return std::adjacent_find(values.begin(), values.end(), std::greater_equal<>()) == values.end();
}

void CheckNames(const NameSet& names) {
  Check(IsSorted(names.in) && IsSorted(names.not_in) && (names.restricted || names.in.empty()));
}

std::string Format(const UrlQuery& query) {
  std::string text;
  for (const auto& [key, value] : query.pairs()) {
    text += (text.empty() ? "" : "&") + EncodeUrlComponent(key) + "=" + EncodeUrlComponent(value);
  }
  return text;
}

// A token that was made for this query is accepted with it, and leads to the same options
// otherwise.
void CheckNextPage(const ListScope& scope, const UrlQuery& query, const ListOptions& options) {
  const std::string fingerprint = Fingerprint(scope, options);
  Check(fingerprint.size() == 16);
  std::vector<std::pair<std::string, std::string>> pairs = query.pairs();
  std::erase_if(pairs, [](const auto& pair) {
    return pair.first == "continue" || pair.first == "resourceVersionMatch";
  });
  pairs.emplace_back("continue", FormatContinueToken(fingerprint, "key"));
  const Result<ListOptions> next = ParseListOptions(scope, UrlQuery(std::move(pairs)));
  Check(next.ok() && next->start.token_key == "key" && next->start.offset == 0 &&
        Fingerprint(scope, *next) == fingerprint);
}

}  // namespace
}  // namespace pedia::query

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace pedia::query;
  const auto query = ParseUrlQuery({reinterpret_cast<const char*>(data), size});
  if (!query.ok()) return 0;
  const auto again = ParseUrlQuery(Format(*query));
  Check(again.ok() && again->pairs() == query->pairs());

  const ListScope scope{{"apps", "v1", "deployments"}, "", "shop"};
  const auto options = ParseListOptions(scope, *query);
  if (!options.ok()) return 0;
  CheckNames(options->clusters);
  CheckNames(options->namespaces);
  CheckNames(options->names);
  Check(!options->namespaces.restricted && options->namespaces.not_in.empty());
  Check(options->limit >= 0 && options->start.offset >= 0);
  Check(options->start.token_key.empty() || options->start.offset == 0);
  Check(options->order_by.size() <= 11);
  Check(!options->since || !options->before || *options->since <= *options->before);
  CheckNextPage(scope, *query, *options);
  return 0;
}
