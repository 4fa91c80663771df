#include "apiserver/cluster_follower.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "discovery/pedia_cluster_status.h"
#include "meta/base64.h"
#include "meta/guarded.h"
#include "tests/apiserver/fake_store.h"
#include "tests/kube/collection_server.h"
#include "tests/testing/matchers.h"

namespace pedia::apiserver {
namespace {

using discovery::ClusterState;
using ::pedia::testing::FailsWith;
using ::pedia::testing::IsOk;
using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

const GroupVersionResource kPods{"", "v1", "pods"};
const GroupVersionResource kSecrets{"", "v1", "secrets"};
const GroupVersionResource kHpaV1{"autoscaling", "v1", "horizontalpodautoscalers"};
const GroupVersionResource kHpaV2{"autoscaling", "v2", "horizontalpodautoscalers"};

// A store of which only the cluster records matter.
class RecordStore : public FakeStore {
 public:
  void SetRecord(const ClusterState& state) {
    records_.With([&](Records& all) {
      all.records.push_back({state.name, discovery::ClusterStateToJson(state)});
    });
  }
  void SetFailing(bool failing) {
    records_.With([&](Records& all) { all.failing = failing; });
  }
  int loads() const {
    return records_.With([](const Records& all) { return all.loads; });
  }
  Result<std::vector<storage::ClusterRecord>> LoadClusterRecords() override {
    return records_.With([](Records& all) -> Result<std::vector<storage::ClusterRecord>> {
      ++all.loads;
      if (all.failing) return ServiceUnavailable("the database is away");
      return all.records;
    });
  }

 private:
  struct Records {
    std::vector<storage::ClusterRecord> records;
    bool failing = false;
    int loads = 0;
  };
  Guarded<Records> records_;
};

class ClusterFollowerTest : public ::testing::Test {
 protected:
  static FollowerOptions Options() {
    FollowerOptions options;
    options.informer.backoff_initial = milliseconds(5);
    options.informer.backoff_max = milliseconds(50);
    options.record_pause = milliseconds(5);
    options.record_delay = milliseconds(20);
    return options;
  }
  void Start(FollowerOptions options = Options()) {
    follower_.emplace(client_, store_, registry_, std::move(options));
  }
  static ClusterState State(const std::string& name) {
    ClusterState state;
    state.name = name;
    state.api_server = "https://" + name + ":6443";
    state.version_json = R"({"gitVersion":"v1.32.1"})";
    state.synced.resources = {{kPods, "Pod", "pod", true, {}, {}, {"get", "list"}}};
    state.conditions = {{"ClusterHealthy", "True", "Healthy", "", 1}};
    state.resources = {{kPods, "Syncing", "", "", true, 1}};
    return state;
  }
  // Shows the state in a PediaCluster of the management cluster.
  void Tell(const ClusterState& state, const std::string& more = "") {
    host_.Put(state.name, R"({"apiserver":"https://)" + state.name + R"(:6443","tokenData":")" +
                              EncodeBase64("t-" + state.name) + R"("},"status":)" +
                              discovery::PediaClusterStatusToJson(state) + more);
  }
  template <typename F>
  static bool WaitFor(F&& condition) {
    for (int i = 0; i < 6'000; ++i) {
      if (condition()) return true;
      std::this_thread::sleep_for(milliseconds(10));
    }
    return false;
  }
  bool WaitForState(const ClusterState& state) {
    return WaitFor([&] {
      const auto snapshot = registry_.Get();
      const ClusterState* found = snapshot->Find(state.name);
      return found != nullptr && *found == state;
    });
  }
  std::vector<std::string> Names() const {
    std::vector<std::string> names;
    const auto snapshot = registry_.Get();  // Outlives the loop.
    for (const auto& [name, state] : snapshot->clusters) names.push_back(name);
    return names;
  }

  RecordStore store_;
  discovery::Registry registry_;
  kube::CollectionServer host_;
  kube::EventLoop loop_;
  kube::Client client_{loop_, host_.config()};
  std::optional<ClusterFollower> follower_;
};

TEST_F(ClusterFollowerTest, ShowsClustersAsTheirStatusSays) {
  Tell(State("c1"));
  Tell(State("c2"));
  Start();
  EXPECT_TRUE(WaitForState(State("c1")));
  EXPECT_TRUE(WaitForState(State("c2")));
  ClusterState sick = State("c1");
  sick.conditions[0].status = "False";
  Tell(sick);
  EXPECT_TRUE(WaitForState(sick));
  host_.Delete("c2");
  EXPECT_TRUE(WaitFor([&] { return Names() == std::vector<std::string>{"c1"}; }));
}

TEST_F(ClusterFollowerTest, TakesShortNamesAndOpenApiFromTheRecord) {
  ClusterState told = State("c1");
  ClusterState record = told;
  record.synced.resources[0].short_names = {"po"};
  record.synced.resources[0].categories = {"all"};
  record.version_json = R"({"gitVersion":"v1.32.1","platform":"linux/amd64"})";
  record.openapi = {{"api/v1", "hash", "source"}};
  store_.SetRecord(record);
  Tell(told);
  Start();
  EXPECT_TRUE(WaitForState(record));
}

TEST_F(ClusterFollowerTest, ServesOnlyWhatIsSynced) {
  ClusterState told = State("c1");
  ClusterState record = told;
  record.synced.resources.push_back({kSecrets, "Secret", "secret", true, {}, {}, {"get"}});
  store_.SetRecord(record);
  Tell(told);
  Start();
  EXPECT_TRUE(WaitForState(told));
}

TEST_F(ClusterFollowerTest, ServesAllVersionsOfWhatIsSyncedInOne) {
  ClusterState told = State("c1");
  told.synced.resources = {{kHpaV2, "HorizontalPodAutoscaler", "x", true, {}, {}, {"get"}}};
  told.resources = {{kHpaV2, "Syncing", "", "", true, 1}};
  ClusterState record = told;
  record.synced.resources.push_back(
      {kHpaV1, "HorizontalPodAutoscaler", "x", true, {"hpa"}, {}, {"get"}});
  store_.SetRecord(record);
  Tell(told);
  Start();
  EXPECT_TRUE(WaitForState(record));
}

TEST_F(ClusterFollowerTest, SeesARecordThatIsWrittenAfterTheStatus) {
  Tell(State("c1"));
  Start();
  ASSERT_TRUE(WaitForState(State("c1")));
  ClusterState record = State("c1");
  record.synced.resources[0].short_names = {"po"};
  store_.SetRecord(record);
  Tell(State("c2"));  // Something changes.
  EXPECT_TRUE(WaitForState(record));
}

TEST_F(ClusterFollowerTest, DoesNotReadRecordsForConditionsAlone) {
  FollowerOptions options = Options();
  options.record_delay = milliseconds(0);
  Tell(State("c1"));
  Start(options);
  ASSERT_TRUE(WaitForState(State("c1")));
  const int loads = store_.loads();
  ClusterState state = State("c1");
  for (int i = 0; i < 20; ++i) {
    state.conditions[0].last_transition = 100 + i;
    Tell(state);
    ASSERT_TRUE(WaitForState(state));
  }
  EXPECT_LE(store_.loads(), loads + 1);
}

TEST_F(ClusterFollowerTest, LeavesOutWhatIsBeingDeleted) {
  Tell(State("c1"));
  Start();
  ASSERT_TRUE(WaitForState(State("c1")));
  // The second "metadata" is what a reader that looks for both finds.
  Tell(State("c1"), R"(,"metadata":{"deletionTimestamp":"2026-11-23T20:00:00Z"})");
  EXPECT_TRUE(WaitFor([&] { return Names().empty(); }));
  EXPECT_EQ(follower_->Connection("c1"), std::nullopt);
}

TEST_F(ClusterFollowerTest, KnowsHowClustersAreReached) {
  Tell(State("c1"));
  host_.Put("c2", R"({"apiserver":"https://c2"})");
  Start();
  ASSERT_TRUE(WaitFor([&] { return follower_->Ready().ok(); }));
  const auto good = follower_->Connection("c1");
  ASSERT_TRUE(good.has_value());
  ASSERT_THAT(*good, IsOk());
  EXPECT_EQ((*good)->server, "https://c1:6443");
  EXPECT_EQ((*good)->token, "t-c1");
  const auto bad = follower_->Connection("c2");
  ASSERT_TRUE(bad.has_value());
  EXPECT_THAT(*bad, FailsWith(StatusReason::kBadRequest, HasSubstr("Token or Cert is required")));
  EXPECT_FALSE(follower_->Connection("c3").has_value());
}

// The server has one collection for everybody: the Secret is a cluster, too, which hurts nobody.
TEST_F(ClusterFollowerTest, FollowsTheSecretsThatClustersName) {
  host_.Put("c1",
            R"({"apiserver":"https://c1","authenticationFrom":{"token":{"name":"s","key":"t"}}})");
  FollowerOptions options = Options();
  options.secrets_namespace = "pedia";
  Start(options);
  const auto token = [&]() -> std::string {
    const auto found = follower_->Connection("c1");
    if (!found || !found->ok()) return "";
    return (*found)->token;
  };
  host_.Put("s", R"({},"data":{"t":"b25l"})");
  EXPECT_TRUE(WaitFor([&] { return token() == "one"; }));
  host_.Put("s", R"({},"data":{"t":"dHdv"})");
  EXPECT_TRUE(WaitFor([&] { return token() == "two"; }));
  host_.Delete("s");
  EXPECT_TRUE(WaitFor([&] { return token().empty(); }));
}

TEST_F(ClusterFollowerTest, ReadsNoSecretsUnlessTheyMayBeNamed) {
  host_.Put("c1",
            R"({"apiserver":"https://c1","authenticationFrom":{"token":{"name":"s","key":"t"}}})");
  Start();
  ASSERT_TRUE(WaitFor([&] { return follower_->Ready().ok(); }));
  EXPECT_THAT(*follower_->Connection("c1"),
              FailsWith(StatusReason::kBadRequest, HasSubstr("ClusterAuthenticationFromSecret")));
  EXPECT_EQ(host_.CountRequests("/secrets"), 0u);
}

TEST_F(ClusterFollowerTest, IsReadyWhenAllWasSeenOnce) {
  host_.AnswerLists(kube::CollectionServer::Response(
      403,
      R"({"kind":"Status","status":"Failure","reason":"Forbidden","message":"no","code":403})"));
  Tell(State("c1"));
  Start();
  EXPECT_THAT(follower_->Ready(),
              FailsWith(StatusReason::kServiceUnavailable, HasSubstr("not been listed yet")));
  EXPECT_TRUE(WaitFor([&] { return follower_->Ready().message().ends_with(": no"); }));
  EXPECT_THAT(Names(), SizeIs(0));
  host_.AnswerLists("");
  EXPECT_TRUE(WaitFor([&] { return follower_->Ready().ok(); }));
  EXPECT_THAT(Names(), ElementsAre("c1"));
  EXPECT_THAT(follower_->Following(), IsOk());
}

TEST_F(ClusterFollowerTest, StaysAsItWasWhileTheManagementClusterIsAway) {
  FollowerOptions options = Options();
  options.silence = milliseconds(50);
  Tell(State("c1"));
  Start(options);
  ASSERT_TRUE(WaitForState(State("c1")));
  ASSERT_TRUE(host_.WaitForWatches(1));
  host_.SetDown(true);
  EXPECT_TRUE(WaitFor([&] { return !follower_->Following().ok(); }));
  EXPECT_THAT(follower_->Following(),
              FailsWith(StatusReason::kServiceUnavailable, HasSubstr("has not answered for")));
  EXPECT_THAT(follower_->Ready(), IsOk());
  EXPECT_THAT(Names(), ElementsAre("c1"));
  EXPECT_TRUE(follower_->Connection("c1").has_value());
  host_.SetDown(false);
  EXPECT_TRUE(WaitFor([&] { return follower_->Following().ok(); }));
}

TEST_F(ClusterFollowerTest, ServesWhatTheStatusSaysWhileTheStoreIsAway) {
  ClusterState record = State("c1");
  record.synced.resources[0].short_names = {"po"};
  store_.SetRecord(record);
  store_.SetFailing(true);
  Tell(State("c1"));
  Start();
  EXPECT_TRUE(WaitForState(State("c1")));
  store_.SetFailing(false);
  EXPECT_TRUE(WaitForState(record));
}

TEST_F(ClusterFollowerTest, SurvivesRecordsThatAreNone) {
  ClusterState nameless;
  store_.SetRecord(nameless);
  Tell(State("c1"));
  Start();
  EXPECT_TRUE(WaitForState(State("c1")));
}

}  // namespace
}  // namespace pedia::apiserver
