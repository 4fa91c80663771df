#include "tests/member/member_handler.h"

#include <algorithm>
#include <functional>
#include <nlohmann/json.hpp>
#include <utility>

#include "tests/member/list_response.h"

namespace pedia::member {
namespace {

using apiserver::HttpRequest;
using apiserver::ResponseWriter;

constexpr std::chrono::seconds kDefaultWatchTime{1800};
constexpr std::string_view kAggregatedAccept = "as=APIGroupDiscoveryList";

// The first aggregated version that the client names before it falls back to plain JSON.
DiscoveryFormat FormatOf(std::string_view accept) {
  const size_t at = accept.find(kAggregatedAccept);
  if (at == std::string_view::npos) return DiscoveryFormat::kLegacy;
  const size_t comma = accept.rfind(',', at);
  const size_t begin = comma == std::string_view::npos ? 0 : comma + 1;
  const std::string_view range = accept.substr(begin, accept.find(',', at) - begin);
  return range.find("v=v2beta1") == std::string_view::npos ? DiscoveryFormat::kAggregatedV2
                                                           : DiscoveryFormat::kAggregatedV2Beta1;
}

std::string ContentTypeOf(DiscoveryFormat format) {
  if (format == DiscoveryFormat::kLegacy) return "application/json";
  const std::string version = format == DiscoveryFormat::kAggregatedV2 ? "v2" : "v2beta1";
  return "application/json;g=apidiscovery.k8s.io;v=" + version + ";as=APIGroupDiscoveryList";
}

bool AcceptsJson(const HttpRequest& request) {
  const std::optional<std::string_view> accept = request.Header("Accept");
  return !accept || accept->empty() || accept->find("json") != std::string_view::npos ||
         accept->find("*/*") != std::string_view::npos;
}

void SendFaultStatus(const Fault& fault, const RequestPath& path, ResponseWriter& response) {
  apiserver::HeaderFields headers;
  if (fault.retry_after_seconds > 0)
    headers.emplace_back("Retry-After", std::to_string(fault.retry_after_seconds));
  if (path.kind == RequestKind::kHealth) {
    headers.emplace_back("Content-Type", "text/plain; charset=utf-8");
    response.Send(fault.code, headers,
                  "[-]etcd failed: reason withheld\n" + path.path.substr(1) + " check failed\n");
    return;
  }
  headers.emplace_back("Content-Type", "application/json");
  const StatusReason reason = fault.code == 429   ? StatusReason::kTooManyRequests
                              : fault.code == 410 ? StatusReason::kExpired
                              : fault.code == 404 ? StatusReason::kNotFound
                              : fault.code == 403 ? StatusReason::kForbidden
                              : fault.code == 401 ? StatusReason::kUnauthorized
                              : fault.code == 503 ? StatusReason::kServiceUnavailable
                              : fault.code == 504 ? StatusReason::kTimeout
                                                  : StatusReason::kInternalError;
  response.Send(fault.code, headers, Status(reason, "the simulator was told to fail").ToJson());
}

Result<ListQuery> QueryOf(const RequestPath& path) {
  ListQuery query;
  query.namespace_name = path.name.namespace_name;
  const Result<std::optional<uint64_t>> limit = path.Number("limit");
  if (!limit.ok()) return limit.status();
  query.limit = limit->value_or(0);
  const Result<std::optional<uint64_t>> version = path.Number("resourceVersion");
  if (!version.ok()) return version.status();
  // The watch cache answers "any version" and gives everything at once, whatever the limit.
  if (*version == uint64_t{0} && path.Parameter("continue").empty()) query.limit = 0;
  if (path.Parameter("resourceVersionMatch") == "Exact") query.resource_version = *version;
  return query;
}

// Null: everything.
Result<std::shared_ptr<const ObjectSelector>> SelectorOf(const RequestPath& path) {
  auto selector =
      ObjectSelector::Parse(path.Parameter("labelSelector"), path.Parameter("fieldSelector"),
                            path.gvr.group.empty() && path.gvr.resource == "events");
  if (!selector.ok()) return selector.status();
  std::shared_ptr<const ObjectSelector> shared;
  if (!selector->selects_all())
    shared = std::make_shared<const ObjectSelector>(*std::move(selector));
  return shared;
}

// Clients may leave the namespace to the path.
std::string WithNamespace(const std::string& body, const std::string& name_space) {
  auto object = nlohmann::ordered_json::parse(body, nullptr, false);
  if (name_space.empty() || !object.is_object() || !object["metadata"].is_object()) return body;
  object["metadata"]["namespace"] = name_space;
  return object.dump();
}

}  // namespace

MemberHandler::MemberHandler(World& world, FaultPlan& faults, WatchPump& pump, std::string token)
    : world_(world), faults_(faults), pump_(pump), token_(std::move(token)), subresources_(world) {}

void MemberHandler::Handle(const HttpRequest& request, const Response& response) {
  const RequestPath path = ParseRequestPath(request.method, request.target);
  ++requests_[static_cast<size_t>(path.kind)];
  if (request.Header("X-Forwarded-For")) Remember(request);
  Response answer = response;
  const auto fault = faults_.Match(path.kind, path.path, !path.Parameter("continue").empty());
  if (fault && ApplyFault(*fault, path, &answer)) return;
  // Anybody may ask for the health, but not somebody else than who he says.
  const bool anonymous = !request.Header("Authorization");
  if (path.kind == RequestKind::kHealth && anonymous) return Health(path, answer);
  if (!IsAuthenticated(request)) return SendStatus(Unauthorized(), *answer);
  if (path.kind == RequestKind::kHealth) return Health(path, answer);
  if (subresources_.Handle(request, path, answer)) return;
  if (!AcceptsJson(request)) return SendStatus(NotAcceptable({"application/json"}), *answer);
  Dispatch(request, path, answer, fault.value_or(Fault{}));
}

void MemberHandler::Remember(const HttpRequest& request) {
  constexpr size_t kRemembered = 100;
  forwarded_.With([&](auto& requests) {
    requests.push_back(request);
    if (requests.size() > kRemembered) requests.pop_front();
  });
}

bool MemberHandler::IsAuthenticated(const HttpRequest& request) const {
  if (request.peer) return true;
  const std::optional<std::string_view> authorization = request.Header("Authorization");
  return !token_.empty() && authorization && *authorization == "Bearer " + token_;
}

bool MemberHandler::ApplyFault(const Fault& fault, const RequestPath& path, Response* response) {
  switch (fault.kind) {
    case FaultKind::kStatus:
      SendFaultStatus(fault, path, **response);
      return true;
    case FaultKind::kExpire:
      if (path.kind == RequestKind::kWatch) {
        (*response)->Send(200, {{"Content-Type", "application/json"}},
                          ErrorEventLine(Expired("too old resource version: 1 (2)")));
      } else {
        SendStatus(Expired("The resourceVersion for the provided list is too old."), **response);
      }
      return true;
    case FaultKind::kDrop:
      if (fault.after_bytes > 0) break;
      (*response)->Abort();
      return true;
    case FaultKind::kStall:
      if (fault.after_bytes > 0) break;
      faults_.Hold(*response);
      return true;
    case FaultKind::kSlow:
      if (path.kind == RequestKind::kWatch) return false;
      break;
    case FaultKind::kTruncate:
    case FaultKind::kGarbage:
    case FaultKind::kEndless:
    case FaultKind::kNameless:
      break;
    case FaultKind::kStale:
    case FaultKind::kReplay:
    case FaultKind::kDuplicate:
    case FaultKind::kNoBookmarks:
      return false;
  }
  *response = MakeFaulty(*response, fault, faults_);
  return false;
}

void MemberHandler::Dispatch(const HttpRequest& request, const RequestPath& path,
                             const Response& response, const Fault& fault) {
  if (path.kind == RequestKind::kOpenApi) return OpenApi(request, path, response);
  if (path.kind == RequestKind::kDiscovery) return Discovery(request, path, response);
  const auto resource = world_.FindResource(path.gvr);
  const bool wrong_scope = resource && !resource->namespaced && !path.name.namespace_name.empty();
  const bool no_namespace = resource && resource->namespaced && path.name.namespace_name.empty() &&
                            !path.name.name.empty();
  if (!resource || wrong_scope || no_namespace) return SendStatus(UnknownResource(), *response);
  switch (path.kind) {
    case RequestKind::kGet:
      return Get(path, response);
    case RequestKind::kList:
      return List(path, response, fault);
    case RequestKind::kWatch:
      return StartWatch(path, response, fault);
    default:
      return Write(request, path, response);
  }
}

void MemberHandler::Health(const RequestPath& path, const Response& response) {
  const bool verbose = path.parameters.contains("verbose");
  response->Send(
      200, {{"Content-Type", "text/plain; charset=utf-8"}},
      verbose ? "[+]ping ok\n[+]etcd ok\n" + path.path.substr(1) + " check passed\n" : "ok");
}

void MemberHandler::Discovery(const HttpRequest& request, const RequestPath& path,
                              const Response& response) {
  if (request.method != "GET" && request.method != "HEAD")
    return SendStatus(MethodNotAllowed(), *response);
  if (path.path == "/version") return SendJson(200, world_.VersionDocument(), *response);
  DiscoveryFormat format = FormatOf(request.Header("Accept").value_or(""));
  if (!aggregated_ || (path.path != "/api" && path.path != "/apis"))
    format = DiscoveryFormat::kLegacy;
  const std::optional<std::string> document = world_.DiscoveryDocument(path.path, format);
  if (!document) return SendStatus(UnknownResource(), *response);
  apiserver::HeaderFields headers = {{"Content-Type", ContentTypeOf(format)}};
  if (format != DiscoveryFormat::kLegacy) {
    const std::string etag = '"' + std::to_string(std::hash<std::string>()(*document)) + '"';
    headers.emplace_back("Etag", etag);
    if (request.Header("If-None-Match") == etag) return response->Send(304, headers, "");
  }
  response->Send(200, headers, *document);
}

void MemberHandler::OpenApi(const HttpRequest& request, const RequestPath& path,
                            const Response& response) {
  const OpenApiOffer offer = openapi_;
  const bool offered =
      path.path == "/openapi/v2" ? offer != OpenApiOffer::kNone : offer == OpenApiOffer::kVersion3;
  const auto document = offered ? world_.OpenApi(path.path) : std::nullopt;
  if (!document) return SendStatus(UnknownResource(), *response);
  const std::string asked = path.Parameter("hash");
  if (!asked.empty() && asked != document->hash) {
    const std::string url = path.path + "?hash=" + document->hash;
    return response->Send(301, {{"Location", url}}, "");
  }
  const std::string etag = '"' + document->hash + '"';
  if (!document->hash.empty() && request.Header("If-None-Match") == etag)
    return response->Send(304, {{"Etag", etag}}, "");
  openapi_answers_.With([&](auto& answers) { ++answers[path.path]; });
  apiserver::HeaderFields headers = {{"Content-Type", "application/json"}};
  if (!document->hash.empty()) headers.emplace_back("Etag", etag);
  response->Send(200, headers, document->json);
}

void MemberHandler::Get(const RequestPath& path, const Response& response) {
  const Result<std::string> object = world_.Get(path.gvr, path.name);
  if (!object.ok()) return SendStatus(object.status(), *response);
  SendJson(200, *object, *response);
}

void MemberHandler::List(const RequestPath& path, const Response& response, const Fault& fault) {
  Result<ListQuery> query = QueryOf(path);
  if (!query.ok()) return SendStatus(query.status(), *response);
  const auto selector = SelectorOf(path);
  if (!selector.ok()) return SendStatus(selector.status(), *response);
  query->selector = *selector;
  ContinueToken token;
  const std::string continue_text = path.Parameter("continue");
  if (!continue_text.empty()) {
    Result<ContinueToken> parsed = ParseContinueToken(continue_text);
    if (!parsed.ok()) return SendStatus(parsed.status(), *response);
    token = std::move(*parsed);
    query->start_key = token.start_key;
    query->resource_version = token.resource_version;
    if (token.resource_version) query->remaining = token.left;
  } else if (fault.kind == FaultKind::kStale) {
    const uint64_t now = world_.resource_version();
    query->resource_version = now - std::min(fault.back, now);
    const Result<ListPage> stale = world_.List(path.gvr, *query);
    if (stale.ok()) return SendListPage(*stale, *response);
    query->resource_version.reset();
  }
  const Result<ListPage> page = world_.List(path.gvr, *query);
  if (page.ok()) return SendListPage(*page, *response);
  const bool expired = page.status().reason() == StatusReason::kExpired;
  if (expired && !continue_text.empty()) return SendExpiredContinue(token, *response);
  SendStatus(page.status(), *response);
}

void MemberHandler::StartWatch(const RequestPath& path, const Response& response,
                               const Fault& fault) {
  const Result<std::optional<uint64_t>> version = path.Number("resourceVersion");
  if (!version.ok()) return SendStatus(version.status(), *response);
  const Result<std::optional<uint64_t>> timeout = path.Number("timeoutSeconds");
  if (!timeout.ok()) return SendStatus(timeout.status(), *response);
  const auto selector = SelectorOf(path);
  if (!selector.ok()) return SendStatus(selector.status(), *response);
  Watch watch;
  watch.selector = *selector;
  watch.gvr = path.gvr;
  watch.namespace_name = path.name.namespace_name;
  watch.path = path.path;
  watch.cursor = version->value_or(0);
  if (fault.kind == FaultKind::kReplay && watch.cursor > fault.back) watch.cursor -= fault.back;
  watch.bookmarks =
      fault.kind != FaultKind::kNoBookmarks && (path.Parameter("allowWatchBookmarks") == "true" ||
                                                path.Parameter("allowWatchBookmarks") == "1");
  watch.deadline =
      Watch::Clock::now() + (*timeout ? std::chrono::seconds(**timeout) : kDefaultWatchTime);
  watch.duplicates = fault.kind == FaultKind::kDuplicate;
  if (fault.kind == FaultKind::kSlow) watch.event_delay = fault.delay;
  watch.response = response;
  if (watch.cursor == 0) {
    Result<ListPage> page = world_.List(
        path.gvr, {path.name.namespace_name, 0, "", std::nullopt, std::nullopt, watch.selector});
    if (!page.ok()) return SendStatus(page.status(), *response);
    watch.cursor = page->resource_version;
    watch.initial = std::move(*page);
  }
  response->WriteHead(200, {{"Content-Type", "application/json"}}, std::nullopt);
  pump_.Add(std::move(watch));
}

// POST to a collection and PUT to an object put the body; DELETE deletes. Everything else is not
// simulated.
void MemberHandler::Write(const HttpRequest& request, const RequestPath& path,
                          const Response& response) {
  if (request.method == "DELETE" && !path.name.name.empty()) {
    const Result<std::string> last = world_.Get(path.gvr, path.name);
    const Result<uint64_t> deleted = world_.Delete(path.gvr, path.name);
    if (!deleted.ok()) return SendStatus(deleted.status(), *response);
    return SendJson(200, last.ok() ? *last : "{}", *response);
  }
  if (request.method != "PUT" && request.method != "POST")
    return SendStatus(MethodNotAllowed(), *response);
  const auto resource = world_.FindResource(path.gvr);
  if (!resource) return SendStatus(UnknownResource(), *response);
  const std::string body = WithNamespace(request.body, path.name.namespace_name);
  const Result<ObjectText> object = NormalizeObject(*resource, body, std::nullopt);
  if (!object.ok()) return SendStatus(object.status(), *response);
  const bool exists = world_.Get(path.gvr, object->name).ok();
  if (request.method == "POST" && exists) {
    return SendStatus(
        Status(StatusReason::kAlreadyExists,
               path.gvr.GroupResource() + " \"" + object->name.name + "\" already exists"),
        *response);
  }
  if (request.method == "PUT" && !exists) {
    return SendStatus(NotFound(path.gvr.group, path.gvr.resource, object->name.name), *response);
  }
  const Result<uint64_t> put = world_.Put(path.gvr, body);
  if (!put.ok()) return SendStatus(put.status(), *response);
  const Result<std::string> stored = world_.Get(path.gvr, object->name);
  SendJson(exists ? 200 : 201, stored.ok() ? *stored : "{}", *response);
}

}  // namespace pedia::member
