#include "synchro/cluster_conditions.h"

#include <algorithm>
#include <utility>

namespace pedia::synchro {
namespace {

using discovery::Condition;

Condition Validated(const ClusterFacts& facts) {
  if (facts.config_error) {
    return {"Validated", "False", "InvalidConfig", "invalid cluster config: " + *facts.config_error,
            0};
  }
  if (facts.invalid_sync_resources)
    return {"Validated", "False", "InvalidSyncResources", *facts.invalid_sync_resources, 0};
  return {"Validated", "True", "Validated", facts.warning, 0};
}

Condition SynchroRunning(const ClusterFacts& facts) {
  const auto condition = [&](std::string status, std::string reason) {
    return Condition{"SynchroRunning", std::move(status), std::move(reason), facts.run_message, 0};
  };
  if (facts.config_error) return {"SynchroRunning", "False", "InvalidConfig", "", 0};
  if (facts.invalid_sync_resources && facts.run_state == RunState::kWaitInit)
    return {"SynchroRunning", "False", "InvalidSyncResources", "", 0};
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
      return condition("False", kShutdown);
  }
  return condition("Unknown", "");
}

Condition ClusterHealthy(const ClusterFacts& facts) {
  if (!facts.health) return {"ClusterHealthy", "Unknown", "MonitorStop", "", 0};
  return {"ClusterHealthy", facts.health->healthy ? "True" : "False", facts.health->reason,
          facts.health->message, 0};
}

const Condition* Find(const std::vector<Condition>& conditions, const std::string& type) {
  const auto found = std::find_if(conditions.begin(), conditions.end(),
                                  [&](const Condition& each) { return each.type == type; });
  return found == conditions.end() ? nullptr : &*found;
}

Condition Ready(const std::vector<Condition>& others) {
  const auto not_ready = [](std::string why) {
    return Condition{"Ready", "False", "NotReady", std::move(why), 0};
  };
  for (const char* type : {"Validated", "SynchroRunning", "ClusterHealthy"}) {
    const Condition* other = Find(others, type);
    if (other == nullptr) return not_ready(std::string(type) + " condition is not found");
    if (other->status != "True") {
      return not_ready(other->type + " condition is " + other->status + ", reason is " +
                       other->reason);
    }
  }
  return {"Ready", "True", "Ready", "", 0};
}

// Adds Ready, and gives each its time.
std::vector<Condition> Complete(std::vector<Condition> conditions,
                                const std::vector<Condition>& old, int64_t now) {
  conditions.push_back(Ready(conditions));
  for (Condition& condition : conditions) {
    const Condition* before = Find(old, condition.type);
    const bool same = before != nullptr && before->status == condition.status;
    condition.last_transition = same ? before->last_transition : now;
  }
  return conditions;
}

}  // namespace

std::vector<Condition> BuildConditions(const ClusterFacts& facts, const std::vector<Condition>& old,
                                       int64_t now) {
  return Complete({Validated(facts), SynchroRunning(facts), ClusterHealthy(facts)}, old, now);
}

std::vector<Condition> StoppedConditions(const std::vector<Condition>& old,
                                         const std::string& reason, const std::string& message,
                                         int64_t now) {
  std::vector<Condition> conditions;
  if (const Condition* validated = Find(old, "Validated")) conditions.push_back(*validated);
  conditions.push_back(
      {"SynchroRunning", reason == kManagerLost ? "Unknown" : "False", reason, message, 0});
  conditions.push_back(ClusterHealthy(ClusterFacts()));
  return Complete(std::move(conditions), old, now);
}

}  // namespace pedia::synchro
