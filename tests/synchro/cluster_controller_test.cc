#include "synchro/cluster_controller.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <future>
#include <mutex>
#include <optional>
#include <thread>

#include "discovery/pedia_cluster_marks.h"
#include "discovery/pedia_cluster_status.h"
#include "synchro/cluster_conditions.h"
#include "tests/synchro/management_server.h"

namespace pedia::synchro {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

const std::string kClusters(discovery::kPediaClustersPath);
constexpr const char* kRules = "/apis/cluster.clusterpedia.io/v1alpha2/clustersyncresources";
constexpr const char* kSecrets = "/api/v1/namespaces/pedia/secrets";
const json kFinalizers = {std::string(discovery::kSynchroFinalizer)};

class SwitchedOwnership : public ClusterOwnership {
 public:
  bool acting() const override { return on; }
  std::set<std::string> Owned(const std::set<std::string>& clusters) const override {
    return on ? clusters : std::set<std::string>();
  }
  std::atomic<bool> on = true;
};

// What the SynchroManager was told last.
class Told {
 public:
  void Set(std::vector<ClusterSpec> run, std::set<std::string> elsewhere,
           std::set<std::string> deleted) {
    {
      std::scoped_lock lock(mutex_);
      ++calls_;
      run_ = std::move(run);
      elsewhere_ = std::move(elsewhere);
      deleted_ = std::move(deleted);
    }
    changed_.notify_all();
  }
  bool WaitForRun(const std::set<std::string>& names) {
    return WaitFor([&] {
      std::set<std::string> now;
      for (const ClusterSpec& spec : run_) now.insert(spec.name);
      return now == names;
    });
  }
  bool WaitForElsewhere(const std::set<std::string>& names) {
    return WaitFor([&] { return elsewhere_ == names; });
  }
  bool WaitForDeleted(const std::set<std::string>& names) {
    return WaitFor([&] { return deleted_ == names; });
  }
  bool WaitForToken(const std::string& token) {
    return WaitFor(
        [&] { return run_.size() == 1 && run_[0].config.ok() && run_[0].config->token == token; });
  }
  bool WaitForRules(size_t count) {
    return WaitFor([&] { return run_.size() == 1 && run_[0].sync_resources.size() == count; });
  }
  int calls() const {
    std::scoped_lock lock(mutex_);
    return calls_;
  }

 private:
  bool WaitFor(const std::function<bool()>& condition) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::minutes(1),
                             [&] { return calls_ > 0 && condition(); });
  }
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<ClusterSpec> run_;
  std::set<std::string> elsewhere_, deleted_;
  int calls_ = 0;
};

class ClusterControllerTest : public ::testing::Test {
 protected:
  static ControllerOptions Options() {
    ControllerOptions options;
    options.name_space = options.lease_namespace = "pedia";
    options.gates = {true, true, true, true};
    options.lease_duration = milliseconds(50);
    options.tick = options.leases_interval = milliseconds(20);
    options.backoff_initial = options.backoff_max = milliseconds(5);
    options.informer.backoff_initial = options.informer.backoff_max = milliseconds(5);
    options.status.tick = options.status.interval = milliseconds(5);
    return options;
  }
  void Start(const ControllerOptions& options = Options()) {
    controller_.emplace(client_, registry_, ownership_, options,
                        [this](std::vector<ClusterSpec> run, std::set<std::string> elsewhere,
                               std::set<std::string> deleted) {
                          told_.Set(std::move(run), std::move(elsewhere), std::move(deleted));
                        });
    controller_->Start();
  }
  void PutCluster(const std::string& name, const json& more = json::object()) {
    json cluster = {{"apiVersion", "cluster.clusterpedia.io/v1alpha2"},
                    {"kind", "PediaCluster"},
                    {"spec",
                     {{"apiserver", "https://x"},
                      {"tokenData", "eA=="},
                      {"syncResources", {{{"group", ""}, {"resources", {"pods"}}}}}}}};
    cluster.merge_patch(more);
    host_.Put(kClusters, name, cluster);
  }
  bool WaitForFinalizers(const std::string& name, const json& finalizers) {
    return host_.WaitFor(kClusters, name, [&](const json& object) {
      return !object.is_null() && object["metadata"].value("finalizers", json()) == finalizers;
    });
  }
  // The reason of the condition SynchroRunning.
  bool WaitForReason(const std::string& name, const std::string& reason) {
    return host_.WaitFor(kClusters, name, [&](const json& object) {
      if (object.is_null()) return false;
      for (const json& condition : object.value("/status/conditions"_json_pointer, json::array())) {
        if (condition["type"] == "SynchroRunning") return condition["reason"] == reason;
      }
      return false;
    });
  }
  // As a synchro does.
  void Publish(const std::string& name) {
    discovery::ClusterState state;
    state.name = name;
    state.api_server = "https://x";
    ClusterFacts facts;
    facts.run_state = RunState::kRunning;
    facts.health = HealthReport{true, "Healthy", "cluster health responded with ok"};
    state.conditions = BuildConditions(facts, {}, 1);
    state.synced.resources = {{{"", "v1", "pods"}, "Pod", "pod", true, {}, {}, {"list"}}};
    state.resources = {{{"", "v1", "pods"}, "Syncing", "", "", true, 1}};
    registry_.Update(state);
  }

  ManagementServer host_;
  SwitchedOwnership ownership_;
  Told told_;
  discovery::Registry registry_;
  kube::EventLoop loop_;
  kube::Client client_{loop_, host_.config()};
  std::optional<ClusterController> controller_;
};

TEST_F(ClusterControllerTest, SyncsAClusterOnceItHasTheFinalizer) {
  PutCluster("c1");
  Start();
  ASSERT_TRUE(told_.WaitForRun({"c1"}));
  EXPECT_EQ(host_.Get(kClusters, "c1")["metadata"]["finalizers"], kFinalizers);
  PutCluster("c2");
  EXPECT_TRUE(told_.WaitForRun({"c1", "c2"}));
  EXPECT_TRUE(controller_->synced());
}

TEST_F(ClusterControllerTest, SyncsNothingThatItCannotPutTheFinalizerOn) {
  host_.FailPatches(403);
  PutCluster("c1");
  Start();
  ASSERT_TRUE(told_.WaitForElsewhere({"c1"}));
  const int before = host_.patches();
  while (host_.patches() < before + 3) std::this_thread::sleep_for(milliseconds(5));
  EXPECT_TRUE(told_.WaitForRun({}));
  host_.FailPatches(0);
  EXPECT_TRUE(told_.WaitForRun({"c1"}));
}

TEST_F(ClusterControllerTest, DeletesTheRowsBeforeTheObjectGoes) {
  PutCluster("c1");
  Start();
  ASSERT_TRUE(told_.WaitForRun({"c1"}));
  host_.Delete(kClusters, "c1");
  ASSERT_TRUE(told_.WaitForDeleted({"c1"}));
  EXPECT_EQ(host_.Get(kClusters, "c1")["metadata"]["finalizers"], kFinalizers);
  host_.FailPatches(503);
  controller_->hooks().deleted("c1");
  const int before = host_.patches();
  while (host_.patches() < before + 3) std::this_thread::sleep_for(milliseconds(5));
  host_.FailPatches(0);
  EXPECT_TRUE(host_.WaitFor(kClusters, "c1", [](const json& object) { return object.is_null(); }));
  EXPECT_TRUE(told_.WaitForDeleted({}));
}

TEST_F(ClusterControllerTest, DeletesTheRowsOfAnObjectThatWasForcedToGo) {
  PutCluster("c1");
  Start();
  ASSERT_TRUE(told_.WaitForRun({"c1"}));
  host_.Delete(kClusters, "c1", /*force=*/true);
  ASSERT_TRUE(told_.WaitForDeleted({"c1"}));
  controller_->hooks().deleted("c1");
  EXPECT_TRUE(told_.WaitForDeleted({}));
}

TEST_F(ClusterControllerTest, AStandbySaysNothingUntilItLeads) {
  ownership_.on = false;
  PutCluster("c1");
  Start();
  while (!controller_->synced()) std::this_thread::sleep_for(milliseconds(5));
  EXPECT_EQ(told_.calls(), 0);
  EXPECT_EQ(host_.patches(), 0);
  ownership_.on = true;
  controller_->Reconsider();
  EXPECT_TRUE(told_.WaitForRun({"c1"}));
  ownership_.on = false;
  controller_->Reconsider();
  EXPECT_TRUE(told_.WaitForRun({}));
  EXPECT_TRUE(told_.WaitForElsewhere({"c1"}));
  ownership_.on = true;
  controller_->Reconsider();
  EXPECT_TRUE(told_.WaitForRun({"c1"}));
}

TEST_F(ClusterControllerTest, DecidesNothingBeforeAllWasListed) {
  host_.Refuse(kRules, 503);
  PutCluster("c1", {{"spec", {{"syncResourcesRefName", "r"}}}});
  Start();
  ASSERT_TRUE(host_.WaitFor(kClusters, "c1", [](const json&) { return true; }));
  controller_->Reconsider();
  EXPECT_FALSE(controller_->synced());
  EXPECT_EQ(told_.calls(), 0);
  host_.Put(kRules, "r",
            {{"apiVersion", "cluster.clusterpedia.io/v1alpha2"},
             {"kind", "ClusterSyncResources"},
             {"spec", {{"syncResources", {{{"group", ""}, {"resources", {"nodes"}}}}}}}});
  host_.Refuse(kRules, 0);
  EXPECT_TRUE(told_.WaitForRules(2));
}

TEST_F(ClusterControllerTest, FollowsTheSecretThatAClusterNames) {
  host_.Put(kSecrets, "s", {{"data", {{"t", "b25l"}}}});
  PutCluster("c1", {{"spec",
                     {{"tokenData", nullptr},
                      {"authenticationFrom", {{"token", {{"name", "s"}, {"key", "t"}}}}}}}});
  Start();
  ASSERT_TRUE(told_.WaitForToken("one"));
  host_.Put(kSecrets, "s", {{"data", {{"t", "dHdv"}}}});
  EXPECT_TRUE(told_.WaitForToken("two"));
}

TEST_F(ClusterControllerTest, SecretsThatMayNotBeReadStopNobodyElse) {
  host_.Refuse(kSecrets, 403);
  PutCluster("c1");
  Start();
  EXPECT_TRUE(told_.WaitForRun({"c1"}));
}

TEST_F(ClusterControllerTest, WritesTheStatusOfWhatItSyncsAndWhichShardItIs) {
  ControllerOptions options = Options();
  options.sharding_name = "a";
  PutCluster("c1", {{"spec", {{"shardingName", "a"}}}});
  PutCluster("c2");
  Publish("c1");
  Publish("c2");
  Start(options);
  ASSERT_TRUE(told_.WaitForRun({"c1"}));
  EXPECT_TRUE(WaitForReason("c1", "Running"));
  EXPECT_EQ(host_.Get(kClusters, "c1")["status"]["shardingName"], "a");
  EXPECT_FALSE(host_.Get(kClusters, "c2").contains("status"));
}

TEST_F(ClusterControllerTest, HandsAClusterOverToAnotherShard) {
  PutCluster("c1");
  Publish("c1");
  Start();
  ASSERT_TRUE(WaitForReason("c1", "Running"));
  host_.Put(kClusters, "c1", {{"spec", {{"shardingName", "b"}}}});
  ASSERT_TRUE(told_.WaitForElsewhere({"c1"}));
  EXPECT_EQ(host_.Get(kClusters, "c1")["status"]["shardingName"], "");
  controller_->hooks().released("c1");
  EXPECT_TRUE(host_.WaitFor(kClusters, "c1", [](const json& object) {
    return !object["status"].contains("shardingName");
  }));
  EXPECT_TRUE(WaitForReason("c1", "Shutdown"));
}

TEST_F(ClusterControllerTest, SyncsAFencedClusterAgainLater) {
  PutCluster("c1");
  Start();
  ASSERT_TRUE(told_.WaitForRun({"c1"}));
  controller_->hooks().fenced("c1");
  EXPECT_TRUE(told_.WaitForElsewhere({"c1"}));
  EXPECT_TRUE(told_.WaitForRun({"c1"}));
}

TEST_F(ClusterControllerTest, SaysAtTheEndThatNothingRunsAnyMore) {
  for (int i = 0; i < 150; ++i) {
    PutCluster("c" + std::to_string(i));
    Publish("c" + std::to_string(i));
  }
  PutCluster("other", {{"spec", {{"shardingName", "b"}}}});
  Start();
  for (int i = 0; i < 150; ++i) ASSERT_TRUE(WaitForReason("c" + std::to_string(i), "Running"));
  controller_->Freeze();
  controller_->WriteShutdown(std::chrono::minutes(1));
  for (int i = 0; i < 150; ++i) {
    const json status = host_.Get(kClusters, "c" + std::to_string(i))["status"];
    EXPECT_EQ(status["conditions"][1]["reason"], "Shutdown");
    EXPECT_EQ(status["syncResources"][0]["resources"][0]["syncConditions"][0]["status"], "Stop");
    EXPECT_EQ(status["shardingName"], "");
  }
  EXPECT_FALSE(host_.Get(kClusters, "other").contains("status"));
}

TEST_F(ClusterControllerTest, EndsInTimeAlthoughNothingCanBeWritten) {
  PutCluster("c1");
  Publish("c1");
  Start();
  ASSERT_TRUE(WaitForReason("c1", "Running"));
  host_.FailPatches(503);
  controller_->Freeze();
  controller_->WriteShutdown(milliseconds(50));
  controller_.reset();
}

TEST_F(ClusterControllerTest, HooksMayBeCalledWhenItIsGone) {
  Start();
  const ClusterHooks hooks = controller_->hooks();
  controller_.reset();
  hooks.deleted("c1");
  hooks.released("c1");
  hooks.fenced("c1");
  const int calls = told_.calls();
  std::promise<void> ran;
  loop_.Post([&] { ran.set_value(); });
  ran.get_future().wait();
  EXPECT_EQ(told_.calls(), calls);
}

}  // namespace
}  // namespace pedia::synchro
