#include "discovery/registry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/testing/matchers.h"

namespace pedia::discovery {
namespace {

using pedia::testing::FailsWith;
using pedia::testing::IsOk;
using ::testing::_;
using ::testing::ElementsAre;

ClusterState StateOf(std::string name, std::string version) {
  ClusterState state;
  state.name = std::move(name);
  state.version_json = std::move(version);
  return state;
}

TEST(RegistryTest, KeepsAnOldSnapshotAsItWas) {
  Registry registry;
  registry.Update(StateOf("a", "1"));
  const auto before = registry.Get();
  registry.Update(StateOf("a", "2"));
  registry.Update(StateOf("b", "1"));
  EXPECT_EQ(before->clusters.size(), 1u);
  EXPECT_EQ(before->Find("a")->version_json, "1");
  EXPECT_EQ(registry.Get()->Find("a")->version_json, "2");
}

TEST(RegistryTest, GrowsTheGenerationOnlyWhenSomethingChanged) {
  Registry registry;
  registry.Update(StateOf("a", "1"));
  const uint64_t generation = registry.Get()->generation;
  registry.Update(StateOf("a", "1"));
  registry.Remove("unknown");
  EXPECT_EQ(registry.Get()->generation, generation);
  registry.Remove("a");
  EXPECT_GT(registry.Get()->generation, generation);
  EXPECT_EQ(registry.Get()->Find("a"), nullptr);
}

TEST(RegistryTest, KnowsWhichClustersAreNotSettled) {
  Registry registry;
  const auto unsettled = [&] {
    std::vector<std::string> names;
    const auto snapshot = registry.Get();  // Outlives the loop.
    for (const auto& state : snapshot->unsettled) {
      EXPECT_EQ(state, registry.Get()->clusters.at(state->name));
      names.push_back(state->name);
    }
    return names;
  };
  for (const char* name : {"b", "c", "a"}) registry.Update(StateOf(name, "1"));
  EXPECT_THAT(unsettled(), ElementsAre("a", "b", "c"));
  ClusterState state = StateOf("b", "1");
  const auto update = [&](std::vector<Condition> conditions) {
    state.conditions = std::move(conditions);
    registry.Update(state);
  };
  const Condition healthy = {"ClusterHealthy", "True", "Healthy", "", 1};
  update({healthy});
  EXPECT_THAT(unsettled(), ElementsAre("a", "c"));
  update({healthy, {"SynchroRunning", "False", "WaitInit", "", 1}});
  EXPECT_THAT(unsettled(), ElementsAre("a", "b", "c"));
  update({{"ClusterHealthy", "False", "NotReachable", "", 1}});
  EXPECT_THAT(unsettled(), ElementsAre("a", "b", "c"));
  state.resources.emplace_back();
  update({healthy, {"SynchroRunning", "True", "Running", "", 1}});
  EXPECT_THAT(unsettled(), ElementsAre("a", "b", "c"));
  state.resources.back().initial_list_done = true;
  registry.Update(state);
  EXPECT_THAT(unsettled(), ElementsAre("a", "c"));
  registry.Remove("a");
  EXPECT_THAT(unsettled(), ElementsAre("c"));
}

TEST(ClusterStateTest, FindsAConditionByType) {
  ClusterState state;
  state.conditions = {{"Ready", "True", "Ready", "", 1}};
  ASSERT_NE(state.FindCondition("Ready"), nullptr);
  EXPECT_EQ(state.FindCondition("ClusterHealthy"), nullptr);
}

TEST(ClusterStateJsonTest, KeepsWhatOutlivesARestart) {
  ClusterState state = StateOf("c \"1\"", R"({"gitVersion":"v1.32.13"})");
  state.api_server = "https://127.0.0.1:6443";
  state.synced.resources = {{{"", "v1", "pods"}, "Pod", "pod", true, {"po"}, {"all"}, {"get"}}};
  state.openapi = {{"api/v1", "A1", "x\"1"}, {"apis/apps/v1", "B2", "y"}};
  ClusterState running = state;
  running.conditions = {{"Ready", "True", "Ready", "", 1}};
  running.resources = {{{"", "v1", "pods"}, "Syncing", "", "", true, 1}};
  const auto copy = ClusterStateFromJson(ClusterStateToJson(running));
  ASSERT_THAT(copy, IsOk());
  EXPECT_EQ(*copy, state);
}

TEST(ClusterStateJsonTest, RefusesWhatIsNoRecord) {
  for (const char* json : {"", "[]", "{}", R"({"name":"a","synced":7})", R"({"name":"a")"}) {
    EXPECT_THAT(ClusterStateFromJson(json), FailsWith(StatusReason::kBadRequest, _)) << json;
  }
}

}  // namespace
}  // namespace pedia::discovery
