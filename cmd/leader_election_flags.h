// The flags --leader-elect*, which both managers have, as Clusterpedia names them.
#pragma once
#include <string>

#include "kube/leader_elector.h"
#include "meta/status.h"

namespace CLI {
class App;
}

namespace pedia::cmd {

// Must outlive the CLI::App.
struct LeaderElectionFlags {
  bool enabled = true;
  std::string lease;            // Set it to the default before the flags are added.
  std::string name_space;       // OwnNamespace() unless the flag is given.
  std::string kind = "leases";  // Of the lock: only Leases are known.
  kube::LeaseTimes times{};
};

void AddLeaderElection(CLI::App* command, LeaderElectionFlags* flags);
// When the command line is complete. Errors: BadRequest naming the flag.
Status CompleteLeaderElection(LeaderElectionFlags* flags);

// What a LeaderElector is made with. The identity is a new one with every call: "<host name>_<uuid>".
kube::LeaderElectorOptions ElectorOptions(const LeaderElectionFlags& flags);

// Of this pod: $CLUSTERPEDIA_NAMESPACE, else that of its service account, else
// "clusterpedia-system".
std::string OwnNamespace();

}  // namespace pedia::cmd
