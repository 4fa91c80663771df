#include "cmd/apiserver_flags.h"

#include <CLI/CLI.hpp>
#include <array>
#include <string_view>
#include <utility>

#include "cmd/leader_election_flags.h"
#include "meta/log.h"

namespace pedia::cmd {
namespace {

// Flags of kube-apiserver and of Clusterpedia that mean nothing here.
constexpr std::array kIgnoredFlags = {"--http2-max-streams-per-connection",
                                      "--max-mutating-requests-inflight",
                                      "--audit-log-format",
                                      "--audit-log-mode",
                                      "--audit-log-version",
                                      "--audit-log-batch-buffer-size",
                                      "--audit-log-batch-max-size",
                                      "--audit-log-batch-max-wait",
                                      "--audit-log-batch-throttle-burst",
                                      "--audit-log-batch-throttle-qps",
                                      "--audit-log-truncate-max-batch-size",
                                      "--audit-log-truncate-max-event-size",
                                      "--audit-webhook-config-file",
                                      "--audit-webhook-initial-backoff",
                                      "--audit-webhook-mode",
                                      "--audit-webhook-version",
                                      "--audit-webhook-batch-buffer-size",
                                      "--audit-webhook-batch-max-size",
                                      "--audit-webhook-batch-max-wait",
                                      "--audit-webhook-batch-throttle-burst",
                                      "--audit-webhook-batch-throttle-qps",
                                      "--audit-webhook-truncate-max-batch-size",
                                      "--audit-webhook-truncate-max-event-size",
                                      "--debug-socket-path",
                                      "--tracing-config-file",
                                      "--show-hidden-metrics-for-version",
                                      "--disabled-metrics",
                                      "--allow-metric-labels",
                                      "--allow-metric-labels-manifest",
                                      "--logging-format",
                                      "--log-flush-frequency",
                                      "--log-json-info-buffer-size",
                                      "--log-text-info-buffer-size",
                                      "-v,--v",
                                      "--vmodule"};
constexpr std::array kIgnoredSwitches = {"--disable-http2-serving",
                                         "--permit-port-sharing",
                                         "--permit-address-sharing",
                                         "--profiling",
                                         "--contention-profiling",
                                         "--enable-priority-and-fairness",
                                         "--audit-log-compress",
                                         "--audit-log-batch-throttle-enable",
                                         "--audit-log-truncate-enabled",
                                         "--audit-webhook-batch-throttle-enable",
                                         "--audit-webhook-truncate-enabled",
                                         "--log-json-split-stream",
                                         "--log-text-split-stream"};

void AddServing(CLI::App* command, ApiserverFlags* flags) {
  ApiserverOptions& options = flags->options;
  const char* group = "Serving";
  command->add_option("--bind-address", options.bind_address, "Address to listen on")
      ->capture_default_str()
      ->group(group);
  command->add_option("--secure-port", options.secure_port, "HTTPS port; 0 picks a free one")
      ->capture_default_str()
      ->group(group);
  command
      ->add_option("--metrics-port", flags->metrics_port,
                   "Plain HTTP port of /metrics and the health paths, without authentication; 0 "
                   "picks a free one (default: off)")
      ->group(group);
  ServingCertificateOptions& certificate = options.certificate;
  command
      ->add_option("--cert-dir", certificate.directory,
                   "Where a self-signed certificate is kept, without --tls-cert-file")
      ->capture_default_str()
      ->group(group);
  command
      ->add_option("--tls-cert-file", certificate.certificate_file,
                   "Serving certificate, with intermediates behind it; read again when it changes")
      ->group(group);
  command->add_option("--tls-private-key-file", certificate.key_file, "Its key")->group(group);
  command
      ->add_option("--tls-sni-cert-key", flags->sni,
                   "CERTIFICATE,KEY[:NAME,...] for clients that ask for other names; may be "
                   "repeated")
      ->group(group);
  command
      ->add_option("--tls-min-version", options.tls_min_version,
                   "VersionTLS12 (default) or VersionTLS13")
      ->group(group);
  command
      ->add_option("--tls-cipher-suites", options.tls_cipher_suites,
                   "Cipher suites up to TLS 1.2, as TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256")
      ->delimiter(',')
      ->group(group);
  command
      ->add_option("--max-requests-inflight", options.max_requests_inflight,
                   "Requests at a time; more are told to come again. Health, discovery and streams "
                   "do not count. 0: no limit")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str()
      ->group(group);
  AddDuration(command, {group, "--slow-request-threshold", &options.slow_request_threshold},
              "Requests that take longer are logged, with their query plan");
  AddDuration(command, {group, "--shutdown-delay-duration", &options.shutdown_delay},
              "How long /readyz fails before anything stops");
}

void AddAuthentication(CLI::App* command, ApiserverFlags* flags) {
  ApiserverOptions& options = flags->options;
  apiserver::AuthenticationOptions& authentication = options.authentication;
  const char* group = "Authentication";
  command
      ->add_option("--authentication-kubeconfig", options.authentication_kubeconfig,
                   "Kubeconfig of the cluster that reviews tokens (default: as --kubeconfig)")
      ->group(group);
  command
      ->add_flag("--authentication-skip-lookup", authentication.skip_lookup,
                 "Do not read kube-system/extension-apiserver-authentication")
      ->group(group);
  command
      ->add_flag("--authentication-tolerate-lookup-failure", authentication.tolerate_lookup_failure,
                 "Start although it cannot be read")
      ->group(group);
  AddDuration(command,
              {group, "--authentication-token-webhook-cache-ttl", &authentication.token_cache_ttl},
              "How long a token's review is good");
  command
      ->add_option("--api-audiences", authentication.audiences,
                   "Audiences that tokens must be for (default: the API server's own)")
      ->delimiter(',')
      ->group(group);
  command
      ->add_option("--client-ca-file", authentication.client_ca_file,
                   "Authorities of client certificates; read again when it changes")
      ->group(group);
  command
      ->add_option("--requestheader-client-ca-file", authentication.requestheader_client_ca_file,
                   "Authorities of the aggregator's certificate")
      ->group(group);
  const auto add_list = [&](const char* name, std::vector<std::string>* list, const char* help) {
    command->add_option(name, *list, help)->delimiter(',')->group(group)->capture_default_str();
  };
  add_list("--requestheader-allowed-names", &authentication.requestheader_allowed_names,
           "Common names that certificate may have (default: any)");
  add_list("--requestheader-username-headers", &authentication.requestheader_username_headers,
           "Headers with the user's name");
  add_list("--requestheader-group-headers", &authentication.requestheader_group_headers,
           "Headers with the user's groups");
  add_list("--requestheader-extra-headers-prefix",
           &authentication.requestheader_extra_headers_prefix, "Prefixes of headers with more");
  add_list("--requestheader-uid-headers", &authentication.requestheader_uid_headers,
           "Headers with the user's uid");
}

void AddAuthorization(CLI::App* command, ApiserverFlags* flags) {
  ApiserverOptions& options = flags->options;
  apiserver::AuthorizationOptions& authorization = options.authorization;
  const char* group = "Authorization";
  command
      ->add_option("--authorization-kubeconfig", options.authorization_kubeconfig,
                   "Kubeconfig of the cluster that reviews access (default: as --kubeconfig)")
      ->group(group);
  command
      ->add_option("--authorization-always-allow-paths", authorization.always_allow_paths,
                   "Paths that need no authorization; a '*' at the end stands for anything")
      ->delimiter(',')
      ->capture_default_str()
      ->group(group);
  AddDuration(
      command,
      {group, "--authorization-webhook-cache-authorized-ttl", &authorization.authorized_ttl},
      "How long a yes is good");
  AddDuration(
      command,
      {group, "--authorization-webhook-cache-unauthorized-ttl", &authorization.unauthorized_ttl},
      "How long a no is good");
  command
      ->add_flag("--fine-grained-authorization", options.fine_grained_authorization,
                 "Ask also for the real resource, namespace and cluster, and show only what the "
                 "user may see")
      ->group(group);
}

void AddAudit(CLI::App* command, ApiserverFlags* flags) {
  apiserver::AuditOptions& audit = flags->options.audit;
  const char* group = "Audit";
  command
      ->add_option("--audit-log-path", audit.path,
                   "File for one audit.k8s.io/v1 event per request; '-' is standard output "
                   "(default: off)")
      ->group(group);
  command->add_option("--audit-log-maxsize", audit.max_size_mb, "Megabytes before it is rotated")
      ->group(group)
      ->capture_default_str();
  command->add_option("--audit-log-maxbackup", audit.max_backups, "Old files to keep; 0: all")
      ->group(group)
      ->capture_default_str();
  command->add_option("--audit-log-maxage", audit.max_age_days, "Days to keep them; 0: for ever")
      ->group(group)
      ->capture_default_str();
  command
      ->add_option("--audit-policy-file", flags->audit_policy_file,
                   "Accepted; every request is logged at level Metadata")
      ->group(group);
}

}  // namespace

CLI::App* AddApiserver(CLI::App& app, ApiserverFlags* flags) {
  CLI::App* command =
      app.add_subcommand("apiserver", "Serve the store as an aggregated API server");
  ApiserverOptions& options = flags->options;
  options.certificate.directory = "apiserver.local.config/certificates";
  AddManagementCluster(command, &options.kubeconfig);
  AddStorageFlags(command, &flags->storage);
  command
      ->add_option("--collections", options.collections,
                   "CollectionResource manifests, beside the built-in any, workloads and "
                   "kuberesources")
      ->type_name("FILE");
  AddServing(command, flags);
  AddAuthentication(command, flags);
  AddAuthorization(command, flags);
  AddAudit(command, flags);
  AddFeatureGates(command, &flags->feature_gates);
  AddProxyFlags(command, &options.proxy, &flags->proxy_subresources);
  AddIgnored(command, kIgnoredFlags, kIgnoredSwitches, &flags->ignored);
  return command;
}

Status CompleteApiserver(const CLI::App& command, ApiserverFlags* flags) {
  ApiserverOptions& options = flags->options;
  WarnAboutIgnored(flags->ignored);
  if (!flags->audit_policy_file.empty())
    LogWarning("--audit-policy-file: every request is logged at level Metadata, whatever it says");
  auto storage = ReadStorageFlags(flags->storage);
  if (!storage.ok()) return storage.status();
  options.storage = *std::move(storage);
  if (command.count("--metrics-port") > 0) options.metrics_port = flags->metrics_port;
  for (const std::string& text : flags->sni) {
    auto files = ParseSniFlag(text);
    if (!files.ok()) return files.status();
    options.certificate.sni.push_back(*std::move(files));
  }
  const auto gates = ReadFeatureGates(flags->feature_gates, {kProxyGate, kSecretsGate});
  if (!gates.ok()) return gates.status();
  if (gates->Enabled(kSecretsGate)) options.secrets_namespace = OwnNamespace();
  return CompleteProxy(flags->proxy_subresources, *gates, &options.proxy);
}

}  // namespace pedia::cmd
