// `pedia controller-manager`: makes PediaClusters as the ClusterImportPolicies of a management cluster
// say. Source: Clusterpedia's controller-manager.
#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "kube/leader_elector.h"
#include "meta/status.h"

namespace pedia::cmd {

struct ControllerManagerOptions {
  std::string kubeconfig;  // "" = in-cluster.
  std::string server;      // Of the management cluster, if not as the kubeconfig says.
  std::optional<kube::LeaderElectorOptions> election;  // Without, this process always leads.
  std::string metrics_address = "0.0.0.0";
  std::optional<uint16_t> metrics_port;  // Plain HTTP, health alone; off if there is none.
};

// Runs until SIGTERM or SIGINT, which must be blocked in every thread. Works only while it leads.
// Prints one line on standard output when it runs. Errors: why it could not start.
Status RunControllerManager(const ControllerManagerOptions& options);

}  // namespace pedia::cmd
