// The flags of `pedia apiserver`, as kube-apiserver and Clusterpedia name them.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "cmd/apiserver_command.h"
#include "cmd/command_flags.h"
#include "meta/result.h"

namespace CLI {
class App;
}

namespace pedia::cmd {

// What of the command line is text first. One per process; must outlive the CLI::App.
struct ApiserverFlags {
  ApiserverOptions options;
  StorageFlags storage;
  uint16_t metrics_port = 0;
  std::vector<std::string> feature_gates;
  std::vector<std::string> sni;
  std::vector<std::string> proxy_subresources;
  std::string audit_policy_file;
  std::vector<std::string> ignored;  // Flags given that have no effect here.
};

CLI::App* AddApiserver(CLI::App& app, ApiserverFlags* flags);

// When the command line is complete. Logs a warning for each flag without effect. Errors: BadRequest
// naming the flag.
Status CompleteApiserver(const CLI::App& command, ApiserverFlags* flags);

}  // namespace pedia::cmd
