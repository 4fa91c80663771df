#include "cmd/synchro_flags.h"

#include <CLI/CLI.hpp>
#include <array>
#include <utility>

#include "cmd/command_flags.h"

namespace pedia::cmd {
namespace {

constexpr std::array kIgnoredFlags = {"--kube-api-content-type",
                                      "--kube-api-qps",
                                      "--kube-api-burst",
                                      "--worker-number",
                                      "--leader-elect-lease-duration",
                                      "--leader-elect-renew-deadline",
                                      "--leader-elect-retry-period",
                                      "--leader-elect-resource-lock",
                                      "--leader-elect-resource-name",
                                      "--leader-elect-resource-namespace",
                                      "--metrics-tls-config",
                                      "--resource-synchro-metrics-labels",
                                      "--kube-state-metrics-host",
                                      "--kube-state-metrics-port",
                                      "--kube-state-metrics-metric-allowlist",
                                      "--kube-state-metrics-metric-denylist",
                                      "--kube-state-metrics-metric-opt-in-list",
                                      "--kube-state-metrics-resources",
                                      "--kube-state-metrics-namespaces",
                                      "--kube-state-metrics-namespaces-denylist",
                                      "--feature-gates",
                                      "--logging-format",
                                      "--log-flush-frequency",
                                      "-v,--v",
                                      "--vmodule"};
constexpr std::array kIgnoredSwitches = {"--leader-elect", "--metrics-disable-gzip-encoding",
                                         "--enable-kube-state-metrics"};

}  // namespace

CLI::App* AddSynchroManager(CLI::App& app, SynchroManagerFlags* flags) {
  CLI::App* command = app.add_subcommand(
      "clustersynchro-manager", "Sync the clusters that a management cluster's PediaClusters name");
  SynchroManagerOptions& options = flags->options;
  command
      ->add_option("--kubeconfig", options.kubeconfig,
                   "Kubeconfig of the management cluster (default: the one this pod runs in)")
      ->type_name("FILE");
  command
      ->add_option("--storage-config", flags->storage_config,
                   "Where the store is: a YAML file with type (postgres, mysql or sqlite), host, "
                   "user, database and so on; DB_* environment variables override it")
      ->type_name("FILE");
  command->add_option("--master", options.server,
                      "URL of the management cluster, instead of the kubeconfig's");
  command->add_option("--sharding-name", flags->sharding_name, "Refused: there are no shards yet")
      ->type_name("NAME");
  command->add_option("--storage-name", flags->storage_name, "Only 'internal' is known")
      ->capture_default_str();
  command->add_option("--page-size", options.page_size, "Objects in one page of a list; 0: 500")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  command
      ->add_option("--metrics-host", options.metrics_address,
                   "Address of /metrics and the health paths")
      ->capture_default_str();
  command->add_option("--metrics-port", flags->metrics_port, "Their port; 0 picks a free one")
      ->capture_default_str();
  AddIgnored(command, kIgnoredFlags, kIgnoredSwitches, &flags->ignored);
  return command;
}

Status CompleteSynchroManager(SynchroManagerFlags* flags) {
  WarnAboutIgnored(flags->ignored);
  // To ignore it would be to sync the clusters of all shards.
  if (!flags->sharding_name.empty())
    return BadRequest("--sharding-name: there are no shards yet; one process syncs all clusters");
  auto storage = ReadStorageFlags(flags->storage_name, flags->storage_config);
  if (!storage.ok()) return storage.status();
  flags->options.storage = *std::move(storage);
  flags->options.metrics_port = flags->metrics_port;
  return {};
}

}  // namespace pedia::cmd
