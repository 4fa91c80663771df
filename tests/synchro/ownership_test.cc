// Two managers, as in two processes, on one database and the same members: who has claimed a cluster
// last syncs it, and what the other has left to write comes to nothing.
#include <algorithm>

#include "tests/storage/store_backup.h"
#include "tests/storage/table_reader.h"
#include "tests/synchro/sync_fixture.h"

namespace pedia::synchro {
namespace {

using pedia::testing::IsOk;
using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

// What one process has.
class Process {
 public:
  Process(const testing::TestDatabase& database, SynchroOptions options, const std::string& name) {
    auto opened = storage::OpenStore(database.Open());
    EXPECT_THAT(opened, IsOk());
    store_ = std::make_unique<FaultyStore>(*std::move(opened));
    options.identity = name;
    const auto hook = [this](const std::string& what) {
      return [this, what](const std::string& cluster) {
        told_.With([&](auto& told) { told.push_back(what + " " + cluster); });
      };
    };
    manager_ = std::make_unique<SynchroManager>(
        *store_, registry_, options,
        ClusterHooks{hook("deleted"), hook("released"), hook("fenced")});
  }

  SynchroManager& manager() { return *manager_; }
  FaultyStore& store() { return *store_; }
  const discovery::Registry& registry() const { return registry_; }
  std::vector<std::string> Told() const {
    return told_.With([](const auto& told) { return told; });
  }
  bool HasTold(const std::string& what) const {
    const auto told = Told();
    return std::find(told.begin(), told.end(), what) != told.end();
  }
  int64_t written() const {
    const SyncCounters& counters = manager_->counters();
    return counters.inserted + counters.updated + counters.deleted;
  }
  bool HasListedEverything() const {
    const auto clusters = manager_->Progress();
    return !clusters.empty() && std::all_of(clusters.begin(), clusters.end(), [](const auto& c) {
      return c.discovered && std::all_of(c.resources.begin(), c.resources.end(),
                                         [](const auto& r) { return r.initial_list_done; });
    });
  }

 private:
  std::unique_ptr<FaultyStore> store_;
  discovery::Registry registry_;
  Guarded<std::vector<std::string>> told_;
  std::unique_ptr<SynchroManager> manager_;
};

class OwnershipTest : public SyncTest {
 protected:
  OwnershipTest() { options_.store_check_interval = milliseconds(100); }
  ~OwnershipTest() override {
    first_.reset();
    second_.reset();
  }
  Process& First() { return Start(first_, "first"); }
  Process& Second() { return Start(second_, "second"); }
  void UntilListed(Process& process) {
    Eventually("everything is listed", [&] { return process.HasListedEverything(); });
  }
  void UntilTold(Process& process, const std::string& what) {
    Eventually(what, [&] { return process.HasTold(what); });
  }
  std::vector<std::string> Holders() {
    return storage::ReadTable(database_, "SELECT cluster,holder FROM claims ORDER BY cluster");
  }

 private:
  Process& Start(std::unique_ptr<Process>& process, const std::string& name) {
    if (!process) process = std::make_unique<Process>(database_, options_, name);
    return *process;
  }
  std::unique_ptr<Process> first_;
  std::unique_ptr<Process> second_;
};

TEST_F(OwnershipTest, TheSecondTakesOverWhileTheFirstRunsAndWritesNothingTwice) {
  Member& east = GivenAMember("east");
  Member& west = GivenAMember("west");
  First().manager().SetClusters({SpecOf(east), SpecOf(west)});
  ExpectTheStoreEqualsTheMembers();
  UntilListed(First());
  EXPECT_THAT(Holders(), ElementsAre("east|first", "west|first"));

  Second().manager().SetClusters({SpecOf(east)}, {"west"});
  UntilListed(Second());
  EXPECT_EQ(Second().written(), 0);
  UntilTold(First(), "fenced east");
  EXPECT_EQ(First().manager().Progress().size(), 1u);
  EXPECT_THAT(Holders(), ElementsAre("east|second", "west|first"));

  const int64_t written = First().written();
  east.churn->Step(60);
  ExpectTheStoreEqualsTheMembers();
  EXPECT_EQ(First().written(), written);
  west.churn->Step(60);
  ExpectTheStoreEqualsTheMembers();
  EXPECT_THAT(First().Told(), ElementsAre("fenced east"));
  EXPECT_THAT(Second().Told(), IsEmpty());
}

TEST_F(OwnershipTest, NothingArrivesThatTheFirstStillHadInItsQueue) {
  Member& east = GivenAMember("east", 400);
  First().manager().SetClusters({SpecOf(east)});
  ExpectTheStoreEqualsTheMembers();
  UntilListed(First());
  // As if it were paused: what it has read is old when it goes on.
  First().store().SetOutage(true);
  east.churn->Step(300);
  Eventually("its queue fills",
             [&] { return First().manager().ReportWriter().queue_bytes >= 50'000; });
  const int64_t written = First().written();

  Second().manager().SetClusters({SpecOf(east)});
  ExpectTheStoreEqualsTheMembers();
  east.churn->Step(100);
  ExpectTheStoreEqualsTheMembers();
  const int64_t revision = Revision();

  First().store().SetOutage(false);
  UntilTold(First(), "fenced east");
  Eventually("nothing waits any more",
             [&] { return First().manager().ReportWriter().queue_bytes == 0; });
  EXPECT_EQ(First().written(), written);
  EXPECT_EQ(First().manager().counters().dropped, 0);
  EXPECT_EQ(Revision(), revision);
  EXPECT_EQ(Second().store().needless(), 0);
  ExpectTheStoreEqualsTheMembers();
}

TEST_F(OwnershipTest, AFencedClusterComesBackWhenItIsSetAgain) {
  Member& east = GivenAMember("east");
  First().manager().SetClusters({SpecOf(east)});
  ExpectTheStoreEqualsTheMembers();
  Second().manager().SetClusters({SpecOf(east)});
  UntilTold(First(), "fenced east");
  First().manager().SetClusters({SpecOf(east)});
  UntilTold(Second(), "fenced east");
  east.churn->Step(60);
  ExpectTheStoreEqualsTheMembers();
  EXPECT_THAT(Holders(), ElementsAre("east|first"));
}

TEST_F(OwnershipTest, AHandedOverClusterIsWrittenToTheEndAndLeftInPeace) {
  Member& east = GivenAMember("east");
  First().manager().SetClusters({SpecOf(east)});
  ExpectTheStoreEqualsTheMembers();
  UntilListed(First());
  First().store().SetOutage(true);
  east.churn->Step(100);
  const uint64_t changes = east.churn->changes();
  Eventually("every event is read",
             [&] { return First().manager().counters().events == static_cast<int64_t>(changes); });
  First().manager().SetClusters({}, {"east"});
  Eventually("it is stopped", [&] { return First().registry().Get()->Find("east") == nullptr; });
  EXPECT_THAT(First().Told(), IsEmpty());
  First().store().SetOutage(false);
  UntilTold(First(), "released east");
  EXPECT_TRUE(VersionsAreEqual());
  EXPECT_EQ(First().registry().Get()->Find("east"), nullptr);
  ExpectTheStoreEqualsTheMembers();

  Second().manager().SetClusters({SpecOf(east)});
  UntilListed(Second());
  EXPECT_EQ(Second().written(), 0);
  First().manager().SetClusters({}, {"east"});
  EXPECT_THAT(First().Told(), ElementsAre("released east"));
  EXPECT_THAT(Second().Told(), IsEmpty());
}

TEST_F(OwnershipTest, WhatOthersSyncIsNoOrphan) {
  Member& east = GivenAMember("east");
  Member& west = GivenAMember("west");
  First().manager().SetClusters({SpecOf(east)}, {"west"});
  Second().manager().SetClusters({SpecOf(west)}, {"east"});
  ExpectTheStoreEqualsTheMembers();
  UntilListed(First());
  UntilListed(Second());
  EXPECT_THAT(First().Told(), IsEmpty());
  EXPECT_THAT(Second().Told(), IsEmpty());
}

TEST_F(OwnershipTest, AClusterIsDeletedThatNeverRanHereAndThisIsToldOnce) {
  Member& east = GivenAMember("east");
  Member& west = GivenAMember("west");
  First().manager().SetClusters({SpecOf(east), SpecOf(west)});
  ExpectTheStoreEqualsTheMembers();
  Second().manager().SetClusters({}, {"west"}, {"east", "unknown"});
  UntilTold(Second(), "deleted east");
  UntilTold(Second(), "deleted unknown");
  EXPECT_EQ(CountStored("east", kPods), 0u);
  EXPECT_EQ(CountStored("west", kPods), 120u);
  // Who synced it writes it no more.
  east.churn->Step(30);
  UntilTold(First(), "fenced east");
  EXPECT_EQ(CountStored("east", kPods), 0u);

  Second().manager().SetClusters({}, {"west"}, {"east", "unknown"});
  Second().manager().SetClusters({}, {"west"}, {"unknown"});
  Second().manager().SetClusters({}, {"west"}, {"east", "unknown"});
  Eventually("it is told again", [&] { return Second().Told().size() >= 3; });
  EXPECT_THAT(Second().Told(),
              UnorderedElementsAre("deleted east", "deleted unknown", "deleted east"));
}

TEST_F(OwnershipTest, AClusterThatIsGoneIsDeletedAndTold) {
  Member& east = GivenAMember("east");
  Member& west = GivenAMember("west");
  First().manager().SetClusters({SpecOf(east), SpecOf(west)});
  ExpectTheStoreEqualsTheMembers();
  First().manager().SetClusters({SpecOf(west)});
  UntilTold(First(), "deleted east");
  members_.erase("east");
  ExpectTheStoreEqualsTheMembers();
}

TEST_F(OwnershipTest, WhatAnotherHasClaimedIsNotDeletedByWhoHadItBefore) {
  Member& east = GivenAMember("east");
  First().manager().SetClusters({SpecOf(east)});
  ExpectTheStoreEqualsTheMembers();
  First().store().SetOutage(true);
  Second().manager().SetClusters({SpecOf(east)});
  UntilListed(Second());
  First().manager().SetClusters({}, {}, {"east"});
  First().store().SetOutage(false);
  UntilTold(First(), "fenced east");
  ExpectTheStoreEqualsTheMembers();
  EXPECT_THAT(First().Told(), ElementsAre("fenced east"));

  First().manager().SetClusters({}, {}, {"east"});  // It is sure.
  UntilTold(First(), "deleted east");
  UntilTold(Second(), "fenced east");
  EXPECT_EQ(CountStored("east", kPods), 0u);
}

TEST_F(OwnershipTest, ABlankSourceDeletesNothing) {
  Member& east = GivenAMember("east");
  First().manager().SetClusters({SpecOf(east)});
  ExpectTheStoreEqualsTheMembers();
  First().manager().Stop();
  Second().manager().SetClusters({});
  Second().manager().SetClusters({}, {}, {"unknown"});
  UntilTold(Second(), "deleted unknown");  // Everything asked for before has been done.
  ExpectTheStoreEqualsTheMembers();
  Second().manager().SetClusters({}, {"west"});
  UntilTold(Second(), "deleted east");
  EXPECT_EQ(CountStored("east", kPods), 0u);
}

TEST_F(OwnershipTest, ABackupFromBeforeTheClaimIsNoReasonToDelete) {
  Member& east = GivenAMember("east");
  First().manager().SetClusters({SpecOf(east)});
  ExpectTheStoreEqualsTheMembers();
  UntilListed(First());
  First().manager().Stop();
  storage::StoreBackup backup(database_.Open());
  Second().manager().SetClusters({SpecOf(east)});
  UntilListed(Second());
  east.churn->Step(30);
  ExpectTheStoreEqualsTheMembers();
  backup.Restore();
  UntilTold(Second(), "fenced east");
  Second().manager().SetClusters({}, {"east"}, {"unknown"});
  UntilTold(Second(), "deleted unknown");  // Everything asked for before has been done.
  EXPECT_THAT(Second().Told(), ElementsAre("fenced east", "deleted unknown"));
  EXPECT_EQ(CountStored("east", kPods), 120u);
  Second().manager().SetClusters({SpecOf(east)});
  ExpectTheStoreEqualsTheMembers();
}

TEST_F(OwnershipTest, AClusterStartsWhenTheStoreIsBack) {
  Member& east = GivenAMember("east");
  First().store().SetOutage(true);
  First().manager().SetClusters({SpecOf(east)});
  Eventually("the store is tried", [&] { return First().manager().counters().store_errors > 3; });
  EXPECT_EQ(east.server->Requests(member::RequestKind::kList), 0u);
  First().store().SetOutage(false);
  ExpectTheStoreEqualsTheMembers();
}

TEST_F(OwnershipTest, AChangedClusterIsNotTakenFromWhoHasClaimedIt) {
  Member& east = GivenAMember("east");
  First().manager().SetClusters({SpecOf(east)});
  ExpectTheStoreEqualsTheMembers();
  First().store().SetOutage(true);
  Second().manager().SetClusters({SpecOf(east)});
  UntilListed(Second());
  ClusterSpec other = SpecOf(east);
  other.config->insecure_skip_tls_verify = true;
  First().manager().SetClusters({other});
  First().store().SetOutage(false);
  UntilTold(First(), "fenced east");
  EXPECT_THAT(Second().Told(), IsEmpty());
  EXPECT_THAT(Holders(), ElementsAre("east|second"));
}

TEST_F(OwnershipTest, InvalidRulesStopNothingAlsoWhenTheConnectionChanges) {
  Member& east = GivenAMember("east");
  ClusterSpec spec = SpecOf(east);
  First().manager().SetClusters({spec});
  ExpectTheStoreEqualsTheMembers();
  spec.sync_resources.clear();
  spec.invalid_sync_resources = "nonsense";
  First().manager().SetClusters({spec});
  const auto reason = [&] {
    const auto known = First().registry().Get();
    const discovery::ClusterState* state = known->Find("east");
    const auto* condition = state == nullptr ? nullptr : state->FindCondition("Validated");
    return condition == nullptr ? "" : condition->reason;
  };
  Eventually("the rules are invalid", [&] { return reason() == "InvalidSyncResources"; });
  east.churn->Step(30);
  ExpectTheStoreEqualsTheMembers();
  spec.config->insecure_skip_tls_verify = true;
  First().manager().SetClusters({spec});
  east.churn->Step(30);
  ExpectTheStoreEqualsTheMembers();
  Eventually("the rules are still invalid", [&] { return reason() == "InvalidSyncResources"; });
  First().manager().SetClusters({SpecOf(east)});
  Eventually("the rules are valid", [&] { return reason() == "Validated"; });
}

}  // namespace
}  // namespace pedia::synchro
