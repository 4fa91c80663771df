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

TEST(BuildConditionsTest, WarnsOfAConfigurationThatIsUsed) {
  ClusterFacts facts = Healthy();
  facts.warning = "Warning: sync resource ref is not found";
  const auto conditions = BuildConditions(facts, {}, 5);
  EXPECT_EQ(conditions[0], (Condition{"Validated", "True", "Validated", facts.warning, 5}));
  EXPECT_EQ(conditions[3].status, "True");
}

TEST(BuildConditionsTest, RulesThatCannotBeUsedLeaveWhatRunsAsItIs) {
  ClusterFacts facts = Healthy();
  facts.invalid_sync_resources = "group \"*\"";
  auto conditions = BuildConditions(facts, {}, 5);
  EXPECT_EQ(conditions[0],
            (Condition{"Validated", "False", "InvalidSyncResources", "group \"*\"", 5}));
  EXPECT_EQ(conditions[1].reason, "Running");
  EXPECT_EQ(conditions[3].message, "Validated condition is False, reason is InvalidSyncResources");
  facts.run_state = RunState::kWaitInit;
  facts.health.reset();
  conditions = BuildConditions(facts, {}, 5);
  EXPECT_EQ(conditions[1], (Condition{"SynchroRunning", "False", "InvalidSyncResources", "", 5}));
}

TEST(BuildConditionsTest, EveryStateOfTheSynchroHasItsReason) {
  const auto expect = [](RunState state, const char* status, const char* reason) {
    ClusterFacts facts = Healthy();
    facts.run_state = state;
    facts.run_message = "why";
    EXPECT_EQ(BuildConditions(facts, {}, 5)[1],
              (Condition{"SynchroRunning", status, reason, "why", 5}));
  };
  expect(RunState::kWaitInit, "False", "WaitInit");
  expect(RunState::kInitialFailed, "False", "InitialFailed");
  expect(RunState::kPending, "False", "Pending");
  expect(RunState::kRunning, "True", "Running");
  expect(RunState::kShutdown, "False", "Shutdown");
}

TEST(StoppedConditionsTest, AStoppedClusterIsNotReady) {
  EXPECT_THAT(StoppedConditions(BuildConditions(Healthy(), {}, 5), kShutdown, "", 9),
              ElementsAre(Condition{"Validated", "True", "Validated", "", 5},
                          Condition{"SynchroRunning", "False", "Shutdown", "", 9},
                          Condition{"ClusterHealthy", "Unknown", "MonitorStop", "", 9},
                          Condition{"Ready", "False", "NotReady",
                                    "SynchroRunning condition is False, reason is Shutdown", 9}));
}

TEST(StoppedConditionsTest, OfAClusterWhoseManagerVanishedNothingIsCertain) {
  const auto conditions =
      StoppedConditions(BuildConditions(Healthy(), {}, 5), kManagerLost, "gone since then", 9);
  EXPECT_EQ(conditions[1],
            (Condition{"SynchroRunning", "Unknown", "ManagerLost", "gone since then", 9}));
  EXPECT_EQ(conditions[3].message, "SynchroRunning condition is Unknown, reason is ManagerLost");
}

TEST(StoppedConditionsTest, WhatWasNeverSaidIsNotFound) {
  const auto conditions = StoppedConditions({}, kShutdown, "", 9);
  EXPECT_EQ(conditions.back(),
            (Condition{"Ready", "False", "NotReady", "Validated condition is not found", 9}));
}

}  // namespace
}  // namespace pedia::synchro
