#include "synchro/cluster_roles.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <utility>

#include "synchro/cluster_conditions.h"

namespace pedia::synchro {
namespace {

using discovery::PediaClusterMarks;
using nlohmann::json;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class FakeOwnership : public ClusterOwnership {
 public:
  bool acting() const override { return is_acting; }
  std::set<std::string> Owned(const std::set<std::string>& clusters) const override {
    std::set<std::string> owned;
    for (const std::string& cluster : clusters) {
      if (is_acting && !others.contains(cluster)) owned.insert(cluster);
    }
    return owned;
  }
  bool is_acting = true;
  std::set<std::string> others;
};

PediaClusterMarks Marks(const std::string& wanted = "", std::optional<std::string> shard = {}) {
  PediaClusterMarks marks;
  marks.resource_version = "7";
  marks.finalizers = {"other", std::string(discovery::kSynchroFinalizer)};
  marks.wanted_shard = wanted;
  marks.shard = std::move(shard);
  ClusterFacts facts;
  facts.run_state = RunState::kRunning;
  facts.health = HealthReport{true, "Healthy", ""};
  marks.conditions = BuildConditions(facts, {}, 1);
  return marks;
}
PediaClusterMarks WithoutFinalizer(PediaClusterMarks marks) {
  marks.finalizers = {"other"};
  return marks;
}
PediaClusterMarks BeingDeleted(PediaClusterMarks marks) {
  marks.being_deleted = true;
  return marks;
}

class ClusterRolesTest : public ::testing::Test {
 protected:
  RoleDecision Decide() {
    auto decision = roles_.Decide(now_, 1'000);
    EXPECT_TRUE(decision.has_value());
    return decision.value_or(RoleDecision());
  }
  json OnlyPatch() {
    const auto patches = Decide().patches;
    EXPECT_EQ(patches.size(), 1u);
    return patches.empty() ? json() : json::parse(patches.front().body);
  }
  // The Leases as two answers show them that are further apart than they last.
  void SeeLeases(const std::vector<std::pair<std::string, std::string>>& holders,
                 bool renewed = false) {
    std::vector<kube::Lease> leases;
    for (const auto& [name, holder] : holders)
      leases.push_back({name, "1", "{}", {holder, 15, "", "2026-11-24T00:00:00Z", 1}});
    const auto now = kube::BootClock::now();
    roles_.SeeLeases(leases, now);
    for (kube::Lease& lease : leases) {
      if (renewed) lease.record.renew_time = "2026-11-24T00:00:09Z";
    }
    roles_.SeeLeases(leases, now + seconds(renewed ? 1 : 60));
  }

  FakeOwnership ownership_;
  ClusterRoles roles_{ownership_, "", seconds(15)};
  ClusterRoles::Time now_ = ClusterRoles::Time() + std::chrono::hours(1);
};

TEST_F(ClusterRolesTest, RunsWhatIsItsOwn) {
  ownership_.others = {"c2"};
  roles_.SetObject("c1", Marks());
  roles_.SetObject("c2", Marks());
  roles_.SetObject("c3", Marks("a"));
  const RoleDecision decision = Decide();
  EXPECT_THAT(decision.run, ElementsAre("c1"));
  EXPECT_THAT(decision.elsewhere, ElementsAre("c2", "c3"));
  EXPECT_THAT(decision.deleted, IsEmpty());
  EXPECT_THAT(decision.patches, IsEmpty());
}

TEST_F(ClusterRolesTest, DecidesNothingBeforeItHasEverActed) {
  ownership_.is_acting = false;
  roles_.SetObject("c1", Marks());
  EXPECT_FALSE(roles_.Decide(now_, 0).has_value());
  ownership_.is_acting = true;
  EXPECT_THAT(Decide().run, ElementsAre("c1"));
  ownership_.is_acting = false;
  EXPECT_THAT(Decide().elsewhere, ElementsAre("c1"));
}

TEST_F(ClusterRolesTest, PutsTheFinalizerOnBeforeItSyncs) {
  roles_.SetObject("c1", WithoutFinalizer(Marks()));
  EXPECT_THAT(Decide().elsewhere, ElementsAre("c1"));
  EXPECT_EQ(OnlyPatch(), json::parse(R"({"metadata":{"resourceVersion":"7","finalizers":
                ["other","clusterpedia.io/cluster-synchro-controller"]}})"));
  roles_.SetObject("c1", Marks());
  EXPECT_THAT(Decide().run, ElementsAre("c1"));
}

TEST_F(ClusterRolesTest, PutsBackAFinalizerThatSomebodyTookAndGoesOnSyncing) {
  roles_.SetObject("c1", Marks());
  Decide();
  roles_.SetObject("c1", WithoutFinalizer(Marks()));
  const RoleDecision decision = Decide();
  EXPECT_THAT(decision.run, ElementsAre("c1"));
  EXPECT_EQ(decision.patches.size(), 1u);
}

TEST_F(ClusterRolesTest, TakesTheFinalizerOffWhenNothingIsStoredAnyMore) {
  roles_.SetObject("c1", BeingDeleted(Marks()));
  EXPECT_THAT(Decide().deleted, ElementsAre("c1"));
  EXPECT_THAT(Decide().patches, IsEmpty());
  roles_.OnDeleted("c1");
  EXPECT_EQ(OnlyPatch(),
            json::parse(R"({"metadata":{"resourceVersion":"7","finalizers":["other"]}})"));
  roles_.SetObject("c1", WithoutFinalizer(BeingDeleted(Marks())));
  EXPECT_THAT(Decide().patches, IsEmpty());
  roles_.RemoveObject("c1");
  EXPECT_THAT(Decide().deleted, IsEmpty());
}

TEST_F(ClusterRolesTest, PutsNoFinalizerOnWhatIsBeingDeleted) {
  roles_.SetObject("c1", WithoutFinalizer(BeingDeleted(Marks())));
  EXPECT_THAT(Decide().patches, IsEmpty());
}

TEST_F(ClusterRolesTest, DeletesWhatVanishedAlthoughTheFinalizerWasThere) {
  roles_.SetObject("c1", Marks());
  Decide();
  roles_.RemoveObject("c1");
  EXPECT_THAT(Decide().deleted, ElementsAre("c1"));
  EXPECT_THAT(Decide().deleted, ElementsAre("c1")) << "until it is done";
  roles_.OnDeleted("c1");
  EXPECT_THAT(Decide().deleted, IsEmpty());
}

TEST_F(ClusterRolesTest, LeavesTheDeletionToWhoeverIsResponsible) {
  ownership_.others = {"c1", "c2"};
  roles_.SetObject("c1", BeingDeleted(Marks()));
  roles_.SetObject("c2", Marks());
  roles_.SetObject("c3", Marks("a"));
  Decide();
  roles_.RemoveObject("c2");
  roles_.RemoveObject("c3");
  EXPECT_THAT(Decide().elsewhere, ElementsAre("c1", "c2", "c3"));
  ownership_.others.clear();
  EXPECT_THAT(Decide().deleted, ElementsAre("c1", "c2"));
}

TEST_F(ClusterRolesTest, ANewObjectOfAnOldNameIsSyncedAgain) {
  roles_.SetObject("c1", Marks());
  Decide();
  roles_.RemoveObject("c1");
  Decide();
  roles_.SetObject("c1", Marks());
  EXPECT_THAT(Decide().run, ElementsAre("c1"));
  roles_.OnDeleted("c1");
  EXPECT_THAT(Decide().run, ElementsAre("c1"));
}

TEST_F(ClusterRolesTest, LeavesAFencedClusterAloneForAWhile) {
  roles_.SetObject("c1", Marks());
  Decide();
  roles_.OnFenced("c1", now_);
  now_ += seconds(14);
  EXPECT_THAT(Decide().elsewhere, ElementsAre("c1"));
  now_ += seconds(2);
  EXPECT_THAT(Decide().run, ElementsAre("c1"));
}

TEST_F(ClusterRolesTest, HandsAClusterOverWhenItHasStopped) {
  roles_.SetObject("c1", Marks("", ""));
  Decide();
  roles_.SetObject("c1", Marks("a", ""));
  const RoleDecision decision = Decide();
  EXPECT_THAT(decision.elsewhere, ElementsAre("c1"));
  EXPECT_THAT(decision.patches, IsEmpty()) << "it may still be writing";
  roles_.OnReleased("c1");
  const json patch = OnlyPatch();
  EXPECT_TRUE(patch["status"]["shardingName"].is_null());
  EXPECT_EQ(patch["status"]["conditions"][1]["reason"], "Shutdown");
  roles_.SetObject("c1", Marks("a"));
  EXPECT_THAT(Decide().patches, IsEmpty());
}

TEST_F(ClusterRolesTest, HandsOverAtOnceWhatDoesNotRunHere) {
  roles_.SetObject("c1", Marks("a", ""));
  EXPECT_TRUE(OnlyPatch()["status"]["shardingName"].is_null());
}

TEST_F(ClusterRolesTest, TakesAClusterWhenTheOtherShardHasLetGoOfIt) {
  SeeLeases({{"clusterpedia-clustersynchro-manager-a", "somebody"}}, /*renewed=*/true);
  roles_.SetObject("c1", Marks("", "a"));
  EXPECT_THAT(Decide().elsewhere, ElementsAre("c1"));
  now_ += seconds(1'000);
  EXPECT_THAT(Decide().elsewhere, ElementsAre("c1"));
  roles_.SetObject("c1", Marks(""));
  EXPECT_THAT(Decide().run, ElementsAre("c1"));
}

TEST_F(ClusterRolesTest, TakesAClusterFromAShardThatHasDied) {
  roles_.SetObject("c1", Marks("", "a"));
  EXPECT_THAT(Decide().elsewhere, ElementsAre("c1")) << "nothing is known of the shard";
  SeeLeases({{"clusterpedia-clustersynchro-manager-a", "somebody"}});
  EXPECT_THAT(Decide().run, ElementsAre("c1"));
}

TEST_F(ClusterRolesTest, TakesAClusterFromAShardWithoutALeaseAfterAWhile) {
  SeeLeases({{"clusterpedia-clustersynchro-manager-a", ""}});
  roles_.SetObject("c1", Marks("", "a"));
  EXPECT_THAT(Decide().elsewhere, ElementsAre("c1"));
  now_ += seconds(14);
  EXPECT_THAT(Decide().elsewhere, ElementsAre("c1"));
  now_ += seconds(2);
  EXPECT_THAT(Decide().run, ElementsAre("c1"));
}

TEST_F(ClusterRolesTest, SaysOfAClusterWhoseShardDiedThatNobodySyncsIt) {
  roles_.SetObject("c1", Marks("a", "a"));
  SeeLeases({{"clusterpedia-clustersynchro-manager-a", "somebody"}});
  const json patch = OnlyPatch();
  EXPECT_EQ(patch["metadata"]["resourceVersion"], "7") << "a manager that is back counts more";
  EXPECT_FALSE(patch["status"].contains("shardingName"));
  const json& running = patch["status"]["conditions"][1];
  EXPECT_EQ(running["status"], "Unknown");
  EXPECT_EQ(running["reason"], "ManagerLost");
  EXPECT_THAT(running["message"].get<std::string>(),
              ::testing::AllOf(HasSubstr("shard \"a\""), HasSubstr("2026-11-24T00:00:00Z")));
  EXPECT_EQ(patch["status"]["conditions"][3]["reason"], "NotReady");
}

TEST_F(ClusterRolesTest, SaysSoOnceOfEachDeath) {
  SeeLeases({{"clusterpedia-clustersynchro-manager-a", "somebody"}});
  PediaClusterMarks lost = Marks("a", "a");
  lost.conditions = StoppedConditions(lost.conditions, kManagerLost, "", 1);
  roles_.SetObject("c1", lost);
  EXPECT_THAT(Decide().patches, IsEmpty());
  roles_.SetObject("c1", Marks("a", "a"));
  EXPECT_THAT(Decide().patches, IsEmpty()) << "somebody else says that it runs";
}

TEST_F(ClusterRolesTest, SaysNothingOfShardsThatLiveOrEndedInOrder) {
  roles_.SetObject("c1", Marks("a", "a"));
  EXPECT_THAT(Decide().patches, IsEmpty());
  SeeLeases({{"clusterpedia-clustersynchro-manager-a", "somebody"}}, /*renewed=*/true);
  EXPECT_THAT(Decide().patches, IsEmpty());
  SeeLeases({{"clusterpedia-clustersynchro-manager-a", ""}});
  EXPECT_THAT(Decide().patches, IsEmpty());
  SeeLeases({});
  EXPECT_THAT(Decide().patches, IsEmpty());
  PediaClusterMarks stopped = Marks("a", "a");
  stopped.conditions = StoppedConditions(stopped.conditions, kShutdown, "", 1);
  roles_.SetObject("c1", stopped);
  SeeLeases({{"clusterpedia-clustersynchro-manager-a", "somebody"}});
  EXPECT_THAT(Decide().patches, IsEmpty());
}

TEST_F(ClusterRolesTest, AStandbyPatchesNothing) {
  roles_.SetObject("c1", Marks());
  Decide();
  ownership_.is_acting = false;
  SeeLeases({{"clusterpedia-clustersynchro-manager-a", "somebody"}});
  roles_.SetObject("c1", WithoutFinalizer(Marks()));
  roles_.SetObject("c2", Marks("a", "a"));
  roles_.SetObject("c3", Marks("a", ""));
  EXPECT_THAT(Decide().patches, IsEmpty());
}

}  // namespace
}  // namespace pedia::synchro
