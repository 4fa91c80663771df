#include "synchro/cluster_conditions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pedia::synchro {
namespace {

using discovery::Condition;
using ::testing::ElementsAre;

ClusterFacts Healthy() {
  ClusterFacts facts;
  facts.run_state = RunState::kRunning;
  facts.health = HealthReport{true, "Healthy", "cluster health responded with ok"};
  return facts;
}

TEST(BuildConditionsTest, AHealthyRunningClusterIsReady) {
  EXPECT_THAT(BuildConditions(Healthy(), {}, 5),
              ElementsAre(Condition{"Validated", "True", "Validated", "", 5},
                          Condition{"SynchroRunning", "True", "Running", "", 5},
                          Condition{"ClusterHealthy", "True", "Healthy",
                                    "cluster health responded with ok", 5},
                          Condition{"Ready", "True", "Ready", "", 5}));
}

TEST(BuildConditionsTest, ABadConfigurationSaysSoInTheConditionsThatNeedIt) {
  ClusterFacts facts;
  facts.config_error = "Cluster APIServer Endpoint is required";
  EXPECT_THAT(
      BuildConditions(facts, {}, 5),
      ElementsAre(Condition{"Validated", "False", "InvalidConfig",
                            "invalid cluster config: Cluster APIServer Endpoint is required", 5},
                  Condition{"SynchroRunning", "False", "InvalidConfig", "", 5},
                  Condition{"ClusterHealthy", "Unknown", "MonitorStop", "", 5},
                  Condition{"Ready", "False", "NotReady",
                            "Validated condition is False, reason is InvalidConfig", 5}));
}

TEST(BuildConditionsTest, ReadyNamesTheFirstThatIsNot) {
  ClusterFacts facts = Healthy();
  facts.health = HealthReport{false, "NotReachable", "refused"};
  const auto conditions = BuildConditions(facts, {}, 5);
  EXPECT_EQ(conditions[2], (Condition{"ClusterHealthy", "False", "NotReachable", "refused", 5}));
  EXPECT_EQ(conditions[3].message, "ClusterHealthy condition is False, reason is NotReachable");
  facts.run_state = RunState::kPending;
  EXPECT_EQ(BuildConditions(facts, {}, 5)[3].message,
            "SynchroRunning condition is False, reason is Pending");
}

TEST(BuildConditionsTest, TheTransitionTimeMovesWithTheStatusOnly) {
  const auto before = BuildConditions(Healthy(), {}, 5);
  ClusterFacts facts = Healthy();
  facts.health->message = "cluster health responded with ok, but slowly";
  auto conditions = BuildConditions(facts, before, 9);
  EXPECT_EQ(conditions[2].last_transition, 5);
  facts.health->healthy = false;
  conditions = BuildConditions(facts, before, 9);
  EXPECT_EQ(conditions[0].last_transition, 5);
  EXPECT_EQ(conditions[2].last_transition, 9);
  EXPECT_EQ(conditions[3].last_transition, 9);
}

}  // namespace
}  // namespace pedia::synchro
