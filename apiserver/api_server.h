// ApiServer: the handler chain, from a request to bytes: request info, authentication, verbs,
// discovery, health, metrics.
#pragma once
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "apiserver/audit_log.h"
#include "apiserver/authenticator.h"
#include "apiserver/authorizer.h"
#include "apiserver/collection_catalog.h"
#include "apiserver/http_server.h"
#include "apiserver/metric_sample.h"
#include "apiserver/proxy_handler.h"
#include "discovery/registry.h"
#include "meta/result.h"
#include "query/url_query.h"
#include "storage/store.h"

namespace pedia::apiserver {

struct VersionInfo {
  std::string git_version;  // "v0.1.0"
  std::string git_commit;
  std::string build_date;
};

struct HealthCheck {
  std::string name;               // "sync"
  std::function<Status()> check;  // Fast, never blocks.
};

struct DebugDocument {
  std::string content_type;
  std::string text;
};
// `accept`: of the request's header. Errors: what the client is to be told.
using DebugPage =
    std::function<Result<DebugDocument>(const query::UrlQuery& query, std::string_view accept)>;

struct ApiServerOptions {
  // Both or none; none: everybody may do everything (tests). Must outlive the server.
  Authenticator* authenticator = nullptr;
  Authorizer* authorizer = nullptr;
  ProxyHandler* proxy = nullptr;  // Null: nothing goes on to members.
  FineGrainedAccess* fine_grained =
      nullptr;                // Null: who may ask for a path sees all that it gives.
  AuditLog* audit = nullptr;  // Null: none. Must outlive the server.
  std::chrono::milliseconds slow_request_threshold{1'000};  // Beyond, a request is logged.
  VersionInfo version;
  std::vector<Collection> collections;                 // The user's, beside the built-in ones.
  std::vector<HealthCheck> ready_checks;               // Of /readyz.
  std::function<std::vector<MetricSample>()> metrics;  // May be empty.
  // By path, "/debug/synchros"; on the metrics port only. Never with credentials.
  std::map<std::string, DebugPage, std::less<>> debug_pages;
};

// Thread-safe. `store` and `registry` must outlive it.
class ApiServer {
 public:
  ApiServer(storage::Store& store, discovery::Registry& registry, ApiServerOptions options);
  ~ApiServer();
  // For HttpServer. Keep the ApiServer alive as long as the server runs.
  void Handle(const HttpRequest& request, const std::shared_ptr<ResponseWriter>& response);
  // Only /healthz, /livez, /readyz, /metrics, without authentication: for --metrics-port.
  void HandleMetrics(const HttpRequest& request, const std::shared_ptr<ResponseWriter>& response);

 private:
  class Core;
  std::unique_ptr<Core> core_;
};

}  // namespace pedia::apiserver
