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
  // Why what is to be synced cannot be; what ran before may still.
  std::optional<std::string> invalid_sync_resources;
  std::string warning;  // About a configuration that is used.
  RunState run_state = RunState::kWaitInit;
  std::string run_message;
  std::optional<HealthReport> health;  // Nothing: not being monitored.
};

// `old`: the conditions before; a condition keeps its last_transition while its status stays.
// `now`: Unix seconds. Pure.
std::vector<discovery::Condition> BuildConditions(const ClusterFacts& facts,
                                                  const std::vector<discovery::Condition>& old,
                                                  int64_t now);

// Of a cluster that is not synced any more. `reason`: kShutdown, or kManagerLost: nobody said so, the
// process that synced it was not seen for long. What is not known any more is left out. Pure.
inline constexpr const char* kShutdown = "Shutdown";
inline constexpr const char* kManagerLost = "ManagerLost";
std::vector<discovery::Condition> StoppedConditions(const std::vector<discovery::Condition>& old,
                                                    const std::string& reason,
                                                    const std::string& message, int64_t now);

}  // namespace pedia::synchro
