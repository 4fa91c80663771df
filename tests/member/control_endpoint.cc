#include "tests/member/control_endpoint.h"

#include <array>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>

#include "tests/member/list_response.h"
#include "tests/member/member_server.h"

namespace pedia::member {
namespace {

using Json = nlohmann::json;

constexpr std::array<std::pair<std::string_view, WatchBreak>, 7> kBreakNames = {
    {{"close", WatchBreak::kClose},
     {"drop", WatchBreak::kDrop},
     {"expire", WatchBreak::kExpire},
     {"error", WatchBreak::kError},
     {"truncate", WatchBreak::kTruncate},
     {"garbage", WatchBreak::kGarbage},
     {"freeze", WatchBreak::kFreeze}}};

std::string DumpOf(const World& world) {
  std::string body = "{";
  for (const auto& [path, object] : world.Dump()) {
    body += (body.size() > 1 ? ",\n\"" : "\n\"") + path + "\":" + object;
  }
  return body + "\n}\n";
}

Json ForwardedOf(const MemberServer& server) {
  Json requests = Json::array();
  for (const apiserver::HttpRequest& request : server.ForwardedRequests()) {
    Json headers = Json::array();
    for (const auto& [name, value] : request.headers) headers.push_back({name, value});
    requests.push_back({{"method", request.method},
                        {"target", request.target},
                        {"headers", headers},
                        {"body", request.body}});
  }
  return requests;
}

Result<Json> BreakWatches(const Json& command, MemberServer& server) {
  const std::string how = command.at("break");
  for (const auto& [name, value] : kBreakNames) {
    if (name != how) continue;
    server.BreakWatches(value, command.value("path", ""));
    return Json::object();
  }
  return BadRequest("unknown way to break a watch '" + how + "'");
}

Result<Json> Faults(std::string_view method, const std::string& body, FaultPlan& faults) {
  if (method == "DELETE") {
    faults.Clear();
    return Json::object();
  }
  if (method == "GET") {
    Json hits = Json::object();
    for (const auto& [id, count] : faults.AllHits()) hits[std::to_string(id)] = count;
    return hits;
  }
  const Result<Fault> fault = ParseFault(body);
  if (!fault.ok()) return fault.status();
  return Json{{"id", faults.Add(*fault)}};
}

Result<Json> Command(std::string_view path, const std::string& body, MemberServer& server,
                     Churn* churn) {
  const Json command = Json::parse(body);
  if (path == "/__watches") return BreakWatches(command, server);
  if (path == "/__world") {
    if (command.value("compact", false)) server.world().Compact();
  } else if (path == "/__churn" && churn != nullptr) {
    if (command.contains("rate")) churn->SetRate(command["rate"]);
    if (command.value("update_all", false)) churn->UpdateAll();
  } else if (path == "/__refuse") {
    server.RefuseFor(std::chrono::milliseconds(command.at("ms").get<int>()));
  } else if (path == "/__discovery") {
    server.SetAggregatedDiscovery(command.at("aggregated"));
  } else {
    return UnknownResource();
  }
  return Json::object();
}

}  // namespace

bool IsControlRequest(const apiserver::HttpRequest& request) {
  return request.target.starts_with("/__");
}

void HandleControl(const apiserver::HttpRequest& request, apiserver::ResponseWriter& response,
                   MemberServer& server, Churn* churn) {
  if (!request.remote_address.starts_with("127.") && !request.remote_address.starts_with("[::1]")) {
    return SendStatus(Forbidden("the control endpoint is for loopback only"), response);
  }
  if (request.target == "/__forwarded") return SendJson(200, ForwardedOf(server).dump(), response);
  if (request.target == "/__dump") return SendJson(200, DumpOf(server.world()), response);
  Result<Json> result = Json::object();
  try {
    result = request.target == "/__faults" ? Faults(request.method, request.body, server.faults())
                                           : Command(request.target, request.body, server, churn);
  } catch (const Json::exception& e) {
    result = BadRequest(std::string("not a command: ") + e.what());
  }
  if (!result.ok()) return SendStatus(result.status(), response);
  SendJson(200, result->dump() + "\n", response);
}

}  // namespace pedia::member
