#include "cmd/controller_flags.h"

#include <CLI/CLI.hpp>
#include <array>

#include "cmd/command_flags.h"

namespace pedia::cmd {
namespace {

constexpr std::array kIgnoredFlags = {
    "--kube-api-content-type", "--kube-api-qps",        "--kube-api-burst", "--feature-gates",
    "--logging-format",        "--log-flush-frequency", "-v,--v",           "--vmodule"};

}  // namespace

CLI::App* AddControllerManager(CLI::App& app, ControllerManagerFlags* flags) {
  CLI::App* command = app.add_subcommand(
      "controller-manager", "Make PediaClusters as a management cluster's import policies say");
  ControllerManagerOptions& options = flags->options;
  command
      ->add_option("--kubeconfig", options.kubeconfig,
                   "Kubeconfig of the management cluster (default: the one this pod runs in)")
      ->type_name("FILE");
  command->add_option("--master", options.server,
                      "URL of the management cluster, instead of the kubeconfig's");
  command->add_option("--metrics-host", options.metrics_address, "Address of the health paths")
      ->capture_default_str();
  command->add_option("--metrics-port", flags->metrics_port,
                      "Plain HTTP port of /healthz; 0 picks a free one (default: off)");
  flags->election.lease = "clusterpedia-controller-manager";
  AddLeaderElection(command, &flags->election);
  AddIgnored(command, kIgnoredFlags, {}, &flags->ignored);
  return command;
}

Status CompleteControllerManager(const CLI::App& command, ControllerManagerFlags* flags) {
  WarnAboutIgnored(flags->ignored);
  if (command.count("--metrics-port") > 0) flags->options.metrics_port = flags->metrics_port;
  if (Status status = CompleteLeaderElection(&flags->election); !status.ok()) return status;
  if (flags->election.enabled) flags->options.election = ElectorOptions(flags->election);
  return {};
}

}  // namespace pedia::cmd
