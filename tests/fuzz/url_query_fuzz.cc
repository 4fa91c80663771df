// Any text as a query string: pairs survive being written again.
// Sources: query/url_query.cc query/strconv.cc meta/*.cc
#include <cstdint>
#include <cstdlib>
#include <string>

#include "query/url_query.h"

namespace pedia::query {
namespace {

void Check(bool holds) {
  if (!holds) std::abort();
}

std::string Format(const UrlQuery& query) {
  std::string text;
  for (const auto& [key, value] : query.pairs()) {
    text += (text.empty() ? "" : "&") + EncodeUrlComponent(key) + "=" + EncodeUrlComponent(value);
  }
  return text;
}

}  // namespace
}  // namespace pedia::query

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace pedia::query;
  const auto query = ParseUrlQuery({reinterpret_cast<const char*>(data), size});
  if (!query.ok()) return 0;
  const auto again = ParseUrlQuery(Format(*query));
  Check(again.ok() && again->pairs() == query->pairs());
  for (const auto& [key, value] : query->pairs()) Check(query->Find(key).has_value());
  return 0;
}
