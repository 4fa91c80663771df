#include "apiserver/exchange.h"

#include <string>
#include <utility>

#include "apiserver/body_stream.h"

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

void WarnIfClusterUnhealthy(Exchange& exchange) {
  const discovery::ClusterState* cluster = exchange.clusters->Find(exchange.info.cluster);
  if (cluster == nullptr) return;
  const discovery::Condition* healthy = cluster->FindCondition("ClusterHealthy");
  if (healthy != nullptr && healthy->status == "True") return;
  std::string text =
      exchange.info.cluster + " is not ready and the resources obtained may be inaccurate";
  text += healthy == nullptr ? "." : ", reason: " + healthy->reason;
  AddWarning(exchange, text);
}

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
