// The flags of `pedia clustersynchro-manager`, as Clusterpedia names them.
#pragma once
#include <string>
#include <vector>

#include "cmd/synchro_command.h"
#include "meta/result.h"

namespace CLI {
class App;
}

namespace pedia::cmd {

// What of the command line is text first. Must outlive the CLI::App.
struct SynchroManagerFlags {
  SynchroManagerOptions options;
  std::string storage_config;
  std::string storage_name = "internal";
  std::string sharding_name;
  uint16_t metrics_port = 8081;
  std::vector<std::string> ignored;
};

CLI::App* AddSynchroManager(CLI::App& app, SynchroManagerFlags* flags);
// When the command line is complete. Errors: BadRequest naming the flag.
Status CompleteSynchroManager(SynchroManagerFlags* flags);

}  // namespace pedia::cmd
