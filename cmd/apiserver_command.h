// `pedia apiserver`: serves the store as an aggregated API server of a management cluster, whose
// PediaClusters say what there is. Stateless; any number of replicas.
// Source: the flags of kube-apiserver and of Clusterpedia's apiserver.
#pragma once
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "apiserver/api_server.h"
#include "apiserver/audit_log.h"
#include "apiserver/delegated_authenticator.h"
#include "apiserver/delegated_authorizer.h"
#include "apiserver/proxy_options.h"
#include "cmd/serving_certificate.h"
#include "cmd/storage_config.h"
#include "meta/result.h"

namespace pedia::cmd {

struct ApiserverOptions {
  std::string kubeconfig;                                           // "" = in-cluster.
  std::string authentication_kubeconfig, authorization_kubeconfig;  // "" = the same.
  StorageConfig storage;
  std::string collections;        // Manifests of collection resources; "" = none.
  std::string secrets_namespace;  // Of Secrets that PediaClusters may name; "" = they may not.

  std::string bind_address = "0.0.0.0";
  uint16_t secure_port = 443;
  std::optional<uint16_t> metrics_port;  // Plain HTTP on bind_address; off unless given.
  ServingCertificateOptions certificate;
  std::string tls_min_version;
  std::vector<std::string> tls_cipher_suites;

  apiserver::AuthenticationOptions authentication;
  apiserver::AuthorizationOptions authorization;
  bool fine_grained_authorization = false;
  apiserver::ProxyOptions proxy;
  apiserver::AuditOptions audit;
  int64_t max_requests_inflight = 400;  // 0 = no limit but that of connections.
  std::chrono::milliseconds slow_request_threshold{1'000};
  std::chrono::milliseconds shutdown_delay{0};   // readyz fails for so long before anything stops.
  std::chrono::milliseconds drain_time{60'000};  // What running requests have to end.
  apiserver::VersionInfo version;
};

// Runs until SIGTERM or SIGINT, which must be blocked in every thread, then drains and stops; a second
// one while readyz fails leaves running requests no time. Prints one line on standard output when it
// serves. Errors: why it could not start.
Status RunApiserver(const ApiserverOptions& options);

}  // namespace pedia::cmd
