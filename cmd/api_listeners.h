// The listeners of an ApiServer: HTTPS for everything, and, if wanted, plain HTTP for metrics and
// health.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "apiserver/api_server.h"
#include "apiserver/http_server.h"
#include "meta/result.h"

namespace pedia::cmd {

struct ListenerOptions {
  std::string bind_address;
  uint16_t secure_port = 0;
  std::optional<uint16_t> metrics_port{};
  apiserver::TlsOptions tls;
  size_t max_requests = apiserver::HttpServerOptions().max_requests;  // At a time; 0: no limit.
  int readers = 1;  // Of the store: queries that may run at once.
};

struct ApiListeners {
  std::unique_ptr<apiserver::HttpServer> secure;
  std::unique_ptr<apiserver::HttpServer> metrics;  // Null without a port.
};

// `authenticator` may be null: then clients are told apart by their addresses. Both must outlive the
// listeners. Errors: as StartBeastServer.
Result<ApiListeners> StartListeners(const ListenerOptions& options, apiserver::ApiServer& api,
                                    const apiserver::Authenticator* authenticator);

// Plain HTTP for metrics and health alone. Requires: a metrics port. Errors: as StartPistacheServer.
Result<std::unique_ptr<apiserver::HttpServer>> StartMetrics(const ListenerOptions& options,
                                                            apiserver::ApiServer& api);

// Where this machine's clients connect to: "https://127.0.0.1:8443".
std::string ServerUrl(const std::string& bind_address, uint16_t port);

}  // namespace pedia::cmd
