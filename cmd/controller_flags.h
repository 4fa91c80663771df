// The flags of `pedia controller-manager`, as Clusterpedia names them.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "cmd/controller_command.h"
#include "cmd/leader_election_flags.h"
#include "meta/result.h"

namespace CLI {
class App;
}

namespace pedia::cmd {

// Must outlive the CLI::App.
struct ControllerManagerFlags {
  ControllerManagerOptions options;
  LeaderElectionFlags election;
  uint16_t metrics_port = 0;
  std::vector<std::string> ignored;
};

CLI::App* AddControllerManager(CLI::App& app, ControllerManagerFlags* flags);
// When the command line is complete. Errors: BadRequest naming the flag.
Status CompleteControllerManager(const CLI::App& command, ControllerManagerFlags* flags);

}  // namespace pedia::cmd
