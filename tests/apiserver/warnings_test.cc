// Warnings about clusters whose objects may be old, incomplete or missing.
#include <gmock/gmock.h>

#include "convert/version_families.h"
#include "tests/apiserver/api_fixture.h"

namespace pedia::apiserver {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// c1 is well; c2 has been lost.
class WarningsTest : public ApiTest {
 protected:
  WarningsTest() {
    for (const char* cluster : {"c1", "c2"}) SetSync(cluster, kPods, true);
  }

  // How the sync of a resource of a cluster does.
  void SetSync(const std::string& cluster, const GroupVersionResource& gvr, bool initial_list_done,
               const std::string& status = "Syncing", const std::string& reason = "") {
    discovery::ClusterState state = *registry_.Get()->Find(cluster);
    std::erase_if(state.resources, [&](const auto& sync) { return sync.gvr == gvr; });
    discovery::ResourceSync& sync = state.resources.emplace_back();
    sync.gvr = sync.source = gvr;
    sync.status = status;
    sync.reason = reason;
    sync.initial_list_done = initial_list_done;
    registry_.Update(std::move(state));
  }

  void SetConditions(const std::string& cluster, std::vector<discovery::Condition> conditions) {
    discovery::ClusterState state = *registry_.Get()->Find(cluster);
    state.conditions = std::move(conditions);
    registry_.Update(std::move(state));
  }

  // A cluster that has not answered yet.
  void AddStranger(const std::string& name) {
    discovery::ClusterState state;
    state.name = name;
    state.conditions = {{"SynchroRunning", "False", "InitialFailed", "", 0},
                        {"ClusterHealthy", "False", "NotReachable", "", 0}};
    registry_.Update(std::move(state));
  }

  void AddHealthy(const std::string& name) {
    AddCluster(name, "True", "Healthy");
    SetSync(name, kPods, true);
  }

  static std::string Header(const std::string& text) { return "299 - \"" + text + '"'; }
  static std::vector<std::string> WarningsOf(const Answer& answer) {
    std::vector<std::string> warnings;
    for (const auto& [name, value] : answer.headers) {
      if (name == "Warning") warnings.push_back(value);
    }
    return warnings;
  }
  std::vector<std::string> Warnings(const std::string& path) { return WarningsOf(GetBelow(path)); }
};

TEST_F(WarningsTest, AreNotGivenInAFleetThatIsWell) {
  AddHealthy("c2");
  for (const char* path :
       {"/api/v1/pods", "/api/v1/pods?clusters=c1,c2", "/clusters/c2/api/v1/pods",
        "/clusters/c2/api/v1/namespaces/shop/pods/web-0",
        "/clusters/c2/collectionresources/workloads", "/apis"})
    EXPECT_THAT(Warnings(path), IsEmpty()) << path;
}

TEST_F(WarningsTest, NameTheClusterOfThePathThatIsNotReady) {
  const std::string text =
      Header("c2 is not ready and the resources obtained may be inaccurate, reason: NotReachable");
  for (const char* path :
       {"/clusters/c2/api/v1/pods", "/clusters/c2/api/v1/namespaces/shop/pods/web-0",
        "/clusters/c2/api/v1/namespaces/shop/pods/nope"})
    EXPECT_THAT(Warnings(path), ElementsAre(text)) << path;
  EXPECT_THAT(WarningsOf(GetBelow("/clusters/c2/api/v1/pods", kTableAccept)), ElementsAre(text));
  EXPECT_THAT(Warnings("/clusters/c1/api/v1/pods"), IsEmpty());
  SetConditions("c2", {});
  EXPECT_THAT(Warnings("/clusters/c2/api/v1/pods"),
              ElementsAre(Header("c2 is not ready and the resources obtained may be inaccurate.")));
}

TEST_F(WarningsTest, NameTheClusterOfThePathWhoseFirstListIsNotDone) {
  SetSync("c1", kPods, false, "Pending", "SynchroCreating");
  const std::string text =
      Header("c1 is still syncing pods and the resources obtained may be incomplete.");
  EXPECT_THAT(Warnings("/clusters/c1/api/v1/pods"), ElementsAre(text));
  EXPECT_THAT(Warnings("/clusters/c1/api/v1/namespaces/shop/pods/web-0"), ElementsAre(text));
  EXPECT_THAT(Warnings("/clusters/c1/api/v1/nodes"), IsEmpty());
  SetSync("c1", kPods, false, "Error", "ResourceWatchFailed");
  EXPECT_THAT(Warnings("/clusters/c1/api/v1/pods"),
              ElementsAre(Header("c1 is still syncing pods and the resources obtained may be "
                                 "incomplete, reason: ResourceWatchFailed")));
}

TEST_F(WarningsTest, KnowUnderWhichVersionAResourceIsSynced) {
  const GroupVersionResource events{"", "v1", "events"};
  const GroupVersionResource asked{"events.k8s.io", "v1", "events"};
  ASSERT_EQ(convert::StoredVersion(asked), events);
  discovery::ClusterState state = *registry_.Get()->Find("c1");
  state.synced.resources.push_back({asked, "Event", "event", true, {}, {}, {"get", "list"}});
  registry_.Update(std::move(state));
  SetSync("c1", events, false);
  EXPECT_THAT(Warnings("/clusters/c1/apis/events.k8s.io/v1/events"),
              ElementsAre(Header("c1 is still syncing events.events.k8s.io and the resources "
                                 "obtained may be incomplete.")));
}

TEST_F(WarningsTest, SumUpAFleet) {
  AddHealthy("c3");
  EXPECT_THAT(Warnings("/api/v1/pods"),
              ElementsAre(Header("1 of 3 clusters is not ready and the resources obtained may be "
                                 "inaccurate: c2 (NotReachable)")));
  SetSync("c1", kPods, false);
  SetSync("c2", kPods, false);  // One trouble is enough for a cluster.
  SetSync("c3", kPods, false, "Error", "ResourceWatchFailed");
  EXPECT_THAT(Warnings("/api/v1/pods?limit=1"),
              ElementsAre(Header("1 of 3 clusters is not ready and the resources obtained may be "
                                 "inaccurate: c2 (NotReachable)"),
                          Header("2 of 3 clusters are still syncing pods and the resources "
                                 "obtained may be incomplete: c1, c3 (ResourceWatchFailed)")));
}

TEST_F(WarningsTest, NameAFewOfMany) {
  for (const char* name : {"d1", "d2", "d3", "d4", "d5"}) {
    AddHealthy(name);
    SetSync(name, kPods, false);
  }
  EXPECT_EQ(Warnings("/api/v1/pods").back(),
            Header("5 of 7 clusters are still syncing pods and the resources obtained may be "
                   "incomplete: d1, d2, d3, d4, d5"));
  AddHealthy("d6");
  SetSync("d6", kPods, false);
  EXPECT_EQ(Warnings("/api/v1/pods").back(),
            Header("6 of 8 clusters are still syncing pods and the resources obtained may be "
                   "incomplete: d1, d2, d3, d4, d5 and 1 more"));
}

TEST_F(WarningsTest, CountClustersThatSyncTheResourceOrMay) {
  SetSync("c2", kDeployments, true);
  SetSync("c1", kDeployments, true);
  discovery::ClusterState state = *registry_.Get()->Find("c2");
  std::erase_if(state.resources, [&](const auto& sync) { return sync.gvr == kPods; });
  registry_.Update(std::move(state));
  EXPECT_THAT(Warnings("/api/v1/pods"), IsEmpty());
  AddStranger("c0");
  EXPECT_THAT(Warnings("/api/v1/pods"),
              ElementsAre(Header("1 of 3 clusters is not ready and the resources obtained may be "
                                 "inaccurate: c0 (NotReachable)")));
}

TEST_F(WarningsTest, SumUpTheClustersThatAreAskedFor) {
  AddHealthy("c3");
  EXPECT_THAT(Warnings("/api/v1/pods?clusters=c1,c3"), IsEmpty());
  EXPECT_THAT(Warnings("/api/v1/pods?clusters=c1,c2"),
              ElementsAre(Header("1 of 2 clusters is not ready and the resources obtained may be "
                                 "inaccurate: c2 (NotReachable)")));
  EXPECT_THAT(
      Warnings("/api/v1/pods?clusters=c2"),
      ElementsAre(Header(
          "c2 is not ready and the resources obtained may be inaccurate, reason: NotReachable")));
  EXPECT_THAT(Warnings("/api/v1/pods?labelSelector=search.clusterpedia.io/clusters%20notin%20(c2)"),
              IsEmpty());
}

TEST_F(WarningsTest, NameUnknownClusters) {
  const Answer answer = GetBelow("/api/v1/pods?clusters=nope");
  EXPECT_EQ(answer.code, 200);
  EXPECT_THAT(answer.Json()["items"], IsEmpty());
  EXPECT_THAT(WarningsOf(answer), ElementsAre(Header("unknown cluster \\\"nope\\\"")));
  EXPECT_THAT(Warnings("/api/v1/pods?clusters=x,y,c2"),
              ElementsAre(Header("unknown clusters \\\"x\\\", \\\"y\\\""),
                          Header("c2 is not ready and the resources obtained may be inaccurate, "
                                 "reason: NotReachable")));
  EXPECT_EQ(
      Warnings("/api/v1/pods?clusters=a,b,c,d,e,f,g").front(),
      Header("unknown clusters \\\"a\\\", \\\"b\\\", \\\"c\\\", \\\"d\\\", \\\"e\\\" and 2 more"));
}

TEST_F(WarningsTest, AreHeadersWhateverTheNamesAre) {
  EXPECT_EQ(Warnings("/api/v1/pods?clusters=a%0d%0aX-Evil:%201%22%5c%c3%a9").front(),
            Header("unknown cluster \\\"a??X-Evil: 1\\\"\\\\??\\\""));
  EXPECT_LT(Warnings("/api/v1/pods?clusters=" + std::string(5000, 'x')).front().size(), 1100u);
}

TEST_F(WarningsTest, OfACollectionAreAboutItsResources) {
  const std::string workloads = "/apis/clusterpedia.io/v1beta1/collectionresources/workloads";
  EXPECT_THAT(WarningsOf(Get(workloads)), IsEmpty());  // They sync pods only.
  SetSync("c1", kDeployments, false);
  SetSync("c2", kDeployments, true);
  EXPECT_THAT(WarningsOf(Get(workloads)),
              ElementsAre(Header("1 of 2 clusters is not ready and the resources obtained may be "
                                 "inaccurate: c2 (NotReachable)"),
                          Header("1 of 2 clusters is still syncing and the resources obtained may "
                                 "be incomplete: c1")));
  EXPECT_THAT(
      Warnings("/clusters/c1/collectionresources/workloads"),
      ElementsAre(Header("c1 is still syncing and the resources obtained may be incomplete.")));
  SetSync("c1", kDeployments, true);
  SetSync("c1", {"", "v1", "configmaps"}, false);
  EXPECT_EQ(WarningsOf(Get(workloads)).size(), 1u);
  EXPECT_EQ(
      WarningsOf(Get("/apis/clusterpedia.io/v1beta1/collectionresources/any?groups=*")).size(), 2u);
}

TEST_F(WarningsTest, SayWhyAClusterServesNothing) {
  AddStranger("c0");
  const std::string text =
      Header("c0 is not ready and the resources obtained may be inaccurate, reason: NotReachable");
  for (const char* path : {"/clusters/c0/apis", "/clusters/c0/api/v1", "/clusters/c0/api/v1/pods"})
    EXPECT_THAT(Warnings(path), ElementsAre(text)) << path;
  EXPECT_THAT(Warnings("/clusters/c2/apis"), IsEmpty());
  EXPECT_THAT(Warnings("/apis"), IsEmpty());
}

TEST_F(WarningsTest, TellThatAClusterIsBeingAsked) {
  SetConditions("c1", {{"SynchroRunning", "False", "WaitInit", "", 0},
                       {"ClusterHealthy", "True", "Healthy", "", 0}});
  EXPECT_THAT(Warnings("/clusters/c1/api/v1/pods"),
              ElementsAre(Header(
                  "c1 is still syncing pods and the resources obtained may be incomplete.")));
}

TEST_F(WarningsTest, EndWithTheTrouble) {
  EXPECT_EQ(Warnings("/api/v1/pods").size(), 1u);
  AddHealthy("c2");
  EXPECT_THAT(Warnings("/api/v1/pods"), IsEmpty());
  AddStranger("c0");
  EXPECT_EQ(Warnings("/api/v1/pods").size(), 1u);
  registry_.Remove("c0");
  EXPECT_THAT(Warnings("/api/v1/pods"), IsEmpty());
}

}  // namespace
}  // namespace pedia::apiserver
