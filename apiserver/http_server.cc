#include "apiserver/http_server.h"

#include "apiserver/http_wire.h"

namespace pedia::apiserver {

std::optional<std::string_view> HttpRequest::Header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (EqualsIgnoringCase(key, name)) return value;
  }
  return std::nullopt;
}

void ResponseWriter::Send(int status, const HeaderFields& headers, std::string_view body) {
  WriteHead(status, headers, body.size());
  if (!body.empty()) Write(body);
  Finish();
}

}  // namespace pedia::apiserver
