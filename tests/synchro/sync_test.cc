// A whole sync over real sockets, without faults.
#include <thread>

#include "tests/synchro/sync_fixture.h"

namespace pedia::synchro {
namespace {

using pedia::testing::IsOk;
using std::chrono::milliseconds;
using ::testing::Contains;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::Not;

TEST_F(SyncTest, AFirstSyncStoresEverythingOfEveryMember) {
  GivenAMember("east");
  GivenAMember("west").server->SetAggregatedDiscovery(false);
  StartPedia();
  ExpectTheStoreEqualsTheMembers();
  UntilEverythingIsListed();
  for (const char* cluster : {"east", "west"}) {
    Eventually("the cluster is ready", [&] { return ConditionOf(cluster, "Ready") == "True"; });
    EXPECT_NE(Registered(cluster).synced.Find(kPods), nullptr);
    EXPECT_THAT(Registered(cluster).version_json, HasSubstr("gitVersion"));
    EXPECT_EQ(Registered(cluster).api_server, members_[cluster]->server->url());
  }
}

TEST_F(SyncTest, ChangesArriveWithoutAnotherList) {
  Member& east = GivenAMember("east");
  StartPedia();
  UntilEverythingIsListed();
  const uint64_t lists = east.server->Requests(member::RequestKind::kList);
  for (int i = 0; i < 20; ++i) {
    east.churn->Step(50);
    std::this_thread::sleep_for(milliseconds(5));
  }
  ExpectTheStoreEqualsTheMembers();
  EXPECT_EQ(east.server->Requests(member::RequestKind::kList), lists);
  EXPECT_GT(pedia_->counters().events, 100);
}

TEST_F(SyncTest, ARestartWithNothingChangedWritesNothing) {
  GivenAMember("east");
  GivenAMember("west");
  StartPedia();
  ExpectTheStoreEqualsTheMembers();
  Eventually("east is ready", [&] { return ConditionOf("east", "Ready") == "True"; });
  StopPedia();
  const int64_t revision = Revision();

  StartPedia();
  UntilEverythingIsListed();
  Eventually("east is ready", [&] { return ConditionOf("east", "Ready") == "True"; });
  EXPECT_EQ(pedia_->counters().transactions, 0);
  StopPedia();
  EXPECT_EQ(Revision(), revision);
}

TEST_F(SyncTest, ChangesWhilePediaWasDownAreFound) {
  Member& east = GivenAMember("east");
  StartPedia();
  ExpectTheStoreEqualsTheMembers();
  StopPedia();
  east.churn->Step(60);  // Updates, creations, deletions.
  StartPedia();
  ExpectTheStoreEqualsTheMembers();
  EXPECT_GT(pedia_->counters().deleted, 0);
  EXPECT_GT(pedia_->counters().unchanged, 50);
}

TEST_F(SyncTest, AnInterruptedFirstSyncIsCompletedByTheNext) {
  GivenAMember("east", 600);
  for (int round = 0; round < 4; ++round) {
    StartPedia();
    Eventually("something is stored",
               [&] { return CountStored("east", kPods) > static_cast<size_t>(round) * 100; });
    StopPedia(milliseconds(0));
  }
  StartPedia();
  ExpectTheStoreEqualsTheMembers();
}

TEST_F(SyncTest, ACustomResourceStartsAndStopsWithItsDefinition) {
  Member& east = GivenAMember("east");
  StartPedia();
  UntilEverythingIsListed();
  east.CreateWidgets();
  Eventually("widgets are synced",
             [&] { return Registered("east").synced.Find(kWidgets) != nullptr; });
  ExpectTheStoreEqualsTheMembers();
  EXPECT_EQ(CountStored("east", kWidgets), 2u);

  ASSERT_THAT(east.world.Delete(kCrds, {"", "widgets.example.com"}), IsOk());
  Eventually("widgets are not synced",
             [&] { return Registered("east").synced.Find(kWidgets) == nullptr; });
  Eventually("no widget is stored", [&] { return CountStored("east", kWidgets) == 0; });
  ExpectTheStoreEqualsTheMembers();
}

TEST_F(SyncTest, AResourceThatVanishedWhilePediaWasDownIsDeleted) {
  Member& east = GivenAMember("east");
  east.CreateWidgets();
  StartPedia();
  ExpectTheStoreEqualsTheMembers();
  StopPedia();
  ASSERT_THAT(east.world.Delete(kCrds, {"", "widgets.example.com"}), IsOk());
  StartPedia();
  ExpectTheStoreEqualsTheMembers();
  EXPECT_EQ(CountStored("east", kWidgets), 0u);
}

TEST_F(SyncTest, ARemovedClusterLeavesNothing) {
  GivenAMember("east");
  Member& west = GivenAMember("west");
  StartPedia();
  ExpectTheStoreEqualsTheMembers();
  pedia_->SetClusters({SpecOf(west)});
  EXPECT_EQ(Registered("east").name, "");
  members_.erase("east");
  ExpectTheStoreEqualsTheMembers();
}

TEST_F(SyncTest, AClusterThatWasRemovedWhilePediaWasDownLeavesNothing) {
  GivenAMember("east");
  GivenAMember("west");
  StartPedia();
  ExpectTheStoreEqualsTheMembers();
  StopPedia();
  members_.erase("east");
  StartPedia();
  ExpectTheStoreEqualsTheMembers();
}

TEST_F(SyncTest, AClusterThatComesBackAtOnceIsSyncedAgain) {
  Member& east = GivenAMember("east");
  StartPedia();
  ExpectTheStoreEqualsTheMembers();
  pedia_->SetClusters({});
  pedia_->SetClusters({SpecOf(east)});
  UntilEverythingIsListed();  // Else the rows that are about to be deleted would do.
  ExpectTheStoreEqualsTheMembers();
  Eventually("east is ready", [&] { return ConditionOf("east", "Ready") == "True"; });
}

TEST_F(SyncTest, NarrowerRulesDeleteWhatTheyNoLongerSelect) {
  Member& east = GivenAMember("east");
  StartPedia();
  ExpectTheStoreEqualsTheMembers();
  ClusterSpec spec = SpecOf(east);
  spec.sync_resources = {{"", {}, {"pods"}}};
  pedia_->SetClusters({spec});
  Eventually("config maps are gone", [&] { return CountStored("east", kConfigMaps) == 0; });
  Eventually("only pods are synced",
             [&] { return Registered("east").synced.resources.size() == 1; });
  EXPECT_EQ(CountStored("east", kPods), 120u);
}

TEST_F(SyncTest, AnUnreachableClusterIsServedFromItsRecord) {
  Member& east = GivenAMember("east");
  StartPedia();
  ExpectTheStoreEqualsTheMembers();
  Eventually("east is ready", [&] { return ConditionOf("east", "Ready") == "True"; });
  const auto synced = Registered("east").synced;
  StopPedia();

  east.server->StopListening();
  StartPedia();
  EXPECT_EQ(Registered("east").synced, synced);
  Eventually("east is not reachable",
             [&] { return ConditionOf("east", "ClusterHealthy") == "False"; });
  EXPECT_EQ(Registered("east").synced, synced);
  EXPECT_THAT(Registered("east").version_json, HasSubstr("gitVersion"));
  EXPECT_EQ(CountStored("east", kPods), 120u);

  east.churn->Step(50);
  ASSERT_THAT(east.server->StartListening(), IsOk());
  ExpectTheStoreEqualsTheMembers();
}

TEST_F(SyncTest, AnOutageOfAMemberPausesItAndCostsNothing) {
  Member& east = GivenAMember("east");
  StartPedia();
  ExpectTheStoreEqualsTheMembers();
  east.server->StopListening();
  Eventually("the sync is paused", [&] {
    return Registered("east").FindCondition("SynchroRunning")->reason == "Pending";
  });
  EXPECT_EQ(Registered("east").FindCondition("ClusterHealthy")->reason, "NotReachable");
  EXPECT_THAT(Registered("east").resources,
              Not(Contains(Field(&discovery::ResourceSync::status, Not("Stop")))));
  EXPECT_EQ(CountStored("east", kPods), 120u);

  east.churn->Step(50);
  ASSERT_THAT(east.server->StartListening(), IsOk());
  ExpectTheStoreEqualsTheMembers();
  Eventually("east is ready", [&] { return ConditionOf("east", "Ready") == "True"; });
}

TEST_F(SyncTest, ABadConfigurationIsACondition) {
  GivenAMember("east");
  std::vector<ClusterSpec> specs = {
      SpecOf(*members_["east"]),
      {"broken", BadRequest("Cluster APIServer Endpoint is required"), {}, false, {}}};
  StartPedia(specs);
  EXPECT_EQ(ConditionOf("broken", "Validated"), "False");
  EXPECT_EQ(Registered("broken").FindCondition("Validated")->reason, "InvalidConfig");
  ExpectTheStoreEqualsTheMembers();
}

TEST_F(SyncTest, ASmallQueueOnlySlowsASyncDown) {
  options_.queue_bytes = 20'000;
  options_.batch_changes = 3;
  GivenAMember("east", 400);
  GivenAMember("west", 400);
  StartPedia();
  ExpectTheStoreEqualsTheMembers();
}

TEST_F(SyncTest, StoppingWritesWhatWasRead) {
  Member& east = GivenAMember("east");
  StartPedia();
  ExpectTheStoreEqualsTheMembers();
  east.churn->Step(100);
  const uint64_t changes = east.churn->changes();
  Eventually("every event has been read",
             [&] { return pedia_->counters().events == static_cast<int64_t>(changes); });
  StopPedia();
  ExpectTheStoreEqualsTheMembers();
}

}  // namespace
}  // namespace pedia::synchro
