#include "tests/member/list_response.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "tests/member/base64url.h"

namespace pedia::member {
namespace {

using Json = nlohmann::ordered_json;

constexpr size_t kPieceBytes = 64 * 1024;

Status InvalidContinue(std::string_view why) {
  return BadRequest("invalid continue token: continue key is not valid: " + std::string(why));
}

std::string ContinueOf(const ListPage& page) {
  if (page.next_key.empty()) return "";
  return FormatContinueToken({page.resource_version, page.next_key, page.remaining});
}

std::string BuiltInHead(const ListPage& page, const ServedResource& resource) {
  std::string head = R"({"kind":")" + resource.kind + R"(List","apiVersion":")" +
                     resource.gvr.GroupVersion() + R"(","metadata":{"resourceVersion":")" +
                     std::to_string(page.resource_version) + '"';
  if (!page.next_key.empty()) {
    head += R"(,"continue":")" + ContinueOf(page) + '"';
    if (page.remaining > 0) head += R"(,"remainingItemCount":)" + std::to_string(page.remaining);
  }
  return head + R"(},"items":[)";
}

std::string CustomTail(const ListPage& page, const ServedResource& resource) {
  std::string tail = R"(],"kind":")" + resource.kind + R"(List","metadata":{"continue":")" +
                     ContinueOf(page) + '"';
  if (page.remaining > 0) tail += R"(,"remainingItemCount":)" + std::to_string(page.remaining);
  return tail + R"(,"resourceVersion":")" + std::to_string(page.resource_version) + "\"}}\n";
}

}  // namespace

std::string FormatContinueToken(const ContinueToken& token) {
  Json json = {{"v", "meta.k8s.io/v1"}};
  if (token.resource_version) {
    json["rv"] = *token.resource_version;
  } else {
    json["rv"] = -1;
  }
  json["start"] = token.start_key;
  if (token.left) json["left"] = *token.left;
  return EncodeBase64Url(json.dump());
}

Result<ContinueToken> ParseContinueToken(std::string_view text) {
  const std::optional<std::string> bytes = DecodeBase64Url(text);
  if (!bytes) return InvalidContinue("illegal base64 data");
  try {
    const Json json = Json::parse(*bytes);
    if (json.value("v", "") != "meta.k8s.io/v1") {
      return InvalidContinue("server does not recognize this encoded version " +
                             json.value("v", ""));
    }
    ContinueToken token;
    const int64_t version = json.at("rv");
    if (version > 0) token.resource_version = static_cast<uint64_t>(version);
    token.start_key = json.at("start");
    if (json.contains("left")) token.left = json.at("left").get<uint64_t>();
    return token;
  } catch (const Json::exception&) {
    return InvalidContinue("invalid character looking for beginning of value");
  }
}

void SendListPage(const ListPage& page, apiserver::ResponseWriter& response) {
  const ServedResource& resource = *page.renderer->resource;
  response.WriteHead(200, {{"Content-Type", "application/json"}}, std::nullopt);
  std::string piece;
  piece.reserve(kPieceBytes + 16 * 1024);
  piece = resource.custom ? R"({"apiVersion":")" + resource.gvr.GroupVersion() + R"(","items":[)"
                          : BuiltInHead(page, resource);
  bool first = true;
  for (const ObjectVersion& object : page.objects) {
    if (!std::exchange(first, false)) piece.push_back(',');
    page.renderer->AppendItem(object, &piece);
    if (piece.size() < kPieceBytes) continue;
    if (!response.Write(piece)) return;
    piece.clear();
  }
  piece += resource.custom ? CustomTail(page, resource) : "]}\n";
  if (response.Write(piece)) response.Finish();
}

void SendExpiredContinue(const ContinueToken& token, apiserver::ResponseWriter& response) {
  const Json body = {
      {"kind", "Status"},
      {"apiVersion", "v1"},
      {"metadata",
       {{"continue", FormatContinueToken({std::nullopt, token.start_key, token.left})}}},
      {"status", "Failure"},
      {"message",
       "The provided continue parameter is too old to display a consistent list result. You can "
       "start a new list without "
       "the continue parameter, or use the continue token in this response to retrieve the "
       "remainder of the results."},
      {"reason", "Expired"},
      {"code", 410}};
  SendJson(410, body.dump(), response);
}

void SendJson(int code, std::string_view body, apiserver::ResponseWriter& response) {
  response.Send(code, {{"Content-Type", "application/json"}}, body);
}

void SendStatus(const Status& status, apiserver::ResponseWriter& response) {
  SendJson(status.http_code(), status.ToJson(), response);
}

}  // namespace pedia::member
