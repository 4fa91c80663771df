// The flags of `pedia clustersynchro-manager`, as Clusterpedia names them.
#pragma once
#include <string>
#include <vector>

#include "cmd/command_flags.h"
#include "cmd/leader_election_flags.h"
#include "cmd/synchro_command.h"
#include "meta/result.h"

namespace CLI {
class App;
}

namespace pedia::cmd {

// What of the command line is text first. Must outlive the CLI::App.
struct SynchroManagerFlags {
  SynchroManagerOptions options;
  StorageFlags storage;
  LeaderElectionFlags election;
  uint16_t metrics_port = 8081;
  std::string metrics_labels = "empty";
  std::vector<std::string> feature_gates;
  std::vector<std::string> ignored;
  bool kube_state_metrics = false;
};

CLI::App* AddSynchroManager(CLI::App& app, SynchroManagerFlags* flags);
// When the command line is complete. Errors: BadRequest naming the flag.
Status CompleteSynchroManager(SynchroManagerFlags* flags);

}  // namespace pedia::cmd
