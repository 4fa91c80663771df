// Two stores on one database: who has claimed a cluster last writes it, and nobody else.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "meta/log.h"
#include "tests/storage/store_backup.h"
#include "tests/storage/store_fixture.h"
#include "tests/storage/table_reader.h"

namespace pedia::storage {
namespace {

using ::testing::_;
using ::testing::ElementsAre;
using testing::FailsWith;
using ::testing::IsEmpty;
using testing::IsOk;

class ClaimsTest : public StoreTest {
 protected:
  void SetUp() override {
    SetLogSink([](LogLevel, std::string_view) {});
    StoreTest::SetUp();
    other_ = OtherStore();
  }
  // As another process has it.
  std::unique_ptr<Store> OtherStore() {
    Result<std::unique_ptr<Store>> other = OpenStore(database_.Open());
    EXPECT_THAT(other, IsOk());
    return *std::move(other);
  }
  static ApplyResult PutInto(Store& store, const std::vector<TestObject>& objects) {
    std::vector<Change> changes;
    for (const TestObject& object : objects) changes.push_back(Upsert(object));
    const Result<ApplyResult> result = store.Apply(changes);
    EXPECT_THAT(result, IsOk());
    return result.ok() ? *result : ApplyResult{};
  }
  std::vector<std::string> Rows() {
    return ReadTable(database_, "SELECT cluster,name,rv FROM objects ORDER BY cluster,name");
  }

  std::unique_ptr<Store> other_;
};

TEST_F(ClaimsTest, AClusterThatAnotherHasClaimedIsLeftOutOfABatch) {
  ASSERT_THAT(store_->ClaimCluster("c1", "first"), IsOk());
  ASSERT_THAT(store_->ClaimCluster("c2", "first"), IsOk());
  Put({{.cluster = "c1"}, {.cluster = "c2"}});
  ASSERT_THAT(other_->ClaimCluster("c1", "second"), IsOk());
  const ApplyResult result =
      Put({{.cluster = "c1", .resource_version = "2"}, {.cluster = "c2", .resource_version = "2"}});
  EXPECT_THAT(result.fenced, ElementsAre("c1"));
  EXPECT_EQ(result.updated, 1);
  EXPECT_THAT(Rows(), ElementsAre("c1|a|1", "c2|a|2"));
  EXPECT_THAT(PutInto(*other_, {{.cluster = "c1", .resource_version = "3"}}).fenced, IsEmpty());
  EXPECT_THAT(Rows(), ElementsAre("c1|a|3", "c2|a|2"));
  EXPECT_THAT(Put({{.cluster = "c1", .resource_version = "4"}}).fenced, ElementsAre("c1"));
  EXPECT_THAT(ReadTable(database_, "SELECT cluster,holder FROM claims ORDER BY cluster"),
              ElementsAre("c1|second", "c2|first"));
}

TEST_F(ClaimsTest, AllOtherWritesOfTheFirstAreRefused) {
  ASSERT_THAT(store_->ClaimCluster("c1", "first"), IsOk());
  Put({{.cluster = "c1"}});
  ASSERT_THAT(store_->SaveClusterRecord({"c1", "{}"}), IsOk());
  ASSERT_THAT(other_->ClaimCluster("c1", "second"), IsOk());
  EXPECT_THAT(store_->DeleteResource("c1", kPodsGvr), FailsWith(StatusReason::kExpired, _));
  EXPECT_THAT(store_->SaveClusterRecord({"c1", "{1}"}), FailsWith(StatusReason::kExpired, _));
  EXPECT_THAT(store_->DeleteCluster("c1"), FailsWith(StatusReason::kExpired, _));
  EXPECT_THAT(Rows(), ElementsAre("c1|a|1"));
  EXPECT_THAT(ReadTable(database_, "SELECT cluster,document FROM clusters"), ElementsAre("c1|{}"));
}

TEST_F(ClaimsTest, IsToldOnceAlsoToWhoHasNothingToWrite) {
  ASSERT_THAT(store_->ClaimCluster("c1", "first"), IsOk());
  ASSERT_THAT(other_->ClaimCluster("c1", "second"), IsOk());
  EXPECT_THAT(Apply({}).fenced, ElementsAre("c1"));
  EXPECT_THAT(Apply({}).fenced, IsEmpty());
}

TEST_F(ClaimsTest, WhoClaimsAgainWritesAgain) {
  for (int round = 1; round <= 3; ++round) {
    const std::string first = std::to_string(2 * round);
    const std::string second = std::to_string(2 * round + 1);
    ASSERT_THAT(store_->ClaimCluster("c1", "first"), IsOk());
    EXPECT_THAT(Put({{.resource_version = first}}).fenced, IsEmpty());
    ASSERT_THAT(other_->ClaimCluster("c1", "second"), IsOk());
    EXPECT_THAT(PutInto(*other_, {{.resource_version = second}}).fenced, IsEmpty());
    EXPECT_THAT(Put({{.resource_version = first}}).fenced, ElementsAre("c1"));
    EXPECT_THAT(Rows(), ElementsAre("c1|a|" + second));
  }
}

TEST_F(ClaimsTest, AClaimOutlivesTheRowsOfItsCluster) {
  ASSERT_THAT(store_->ClaimCluster("c1", "first"), IsOk());
  Put({{.cluster = "c1"}});
  ASSERT_THAT(other_->ClaimCluster("c1", "second"), IsOk());
  ASSERT_THAT(other_->DeleteCluster("c1"), IsOk());
  EXPECT_THAT(Put({{.cluster = "c1"}}).fenced, ElementsAre("c1"));
  EXPECT_THAT(Rows(), IsEmpty());
  EXPECT_THAT(PutInto(*other_, {{.cluster = "c1"}}).fenced, IsEmpty());
}

TEST_F(ClaimsTest, ClaimsOfClustersThatAreLongGoneAreForgotten) {
  ASSERT_THAT(store_->ClaimCluster("gone", "first"), IsOk());
  ASSERT_THAT(store_->ClaimCluster("old", "first"), IsOk());
  ASSERT_THAT(store_->SaveClusterRecord({"old", "{}"}), IsOk());
  RunSql(database_, "UPDATE claims SET claimed=1");
  ASSERT_THAT(store_->ClaimCluster("new", "first"), IsOk());
  EXPECT_THAT(ReadTable(database_, "SELECT cluster FROM claims ORDER BY cluster"),
              ElementsAre("new", "old"));
}

TEST_F(ClaimsTest, WhoHasNeverClaimedAClusterIsNotChecked) {
  ASSERT_THAT(other_->ClaimCluster("c1", "second"), IsOk());
  EXPECT_THAT(Put({{.cluster = "c1"}}).fenced, IsEmpty());
  EXPECT_THAT(store_->DeleteCluster("c1"), IsOk());
}

TEST_F(ClaimsTest, RefusesWhatCannotBeTheNameOfACluster) {
  for (const std::string& name : {std::string(), std::string("a!b"), std::string(300, 'a')})
    EXPECT_THAT(store_->ClaimCluster(name, "me"), FailsWith(StatusReason::kBadRequest, _));
  EXPECT_THAT(store_->ClaimCluster("c1", std::string(1'000, 'x')), IsOk());
}

TEST_F(ClaimsTest, AClaimChangesNoRevision) {
  const int64_t before = Put({{.cluster = "c1"}}).revision;
  ASSERT_THAT(store_->ClaimCluster("c1", "first"), IsOk());
  EXPECT_EQ(*store_->Revision(), before);
}

// Whatever the first has begun is there when a claim returns, or never.
TEST_F(ClaimsTest, NothingOfTheFirstArrivesOnceTheSecondHasClaimed) {
  for (int round = 0; round < 10; ++round) {
    ASSERT_THAT(store_->ClaimCluster("c1", "first"), IsOk());
    std::atomic<int> written = 0;
    std::thread writer([&] {
      for (int i = 0;; ++i) {
        std::vector<TestObject> objects;
        for (int k = 0; k < 20; ++k)
          objects.push_back({.name = "p" + std::to_string(k),
                             .resource_version = std::to_string(round * 10'000 + i)});
        if (!PutInto(*store_, objects).fenced.empty() || HasFailure()) return;
        ++written;
      }
    });
    while (written < 2 + round && !HasFailure()) std::this_thread::yield();
    EXPECT_THAT(other_->ClaimCluster("c1", "second"), IsOk());
    const std::vector<std::string> rows = Rows();
    writer.join();
    EXPECT_EQ(Rows(), rows);
    EXPECT_THAT(ReadTable(database_, "SELECT count(DISTINCT rv) FROM objects"), ElementsAre("1"));
  }
}

// The two claim and write as fast as they can: none is ever told that it may write when it may not.
TEST_F(ClaimsTest, TheLastRowsAreThoseOfTheLastClaim) {
  const auto fight = [](Store& store, const std::string& who) {
    for (int i = 0; i < 40; ++i) {
      const std::string claim = who + std::to_string(i);
      EXPECT_THAT(store.ClaimCluster("c1", claim), IsOk());
      PutInto(store, {{.name = "a", .resource_version = claim, .phase = claim}});
    }
  };
  std::thread first([&] { fight(*store_, "first"); });
  std::thread second([&] { fight(*other_, "second"); });
  first.join();
  second.join();
  // The last claim of all was followed by a write that nothing could refuse.
  const auto holder = ReadTable(database_, "SELECT cluster,'a',holder FROM claims");
  EXPECT_EQ(Rows(), holder);
}

TEST_F(ClaimsTest, WhoseClaimTheDatabaseHasLostMustClaimAgain) {
  Put({{.cluster = "c1"}});
  StoreBackup backup(database_.Open());
  ASSERT_THAT(store_->ClaimCluster("c1", "first"), IsOk());
  Put({{.cluster = "c1", .resource_version = "2"}});
  backup.Restore();
  const ApplyResult result = Put({{.cluster = "c1", .resource_version = "3"}});
  EXPECT_THAT(result.fenced, ElementsAre("c1"));
  EXPECT_TRUE(result.lost_writes);
  EXPECT_THAT(Rows(), ElementsAre("c1|a|1"));
  ASSERT_THAT(store_->ClaimCluster("c1", "first"), IsOk());
  EXPECT_THAT(Put({{.cluster = "c1", .resource_version = "3"}}).fenced, IsEmpty());
  EXPECT_THAT(Rows(), ElementsAre("c1|a|3"));
}

TEST_F(ClaimsTest, ALostClaimNeverLetsTwoWrite) {
  ASSERT_THAT(store_->ClaimCluster("c1", "first"), IsOk());
  StoreBackup backup(database_.Open());
  ASSERT_THAT(other_->ClaimCluster("c1", "second"), IsOk());
  PutInto(*other_, {{.cluster = "c1", .resource_version = "2"}});
  backup.Restore();
  EXPECT_THAT(PutInto(*other_, {{.cluster = "c1", .resource_version = "3"}}).fenced,
              ElementsAre("c1"));
  EXPECT_THAT(Put({{.cluster = "c1", .resource_version = "4"}}).fenced, IsEmpty());
  EXPECT_THAT(Rows(), ElementsAre("c1|a|4"));
}

TEST_F(ClaimsTest, WhoWasRefusedStaysSoWhateverTheDatabaseForgets) {
  ASSERT_THAT(store_->ClaimCluster("c1", "first"), IsOk());
  StoreBackup backup(database_.Open());
  ASSERT_THAT(other_->ClaimCluster("c1", "second"), IsOk());
  EXPECT_THAT(Put({{.cluster = "c1"}}).fenced, ElementsAre("c1"));
  backup.Restore();
  EXPECT_THAT(Put({{.cluster = "c1"}}).fenced, ElementsAre("c1"));
  EXPECT_THAT(Rows(), IsEmpty());
}

TEST_F(ClaimsTest, WhatIsStoredOfOneClusterIsLoaded) {
  Put({{.cluster = "c1"}, {.cluster = "c2", .gvr = kNodesGvr, .name_space = ""}});
  ASSERT_THAT(store_->SaveClusterRecord({"c1", "{}"}), IsOk());
  const Result<StoredCluster> first = store_->LoadCluster("c1");
  ASSERT_THAT(first, IsOk());
  EXPECT_EQ(first->document, "{}");
  EXPECT_THAT(first->resources, ElementsAre(kPodsGvr));
  const Result<StoredCluster> second = store_->LoadCluster("c2");
  ASSERT_THAT(second, IsOk());
  EXPECT_EQ(second->document, std::nullopt);
  EXPECT_THAT(second->resources, ElementsAre(kNodesGvr));
  EXPECT_THAT(store_->LoadCluster("c3")->resources, IsEmpty());
}

}  // namespace
}  // namespace pedia::storage
