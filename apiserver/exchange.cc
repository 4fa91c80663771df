#include "apiserver/exchange.h"

#include <string>
#include <utility>

#include "apiserver/body_stream.h"

namespace pedia::apiserver {

void SendStatus(Exchange& exchange, const Status& status) {
  HeaderFields headers = exchange.headers;
  headers.emplace_back("Content-Type", "application/json");
  if (status.details() && status.details()->retry_after_seconds > 0) {
    headers.emplace_back("Retry-After", std::to_string(status.details()->retry_after_seconds));
  }
  exchange.response->Send(status.http_code(), headers, status.ToJson() + "\n");
}

void SendText(Exchange& exchange, int code, std::string_view text) {
  HeaderFields headers = exchange.headers;
  headers.emplace_back("Content-Type", "text/plain; charset=utf-8");
  headers.emplace_back("X-Content-Type-Options", "nosniff");
  exchange.response->Send(code, headers, text);
}

void SendDocument(Exchange& exchange, const MediaType& media, std::string_view json) {
  BodyStream stream(exchange, media);
  if (stream.Document(json)) stream.Finish();
}

void SendPlainDocument(Exchange& exchange, std::string_view json) {
  const Result<MediaType> media =
      NegotiateMediaType(exchange.request.headers, MediaScope::kDocument);
  if (!media.ok()) return SendStatus(exchange, media.status());
  SendDocument(exchange, *media, json);
}

}  // namespace pedia::apiserver
