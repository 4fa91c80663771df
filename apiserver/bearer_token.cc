#include "apiserver/bearer_token.h"

#include "apiserver/http_wire.h"

namespace pedia::apiserver {

std::optional<std::string_view> BearerToken(const HttpRequest& request) {
  std::string_view header = request.Header("Authorization").value_or(std::string_view());
  const auto trim = [&header] {
    while (!header.empty() && header.front() == ' ') header.remove_prefix(1);
    while (!header.empty() && header.back() == ' ') header.remove_suffix(1);
  };
  trim();
  const size_t space = header.find(' ');
  if (space == std::string_view::npos || !EqualsIgnoringCase(header.substr(0, space), "bearer"))
    return std::nullopt;
  header.remove_prefix(space);
  trim();
  return header;
}

}  // namespace pedia::apiserver
