// `pedia clustersynchro-manager`: syncs the member clusters that the PediaClusters of a management
// cluster describe into the store, and tells there how they do.
// Source: Clusterpedia's clustersynchro-manager.
#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "apiserver/api_server.h"
#include "cmd/console.h"
#include "cmd/storage_config.h"
#include "meta/status.h"

namespace pedia::cmd {

struct SynchroManagerOptions {
  std::string kubeconfig;  // "" = in-cluster.
  std::string server;      // Of the management cluster, if not as the kubeconfig says.
  StorageConfig storage;
  std::string metrics_address = "0.0.0.0";
  std::optional<uint16_t> metrics_port = 8081;  // Plain HTTP: /metrics and health.
  int64_t page_size = 0;                        // Of lists of members; 0 = the default.
  apiserver::VersionInfo version;
};

// Runs until SIGTERM or SIGINT, which must be blocked in every thread, then stops within 2 seconds.
// One process per store: there is no leader election. Prints one line on standard output when it
// runs. Errors: why it could not start.
Status RunSynchroManager(const SynchroManagerOptions& options, Console& console);

}  // namespace pedia::cmd
