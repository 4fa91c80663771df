#include "discovery/pedia_cluster_status.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/testing/matchers.h"

namespace pedia::discovery {
namespace {

using nlohmann::json;
using ::pedia::testing::FailsWith;
using ::pedia::testing::IsOk;
using ::testing::_;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const GroupVersionResource kPods{"", "v1", "pods"};
const GroupVersionResource kOldCronJobs{"batch", "v1beta1", "cronjobs"};
const GroupVersionResource kCronJobs{"batch", "v1", "cronjobs"};

ClusterState SomeState() {
  ClusterState state;
  state.name = "c1";
  state.api_server = "https://c1:6443";
  state.version_json = R"({"gitVersion":"v1.32.1"})";
  state.synced.resources = {{kPods, "Pod", "pod", true, {}, {}, {"get", "list"}},
                            {kOldCronJobs, "CronJob", "cronjob", true, {}, {}, {"get", "list"}}};
  state.conditions = {{"Ready", "True", "Ready", "", 1'700'000'000}};
  state.resources = {
      {kPods, "Syncing", "", "", true, 1'700'000'000},
      {kCronJobs, "Error", "ResourceWatchFailed", "forbidden", false, 1'700'000'001, kOldCronJobs}};
  return state;
}

// What the status of an object says, once a shard without a name has taken it.
std::string StatusOf(const ClusterState& state) {
  std::string status = PediaClusterStatusToJson(state);
  status.insert(status.size() - 1, R"(,"shardingName":"")");
  return status;
}

std::string ObjectWith(const std::string& status) {
  return R"({"metadata":{"name":"c1"},"spec":{},"status":)" + status + "}";
}

TEST(PediaClusterStatusTest, SaysWhatClusterpediaSays) {
  EXPECT_EQ(
      PediaClusterStatusToJson(SomeState()),
      R"({"apiserver":"https://c1:6443","version":"v1.32.1","conditions":[{"type":"Ready",)"
      R"("status":"True","lastTransitionTime":"2023-11-14T22:13:20Z","reason":"Ready",)"
      R"("message":""}],"syncResources":[{"group":"","resources":[{"name":"pods","kind":"Pod",)"
      R"("namespaced":true,"syncConditions":[{"version":"v1","status":"Syncing",)"
      R"("lastTransitionTime":"2023-11-14T22:13:20Z"}]}]},{"group":"batch","resources":[)"
      R"({"name":"cronjobs","kind":"CronJob","namespaced":true,"syncConditions":[)"
      R"({"version":"v1beta1","storageVersion":"v1","status":"Error",)"
      R"("reason":"ResourceWatchFailed","message":"forbidden","initialListPhase":true,)"
      R"("lastTransitionTime":"2023-11-14T22:13:21Z"}]}]}]})");
}

TEST(PediaClusterStatusTest, ComesBackAsItWas) {
  const ClusterState state = SomeState();
  const auto back = ParsePediaClusterStatus(ObjectWith(PediaClusterStatusToJson(state)));
  ASSERT_THAT(back, IsOk());
  EXPECT_EQ(back->name, state.name);
  EXPECT_EQ(back->api_server, state.api_server);
  EXPECT_EQ(GitVersion(*back), "v1.32.1");
  EXPECT_EQ(back->conditions, state.conditions);
  EXPECT_EQ(back->resources, state.resources);
  EXPECT_EQ(back->synced, state.synced);
}

TEST(PediaClusterStatusTest, KeepsTheGroupThatObjectsAreStoredUnder) {
  ClusterState state = SomeState();
  const GroupVersionResource events{"", "v1", "events"};
  const GroupVersionResource new_events{"events.k8s.io", "v1", "events"};
  state.resources = {{events, "Syncing", "", "", true, 1, new_events}};
  const auto back = ParsePediaClusterStatus(ObjectWith(PediaClusterStatusToJson(state)));
  ASSERT_THAT(back, IsOk());
  // Without a kind it cannot be served.
  EXPECT_THAT(back->resources, IsEmpty());
  state.synced.resources = {{new_events, "Event", "event", true, {}, {}, {"get", "list"}}};
  EXPECT_EQ(ParsePediaClusterStatus(ObjectWith(PediaClusterStatusToJson(state)))->resources,
            state.resources);
}

TEST(PediaClusterStatusTest, SurvivesAnyStatus) {
  for (
      const char* status :
      {"null", "7", "\"x\"", "[]", "{}", R"({"conditions":"x","syncResources":7})",
       R"({"conditions":[1,null,{}],"syncResources":[1,{"resources":"x"},{"resources":[1,{}]}]})",
       R"({"syncResources":[{"group":"g","resources":[{"name":"a","kind":"A","syncConditions":"v"}]}]})",
       R"({"syncResources":[{"group":"../x","resources":[{"name":"a/b","kind":"A","syncConditions":[{"version":"v1"}]}]}]})"}) {
    const auto state = ParsePediaClusterStatus(ObjectWith(status));
    ASSERT_THAT(state, IsOk()) << status;
    EXPECT_THAT(state->resources, IsEmpty()) << status;
    EXPECT_THAT(state->conditions, IsEmpty()) << status;
    EXPECT_THAT(state->synced.resources, IsEmpty()) << status;
  }
  EXPECT_THAT(ParsePediaClusterStatus("{}"), FailsWith(StatusReason::kBadRequest, _));
}

TEST(MakeStatusPatchTest, IsEmptyWhenNothingIsNew) {
  const ClusterState state = SomeState();
  EXPECT_EQ(MakeStatusPatch(state, ObjectWith(StatusOf(state)), ""), "");
  // The server's order of members is its own.
  const json sorted = json::parse(StatusOf(state));
  EXPECT_EQ(MakeStatusPatch(state, ObjectWith(sorted.dump()), ""), "");
}

TEST(MakeStatusPatchTest, HasOnlyWhatChanged) {
  ClusterState state = SomeState();
  const std::string object = ObjectWith(StatusOf(state));
  state.version_json = R"({"gitVersion":"v1.33.0"})";
  EXPECT_EQ(MakeStatusPatch(state, object, ""), R"({"status":{"version":"v1.33.0"}})");
  state = SomeState();
  state.resources[1].initial_list_done = true;
  const json patch = json::parse(MakeStatusPatch(state, object, ""));
  EXPECT_THAT(patch["status"], SizeIs(1));
  EXPECT_THAT(patch["status"]["syncResources"], SizeIs(2));
}

TEST(MakeStatusPatchTest, SaysEverythingToAnObjectWithoutAStatus) {
  const json patch = json::parse(MakeStatusPatch(SomeState(), R"({"metadata":{"name":"c1"}})", ""));
  EXPECT_EQ(patch["status"], json::parse(StatusOf(SomeState())));
}

TEST(MakeStatusPatchTest, LeavesWhatIsSyncedWhileThatIsNotKnown) {
  ClusterState state = SomeState();
  const std::string object = ObjectWith(StatusOf(state));
  state.resources.clear();  // As after a restart, with a catalog from the store.
  EXPECT_EQ(MakeStatusPatch(state, object, ""), "");
  state.synced.resources.clear();
  EXPECT_EQ(MakeStatusPatch(state, object, ""), R"({"status":{"syncResources":[]}})");
}

TEST(MakeStatusPatchTest, NamesTheShardAlsoTheOneWithoutAName) {
  const ClusterState state = SomeState();
  const std::string nobodys = ObjectWith(PediaClusterStatusToJson(state));
  EXPECT_EQ(MakeStatusPatch(state, nobodys, ""), R"({"status":{"shardingName":""}})");
  EXPECT_EQ(MakeStatusPatch(state, nobodys, "a"), R"({"status":{"shardingName":"a"}})");
  EXPECT_EQ(MakeStatusPatch(state, ObjectWith(StatusOf(state)), "a"),
            R"({"status":{"shardingName":"a"}})");
}

TEST(MakeStatusPatchTest, RemovesConditionsThatAreNoMore) {
  const ClusterState state = SomeState();
  ClusterState old = state;
  old.conditions.push_back({"ClusterSynchroInitialized", "True", "Initialized", "", 1});
  const json patch = json::parse(MakeStatusPatch(state, ObjectWith(StatusOf(old)), ""));
  EXPECT_THAT(patch["status"], SizeIs(1));
  EXPECT_THAT(patch["status"]["conditions"], SizeIs(1));
}

TEST(IsBeingDeletedTest, LooksForADeletionTimestamp) {
  EXPECT_TRUE(
      IsBeingDeleted(R"({"metadata":{"name":"a","deletionTimestamp":"2026-11-23T20:00:00Z"}})"));
  for (const char* object :
       {"", "{}", R"({"metadata":{"deletionTimestamp":null}})", R"({"metadata":7})",
        R"({"spec":{"deletionTimestamp":"x"},"metadata":{"name":"a"}})"})
    EXPECT_FALSE(IsBeingDeleted(object)) << object;
}

}  // namespace
}  // namespace pedia::discovery
