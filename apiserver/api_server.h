// ApiServer: the handler chain, from a request to bytes: request info, authentication, verbs,
// discovery, health, metrics.
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "apiserver/collection_catalog.h"
#include "apiserver/http_server.h"
#include "apiserver/metric_sample.h"
#include "discovery/registry.h"
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

struct ApiServerOptions {
  std::string bearer_token;        // A request needs this token ...
  std::string client_common_name;  // ... or a verified client certificate with this CN. Both "":
                                   // everybody is let in (tests).
  VersionInfo version;
  std::vector<Collection> collections;                 // The user's, beside the built-in ones.
  std::vector<HealthCheck> ready_checks;               // Of /readyz.
  std::function<std::vector<MetricSample>()> metrics;  // May be empty.
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
