#include "apiserver/exchange.h"

#include <string>
#include <utility>

#include "apiserver/body_stream.h"
#include "apiserver/document_writer.h"

namespace pedia::apiserver {
namespace {

constexpr size_t kMaxWarningBytes = 1024;

}  // namespace

void AddWarning(Exchange& exchange, std::string_view text) {
  std::string value = "299 - \"";
  for (const char c : text) {
    if (value.size() >= kMaxWarningBytes) break;
    if (c == '"' || c == '\\') value += '\\';
    value += c >= 0x20 && c < 0x7f ? c : '?';
  }
  exchange.headers.emplace_back("Warning", value + '"');
}

void SendStatus(Exchange& exchange, const Status& status) {
  // As YAML only if that is what the client wants best; else JSON, whatever it accepts.
  const Result<MediaType> wanted =
      NegotiateMediaType(exchange.request.headers, MediaScope::kObjects);
  MediaType media;
  if (wanted.ok()) media.format = wanted->format;
  HeaderFields headers = exchange.headers;
  headers.emplace_back("Content-Type", media.ContentType());
  if (status.details() && status.details()->retry_after_seconds > 0) {
    headers.emplace_back("Retry-After", std::to_string(status.details()->retry_after_seconds));
  }
  std::string body;
  DocumentWriter(media.format, false).Document(status.ToJson(), &body);
  exchange.response->Send(status.http_code(), headers, body);
}

bool SendIfUnchanged(Exchange& exchange, std::string_view tag) {
  const std::string quoted = '"' + std::string(tag) + '"';
  exchange.headers.emplace_back("ETag", quoted);
  const std::string_view known = exchange.request.Header("If-None-Match").value_or("");
  if (known != "*" && known.find(quoted) == std::string_view::npos) return false;
  exchange.response->Send(304, exchange.headers, "");
  return true;
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
