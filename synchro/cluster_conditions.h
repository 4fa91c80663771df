// The conditions of a cluster, from what is known of it.
// Source: Clusterpedia, PediaCluster.status.conditions: Validated, SynchroRunning, ClusterHealthy,
// Ready.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "discovery/registry.h"
#include "synchro/health_monitor.h"

namespace pedia::synchro {

enum class RunState { kWaitInit, kInitialFailed, kPending, kRunning, kShutdown };

struct ClusterFacts {
  std::optional<std::string> config_error;  // Why the configuration cannot be used.
  RunState run_state = RunState::kWaitInit;
  std::string run_message;
  std::optional<HealthReport> health;  // Nothing: not being monitored.
};

// `old`: the conditions before; a condition keeps its last_transition while its status stays.
// `now`: Unix seconds. Pure.
std::vector<discovery::Condition> BuildConditions(const ClusterFacts& facts,
                                                  const std::vector<discovery::Condition>& old,
                                                  int64_t now);

}  // namespace pedia::synchro
