#include "cmd/api_listeners.h"

#include <algorithm>
#include <utility>

#include "apiserver/request_class.h"
#include "meta/log.h"

namespace pedia::cmd {
namespace {

apiserver::HttpServerOptions HttpOptions(const ListenerOptions& options) {
  apiserver::HttpServerOptions http;
  http.bind_address = options.bind_address;
  http.port = options.secure_port;
  http.tls = options.tls;
  http.max_requests = options.max_requests;
  // Who waits for a turn waits there, where turns are fair, and not for a connection.
  http.workers = std::min(http.workers, options.readers);
  http.bulk_workers = std::clamp(options.readers / 2, 1, http.bulk_workers);
  return http;
}

}  // namespace

Result<std::unique_ptr<apiserver::HttpServer>> StartMetrics(const ListenerOptions& options,
                                                            apiserver::ApiServer& api) {
  apiserver::HttpServerOptions http = HttpOptions(options);
  http.port = *options.metrics_port;
  http.tls.reset();
  auto server = apiserver::StartPistacheServer(
      http,
      [&api](const auto& request, const auto& response) { api.HandleMetrics(request, response); });
  if (server.ok())
    LogInfo("metrics on http://" + options.bind_address + ":" + std::to_string((*server)->port()) +
            "/metrics");
  return server;
}

Result<ApiListeners> StartListeners(const ListenerOptions& options, apiserver::ApiServer& api,
                                    const apiserver::Authenticator* authenticator) {
  apiserver::HttpServerOptions http = HttpOptions(options);
  http.classify = [authenticator](const apiserver::HttpRequest& request) {
    return apiserver::ClassifyRequest(request,
                                      authenticator ? authenticator->ClientOf(request) : "");
  };
  ApiListeners listeners;
  auto secure = apiserver::StartBeastServer(
      http, [&api](const auto& request, const auto& response) { api.Handle(request, response); });
  if (!secure.ok()) return secure.status();
  listeners.secure = *std::move(secure);
  if (!options.metrics_port) return listeners;
  auto metrics = StartMetrics(options, api);
  if (!metrics.ok()) return metrics.status();
  listeners.metrics = *std::move(metrics);
  return listeners;
}

std::string ServerUrl(const std::string& bind_address, uint16_t port) {
  std::string host = bind_address;
  if (host == "0.0.0.0") host = "127.0.0.1";
  if (host == "::") host = "::1";
  if (host.find(':') != std::string::npos) host = "[" + host + "]";
  return "https://" + host + ":" + std::to_string(port);
}

}  // namespace pedia::cmd
