#include "cmd/synchro_flags.h"

#include <CLI/CLI.hpp>
#include <array>
#include <utility>

#include "synchro/shard_leases.h"

namespace pedia::cmd {
namespace {

// Requests to the management cluster are few, and all clusters are looked after at once: there is
// nothing that --kube-api-qps or --worker-number could bound.
constexpr std::array kIgnoredFlags = {"--kube-api-content-type",
                                      "--kube-api-qps",
                                      "--kube-api-burst",
                                      "--worker-number",
                                      "--metrics-tls-config",
                                      "--kube-state-metrics-host",
                                      "--kube-state-metrics-port",
                                      "--kube-state-metrics-metric-allowlist",
                                      "--kube-state-metrics-metric-denylist",
                                      "--kube-state-metrics-metric-opt-in-list",
                                      "--kube-state-metrics-resources",
                                      "--kube-state-metrics-namespaces",
                                      "--kube-state-metrics-namespaces-denylist",
                                      "--logging-format",
                                      "--log-flush-frequency",
                                      "-v,--v",
                                      "--vmodule"};
constexpr std::array kIgnoredSwitches = {"--metrics-disable-gzip-encoding"};

constexpr std::string_view kAllCustomResourcesGate = "AllowSyncAllCustomResources";
constexpr std::string_view kAllResourcesGate = "AllowSyncAllResources";
constexpr std::string_view kIgnoreLeaseGate = "IgnoreSyncLease";
constexpr std::string_view kManagedFieldsGate = "PruneManagedFields";
constexpr std::string_view kLastAppliedGate = "PruneLastAppliedConfiguration";

void AddMetrics(CLI::App* command, SynchroManagerFlags* flags) {
  const char* group = "Metrics";
  SynchroManagerOptions& options = flags->options;
  command
      ->add_option("--metrics-host", options.metrics_address,
                   "Address of /metrics and the health paths")
      ->capture_default_str()
      ->group(group);
  command->add_option("--metrics-port", flags->metrics_port, "Their port; 0 picks a free one")
      ->capture_default_str()
      ->group(group);
  command
      ->add_option(
          "--resource-synchro-metrics-labels", flags->metrics_labels,
          "Labels of the metrics of resource synchros: 'empty', or some of cluster, gv (or "
          "groupversion), resource, gvr")
      ->capture_default_str()
      ->group(group);
  command
      ->add_flag("--enable-kube-state-metrics", flags->kube_state_metrics,
                 "Refused: the metrics of kube-state-metrics are not made")
      ->group(group);
}

Status CompleteGates(SynchroManagerFlags* flags) {
  const auto gates = ReadFeatureGates(flags->feature_gates,
                                      {kAllCustomResourcesGate, kAllResourcesGate, kIgnoreLeaseGate,
                                       kSecretsGate, kManagedFieldsGate, kLastAppliedGate});
  if (!gates.ok()) return gates.status();
  SynchroManagerOptions& options = flags->options;
  options.gates = {.all_custom_resources = gates->Enabled(kAllCustomResourcesGate),
                   .all_resources = gates->Enabled(kAllResourcesGate),
                   .ignore_leases = gates->Enabled(kIgnoreLeaseGate),
                   .secrets = gates->Enabled(kSecretsGate)};
  options.prune_managed_fields = gates->Enabled(kManagedFieldsGate, /*otherwise=*/true);
  options.prune_last_applied = gates->Enabled(kLastAppliedGate, /*otherwise=*/true);
  return {};
}

Status CompleteElection(SynchroManagerFlags* flags) {
  SynchroManagerOptions& options = flags->options;
  if (flags->election.lease.empty())
    flags->election.lease = synchro::LeaseOfShard(options.sharding_name);
  if (options.auto_sharding && !flags->election.enabled)
    return BadRequest("--auto-sharding: managers find each other by Leases; --leader-elect=false");
  if (Status status = CompleteLeaderElection(&flags->election); !status.ok()) return status;
  options.leader_elect = flags->election.enabled;
  options.election = ElectorOptions(flags->election);
  options.name_space = OwnNamespace();
  return {};
}

}  // namespace

CLI::App* AddSynchroManager(CLI::App& app, SynchroManagerFlags* flags) {
  CLI::App* command = app.add_subcommand(
      "clustersynchro-manager", "Sync the clusters that a management cluster's PediaClusters name");
  SynchroManagerOptions& options = flags->options;
  AddManagementCluster(command, &options.kubeconfig);
  AddStorageFlags(command, &flags->storage);
  command->add_option("--master", options.server,
                      "URL of the management cluster, instead of the kubeconfig's");
  command
      ->add_option("--sharding-name", options.sharding_name,
                   "Sync only the PediaClusters with this spec.shardingName (default: those "
                   "without one)")
      ->type_name("NAME");
  command->add_flag("--auto-sharding", options.auto_sharding,
                    "Share the clusters with all other managers that have this flag and the same "
                    "--sharding-name, instead of one of them syncing all");
  command->add_option("--page-size", options.page_size, "Objects in one page of a list; 0: 500")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  AddLeaderElection(command, &flags->election);
  AddMetrics(command, flags);
  AddFeatureGates(command, &flags->feature_gates);
  AddIgnored(command, kIgnoredFlags, kIgnoredSwitches, &flags->ignored);
  return command;
}

Status CompleteSynchroManager(SynchroManagerFlags* flags) {
  WarnAboutIgnored(flags->ignored);
  if (flags->kube_state_metrics)
    return BadRequest("--enable-kube-state-metrics: pedia makes no metrics of kube-state-metrics");
  const auto labels = synchro::ParseMetricLabels(flags->metrics_labels);
  if (!labels.ok())
    return BadRequest("--resource-synchro-metrics-labels: " + labels.status().message());
  flags->options.metrics_labels = *labels;
  if (Status status = CompleteGates(flags); !status.ok()) return status;
  if (Status status = CompleteElection(flags); !status.ok()) return status;
  auto storage = ReadStorageFlags(flags->storage);
  if (!storage.ok()) return storage.status();
  flags->options.storage = *std::move(storage);
  flags->options.metrics_port = flags->metrics_port;
  return {};
}

}  // namespace pedia::cmd
