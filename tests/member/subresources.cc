#include "tests/member/subresources.h"

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "tests/member/list_response.h"
#include "tests/member/stream_session.h"

namespace pedia::member {
namespace {

using apiserver::HttpRequest;
using apiserver::ResponseWriter;
using Json = nlohmann::json;

constexpr uint64_t kLines = 20;
constexpr std::chrono::milliseconds kFollowPause{20};

std::string Line(const RequestPath& path, uint64_t number) {
  std::string line;
  if (path.Parameter("timestamps") == "true") line += "2026-01-02T03:04:05.000000006Z ";
  line += path.Parameter("container").empty() ? "main" : path.Parameter("container");
  if (path.Parameter("previous") == "true") line += " previous";
  return line + " line " + std::to_string(number) + "\n";
}

void SendBytes(uint64_t size, ResponseWriter& response) {
  std::string piece;
  while (piece.size() < 64 * 1024) piece += "0123456789012345678901234567890123456789012345678\n";
  while (size > 0) {
    const size_t part = std::min<uint64_t>(size, piece.size());
    if (!response.Write(std::string_view(piece).substr(0, part))) return;
    size -= part;
  }
  response.Finish();
}

bool AsksForUpgrade(const HttpRequest& request) { return request.Header("Upgrade").has_value(); }

// Behind .../proxy.
void WebServer(const HttpRequest& request, const std::string& behind,
               const std::shared_ptr<ResponseWriter>& response) {
  if (behind == "refuse") return SendStatus(Forbidden("refused by the web server"), *response);
  if (AsksForUpgrade(request)) return EchoRaw(request, *response);
  if (behind == "redirect") {
    const std::string here = request.target.substr(0, request.target.find("/redirect"));
    return response->Send(302, {{"Location", here + "/elsewhere"}, {"Set-Cookie", "a=b"}}, "");
  }
  if (behind.starts_with("bytes/")) {
    response->WriteHead(200, {{"Content-Type", "text/plain"}}, std::nullopt);
    return SendBytes(std::stoull(behind.substr(6)), *response);
  }
  Json headers = Json::array();
  for (const auto& [name, value] : request.headers) headers.push_back({name, value});
  const Json answer = {{"method", request.method},
                       {"target", request.target},
                       {"headers", headers},
                       {"body", request.body}};
  SendJson(200, answer.dump(), *response);
}

}  // namespace

bool Subresources::Handle(const HttpRequest& request, const RequestPath& path,
                          const Response& response) {
  const size_t slash = path.gvr.resource.find('/');
  if (slash == std::string::npos || !path.gvr.group.empty()) return false;
  GroupVersionResource parent = path.gvr;
  parent.resource.resize(slash);
  std::string name = path.gvr.resource.substr(slash + 1);
  const bool proxy = name == "proxy" || name.starts_with("proxy/");
  const bool of_pod = parent.resource == "pods" && (name == "log" || name == "exec" ||
                                                    name == "attach" || name == "portforward");
  if (!proxy && !of_pod) return false;
  if (const auto object = world_.Get(parent, path.name); !object.ok()) {
    SendStatus(object.status(), *response);
  } else if (proxy) {
    WebServer(request, name.substr(std::min<size_t>(name.size(), 6)), response);
  } else if (name == "log") {
    Log(path, response);
  } else if (!AsksForUpgrade(request)) {
    SendStatus(BadRequest("Upgrade request required"), *response);
  } else if (name == "portforward") {
    ForwardPorts(request, *response);
  } else {
    RunCommand(request, path, *response);
  }
  return true;
}

void Subresources::Log(const RequestPath& path, const Response& response) {
  const auto tail = path.Number("tailLines");
  const auto limit = path.Number("limitBytes");
  if (!tail.ok()) return SendStatus(tail.status(), *response);
  if (!limit.ok()) return SendStatus(limit.status(), *response);
  response->WriteHead(200, {{"Content-Type", "text/plain"}}, std::nullopt);
  if (*limit) return SendBytes(**limit, *response);
  const uint64_t lines = std::min(tail->value_or(kLines), kLines);
  for (uint64_t i = kLines - lines; i < kLines; ++i) response->Write(Line(path, i));
  if (path.Parameter("follow") != "true") return response->Finish();
  followers_.With([&](auto& followers) {
    followers.emplace_back([path, response](const std::stop_token& stop) {
      for (uint64_t i = kLines; !stop.stop_requested(); ++i) {
        std::this_thread::sleep_for(kFollowPause);
        if (response->ClientGone() || !response->TryWrite(Line(path, i), 1 << 20)) return;
      }
    });
  });
}

}  // namespace pedia::member
