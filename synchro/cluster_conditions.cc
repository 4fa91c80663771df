#include "synchro/cluster_conditions.h"

#include <utility>

namespace pedia::synchro {
namespace {

using discovery::Condition;

Condition Validated(const ClusterFacts& facts) {
  if (!facts.config_error) return {"Validated", "True", "Validated", "", 0};
  return {"Validated", "False", "InvalidConfig", "invalid cluster config: " + *facts.config_error,
          0};
}

Condition SynchroRunning(const ClusterFacts& facts) {
  const auto condition = [&](std::string status, std::string reason) {
    return Condition{"SynchroRunning", std::move(status), std::move(reason), facts.run_message, 0};
  };
  if (facts.config_error) return {"SynchroRunning", "False", "InvalidConfig", "", 0};
  switch (facts.run_state) {
    case RunState::kWaitInit:
      return condition("False", "WaitInit");
    case RunState::kInitialFailed:
      return condition("False", "InitialFailed");
    case RunState::kPending:
      return condition("False", "Pending");
    case RunState::kRunning:
      return condition("True", "Running");
    case RunState::kShutdown:
      return condition("False", "Shutdown");
  }
  return condition("Unknown", "");
}

Condition ClusterHealthy(const ClusterFacts& facts) {
  if (!facts.health) return {"ClusterHealthy", "Unknown", "MonitorStop", "", 0};
  return {"ClusterHealthy", facts.health->healthy ? "True" : "False", facts.health->reason,
          facts.health->message, 0};
}

Condition Ready(const std::vector<Condition>& others) {
  for (const Condition& other : others) {
    if (other.status == "True") continue;
    return {"Ready", "False", "NotReady",
            other.type + " condition is " + other.status + ", reason is " + other.reason, 0};
  }
  return {"Ready", "True", "Ready", "", 0};
}

}  // namespace

std::vector<Condition> BuildConditions(const ClusterFacts& facts, const std::vector<Condition>& old,
                                       int64_t now) {
  std::vector<Condition> conditions = {Validated(facts), SynchroRunning(facts),
                                       ClusterHealthy(facts)};
  conditions.push_back(Ready(conditions));
  for (Condition& condition : conditions) {
    condition.last_transition = now;
    for (const Condition& before : old) {
      if (before.type == condition.type && before.status == condition.status) {
        condition.last_transition = before.last_transition;
      }
    }
  }
  return conditions;
}

}  // namespace pedia::synchro
