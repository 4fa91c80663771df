#include "apiserver/api_server.h"

#include <exception>
#include <string>
#include <utility>

#include "apiserver/access_check.h"
#include "apiserver/collection_handler.h"
#include "apiserver/discovery_handler.h"
#include "apiserver/exchange.h"
#include "apiserver/fine_grained_access.h"
#include "apiserver/fixed_credentials.h"
#include "apiserver/health_handler.h"
#include "apiserver/list_streamer.h"
#include "apiserver/metered_writer.h"
#include "apiserver/openapi_handler.h"
#include "apiserver/pedia_cluster_handler.h"
#include "apiserver/printer_lookup.h"
#include "apiserver/request_info.h"
#include "apiserver/resource_handler.h"
#include "meta/json_reader.h"
#include "meta/log.h"
#include "meta/trace_context.h"

namespace pedia::apiserver {
namespace {

constexpr std::string_view kPaths =
    R"({"paths":["/apis","/apis/clusterpedia.io","/apis/clusterpedia.io/v1beta1","/healthz","/livez","/metrics","/openapi/v2","/openapi/v3","/openapi/v3/apis/clusterpedia.io/v1beta1","/readyz","/version"]})";

// "v0.1.0" gives {"0", "1"}.
std::pair<std::string, std::string> MajorMinor(std::string_view git_version) {
  if (!git_version.empty() && git_version[0] == 'v') git_version.remove_prefix(1);
  const size_t dot = git_version.find('.');
  if (dot == std::string_view::npos) return {"", ""};
  const std::string_view rest = git_version.substr(dot + 1);
  return {std::string(git_version.substr(0, dot)),
          std::string(rest.substr(0, rest.find_first_not_of("0123456789")))};
}

std::string VersionDocument(const VersionInfo& version) {
  const auto [major, minor] = MajorMinor(version.git_version);
  return "{\"major\":" + JsonString(major) + ",\"minor\":" + JsonString(minor) +
         ",\"gitVersion\":" + JsonString(version.git_version) +
         ",\"gitCommit\":" + JsonString(version.git_commit) +
         ",\"gitTreeState\":\"\",\"buildDate\":" + JsonString(version.build_date) +
         ",\"goVersion\":\"\",\"compiler\":\"c++\",\"platform\":\"linux/amd64\"}";
}

bool IsReadable(const Exchange& exchange) {
  const std::string& method = exchange.request.method;
  const bool head_too =
      exchange.info.endpoint == Endpoint::kHealth || exchange.info.endpoint == Endpoint::kMetrics;
  return method == "GET" || (method == "HEAD" && head_too && !exchange.info.inner);
}

}  // namespace

class ApiServer::Core {
 public:
  Core(storage::Store& store, discovery::Registry& registry, ApiServerOptions options)
      : store_(store),
        registry_(registry),
        options_(std::move(options)),
        access_(options_.authenticator ? *options_.authenticator : everybody_,
                options_.authorizer ? *options_.authorizer : masters_),
        lists_(store),
        printers_(store),
        resources_(store, lists_, printers_),
        collections_(CollectionCatalog(options_.collections), lists_),
        openapi_(store, options_.version.git_version) {}

  void Handle(const HttpRequest& request, const std::shared_ptr<ResponseWriter>& response,
              bool metrics_port);

 private:
  void Route(Exchange& exchange, bool metrics_port);
  Status RefuseMethod(const RequestInfo& info) const;
  void RouteOuter(Exchange& exchange);
  void RouteInner(Exchange& exchange);
  void RouteOuterObjects(Exchange& exchange);
  void SendMetrics(Exchange& exchange);
  bool SendDebugPage(Exchange& exchange);  // False: there is none with that path.
  void SendMemberVersion(Exchange& exchange);

  storage::Store& store_;
  discovery::Registry& registry_;
  const ApiServerOptions options_;
  FixedCredentials everybody_{{}};
  MastersAuthorizer masters_;
  const AccessCheck access_;
  ListStreamer lists_;
  PrinterLookup printers_;
  const ResourceHandler resources_;
  const CollectionHandler collections_;
  OpenApiHandler openapi_;
  const std::shared_ptr<RequestJournal> journal_ =
      std::make_shared<RequestJournal>(RequestJournal::Options{
          .audit = options_.audit, .slow_threshold = options_.slow_request_threshold});
};

void ApiServer::Core::Handle(const HttpRequest& request,
                             const std::shared_ptr<ResponseWriter>& response, bool metrics_port) {
  const auto writer = std::make_shared<MeteredWriter>(response, journal_, ReportOf(request));
  RequestReport& report = writer->report();
  const TraceScope trace(report.traceparent);
  Exchange exchange{request, writer};
  exchange.headers = {{"Audit-Id", report.id}, {"Cache-Control", "no-cache, private"}};
  try {
    Route(exchange, metrics_port);
  } catch (const std::exception& error) {
    report.panicked = true;
    LogError("request " + exchange.info.verb + " failed: " + error.what());
    if (writer->head_written()) {
      writer->Abort();
    } else {
      SendStatus(exchange, InternalError("the request could not be handled"));
    }
  }
  report.info = std::move(exchange.info);
  report.caller = std::move(exchange.caller);
  report.names_resource = exchange.names_resource;
}

void ApiServer::Core::Route(Exchange& exchange, bool metrics_port) {
  const HttpRequest& request = exchange.request;
  Result<query::UrlQuery> query = query::ParseUrlQuery(QueryOfTarget(request.target));
  const bool watch = query.ok() && AsksForWatch(*query);
  Result<RequestInfo> info = ParseRequestInfo(request.method, PathOfTarget(request.target), watch);
  if (info.ok()) exchange.info = *std::move(info);
  if (!info.ok()) return SendStatus(exchange, info.status());
  if (query.ok()) exchange.query = *std::move(query);
  exchange.clusters = registry_.Get();
  const bool goes_on = !metrics_port && options_.proxy && options_.proxy->Wants(exchange);
  const std::string_view method =
      goes_on ? options_.proxy->AuthorizedMethod(exchange) : std::string_view(request.method);
  if (!metrics_port) {
    if (Status status = access_.Admit(exchange, method, watch); !status.ok())
      return SendStatus(exchange, status);
  }
  exchange.access = options_.fine_grained;
  if (goes_on && exchange.access != nullptr) {
    const Status status =
        exchange.access->CheckProxied(exchange.caller.user, exchange.info, method, watch);
    if (!status.ok()) return SendStatus(exchange, status);
  }
  if (goes_on) return options_.proxy->Handle(exchange, exchange.caller.user);
  if (!IsReadable(exchange)) return SendStatus(exchange, RefuseMethod(exchange.info));
  if (!query.ok()) return SendStatus(exchange, query.status());
  if (metrics_port && SendDebugPage(exchange)) return;
  const bool operational =
      exchange.info.endpoint == Endpoint::kHealth || exchange.info.endpoint == Endpoint::kMetrics;
  if (metrics_port && (exchange.info.inner || !operational))
    return SendStatus(exchange, UnknownResource());
  exchange.info.inner ? RouteInner(exchange) : RouteOuter(exchange);
}

// Where members can be written to, it is the resource that lacks the verb.
Status ApiServer::Core::RefuseMethod(const RequestInfo& info) const {
  const bool of_member = options_.proxy && info.inner && info.endpoint == Endpoint::kObjects;
  return of_member ? MethodNotSupported(info.verb, info.gvr.GroupResource()) : MethodNotAllowed();
}

void ApiServer::Core::RouteOuter(Exchange& exchange) {
  switch (exchange.info.endpoint) {
    case Endpoint::kRoot:
      return SendPlainDocument(exchange, kPaths);
    case Endpoint::kHealth:
      return HandleHealth(exchange, options_.ready_checks);
    case Endpoint::kVersion:
      return SendPlainDocument(exchange, VersionDocument(options_.version));
    case Endpoint::kMetrics:
      return SendMetrics(exchange);
    case Endpoint::kCoreVersions:
    case Endpoint::kGroupList:
    case Endpoint::kGroup:
    case Endpoint::kResourceList:
      return HandleDiscovery(exchange, options_.proxy ? options_.proxy->options() : ProxyOptions());
    case Endpoint::kCollections:
      return collections_.Handle(exchange);
    case Endpoint::kOpenApiV2:
    case Endpoint::kOpenApiV3:
      return openapi_.Handle(exchange);
    case Endpoint::kObjects:
      return RouteOuterObjects(exchange);
    case Endpoint::kProxy:
    case Endpoint::kUnknown:
      break;
  }
  SendStatus(exchange, UnknownResource());
}

void ApiServer::Core::RouteOuterObjects(Exchange& exchange) {
  const GroupVersionResource& gvr = exchange.info.gvr;
  if (gvr == GroupVersionResource{"cluster.clusterpedia.io", "v1alpha2", "pediaclusters"}) {
    exchange.names_resource = true;
    return HandlePediaClusters(exchange);
  }
  SendStatus(exchange, UnknownResource());
}

void ApiServer::Core::RouteInner(Exchange& exchange) {
  const RequestInfo& info = exchange.info;
  if (!info.cluster.empty() && exchange.clusters->Find(info.cluster) == nullptr) {
    return SendStatus(exchange, BadRequest("the server could not find the requested cluster"));
  }
  switch (info.endpoint) {
    case Endpoint::kHealth:
      if (info.cluster.empty()) return HandleHealth(exchange, options_.ready_checks);
      break;
    case Endpoint::kVersion:
      if (info.cluster.empty())
        return SendPlainDocument(exchange, VersionDocument(options_.version));
      return SendMemberVersion(exchange);
    case Endpoint::kCoreVersions:
    case Endpoint::kGroupList:
    case Endpoint::kGroup:
    case Endpoint::kResourceList:
      return HandleDiscovery(exchange, options_.proxy ? options_.proxy->options() : ProxyOptions());
    case Endpoint::kCollections:
      return collections_.Handle(exchange);
    case Endpoint::kOpenApiV2:
    case Endpoint::kOpenApiV3:
      return openapi_.Handle(exchange);
    case Endpoint::kObjects:
      return resources_.Handle(exchange);
    case Endpoint::kRoot:
    case Endpoint::kMetrics:
    case Endpoint::kProxy:
    case Endpoint::kUnknown:
      break;
  }
  SendStatus(exchange, UnknownResource());
}

void ApiServer::Core::SendMemberVersion(Exchange& exchange) {
  const discovery::ClusterState* cluster = exchange.clusters->Find(exchange.info.cluster);
  if (!IsValidJson(cluster->version_json)) {  // "" until the cluster has answered once.
    return SendStatus(exchange, ServiceUnavailable("the version of cluster \"" + cluster->name +
                                                   "\" is not known yet"));
  }
  SendPlainDocument(exchange, cluster->version_json);
}

bool ApiServer::Core::SendDebugPage(Exchange& exchange) {
  const auto page = options_.debug_pages.find(PathOfTarget(exchange.request.target));
  if (page == options_.debug_pages.end()) return false;
  const Result<DebugDocument> document =
      page->second(exchange.query, exchange.request.Header("Accept").value_or(""));
  if (!document.ok()) {
    SendStatus(exchange, document.status());
    return true;
  }
  HeaderFields headers = exchange.headers;
  headers.emplace_back("Content-Type", document->content_type);
  exchange.response->Send(200, headers, document->text);
  return true;
}

void ApiServer::Core::SendMetrics(Exchange& exchange) {
  std::vector<MetricSample> samples =
      options_.metrics ? options_.metrics() : std::vector<MetricSample>();
  samples.push_back({"pedia_store_size_bytes",
                     "Size of the database on disk.",
                     false,
                     {},
                     static_cast<double>(store_.SizeBytes())});
  for (MetricSample& sample : lists_.Samples()) samples.push_back(std::move(sample));
  HeaderFields headers = exchange.headers;
  headers.emplace_back("Content-Type", "text/plain; version=0.0.4; charset=utf-8");
  exchange.response->Send(200, headers, journal_->metrics().Render(samples));
}

ApiServer::ApiServer(storage::Store& store, discovery::Registry& registry, ApiServerOptions options)
    : core_(std::make_unique<Core>(store, registry, std::move(options))) {}
ApiServer::~ApiServer() = default;

void ApiServer::Handle(const HttpRequest& request,
                       const std::shared_ptr<ResponseWriter>& response) {
  core_->Handle(request, response, false);
}

void ApiServer::HandleMetrics(const HttpRequest& request,
                              const std::shared_ptr<ResponseWriter>& response) {
  core_->Handle(request, response, true);
}

}  // namespace pedia::apiserver
