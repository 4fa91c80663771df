// A database that goes back to an earlier state under a running store: a replica took over that had
// not received everything, or a backup was restored.
#include <gtest/gtest.h>

#include "meta/log.h"
#include "tests/storage/store_audit.h"
#include "tests/storage/store_backup.h"
#include "tests/storage/store_fixture.h"
#include "tests/storage/table_reader.h"

namespace pedia::storage {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::IsOk;
using ::testing::SizeIs;

class LostWritesTest : public StoreTest {
 protected:
  void SetUp() override {
    SetLogSink([this](LogLevel, std::string_view message) { log_ += std::string(message) + "\n"; });
    StoreTest::SetUp();
  }
  void TearDown() override {
    store_.reset();
    SetLogSink([](LogLevel, std::string_view) {});
  }
  void ExpectSound() {
    EXPECT_THAT(Inconsistencies(database_), IsEmpty());
    EXPECT_THAT(DifferencesFromBodies(database_), IsEmpty());
  }
  std::string log_;
};

TEST_F(LostWritesTest, IsSaidOnceByTheNextTransaction) {
  Put({{.name = "a"}});
  StoreBackup backup(database_.Open());
  EXPECT_FALSE(Put({{.name = "b"}}).lost_writes);
  EXPECT_FALSE(Put({{.name = "c"}}).lost_writes);
  backup.Restore();
  const ApplyResult result = Put({{.name = "d"}});
  EXPECT_TRUE(result.lost_writes);
  EXPECT_EQ(result.inserted, 1);
  EXPECT_THAT(log_, HasSubstr("at revision 1, although 3 was written"));
  EXPECT_FALSE(Put({{.name = "e"}}).lost_writes);
  EXPECT_THAT(Names({}), ElementsAre("c1/default/a", "c1/default/d", "c1/default/e"));
  ExpectSound();
}

TEST_F(LostWritesTest, IsSaidByATransactionWithoutChanges) {
  Put({{.name = "a"}});
  StoreBackup backup(database_.Open());
  Put({{.name = "b"}});
  EXPECT_FALSE(Apply({}).lost_writes);
  backup.Restore();
  EXPECT_TRUE(Apply({}).lost_writes);
  EXPECT_FALSE(Apply({}).lost_writes);
}

TEST_F(LostWritesTest, IsSaidByTheNextApplyIfADeletionNoticedIt) {
  Put({{.name = "a"}});
  StoreBackup backup(database_.Open());
  Put({{.name = "b"}});
  backup.Restore();
  ASSERT_THAT(store_->DeleteResource("c1", kPodsGvr), IsOk());
  ASSERT_THAT(store_->SaveClusterRecord({"c1", "{}"}), IsOk());
  EXPECT_TRUE(Apply({}).lost_writes);
}

TEST_F(LostWritesTest, RevisionsGoOnAfterTheLostOnes) {
  Put({{.name = "a"}});
  StoreBackup backup(database_.Open());
  Put({{.name = "b"}});
  const int64_t lost = Put({{.name = "c"}}).revision;
  backup.Restore();
  EXPECT_GT(Apply({}).revision, lost);
  EXPECT_GT(*store_->Revision(), lost);
  EXPECT_GT(Put({{.name = "d"}}).revision, lost);
  ExpectSound();
}

TEST_F(LostWritesTest, IdsOfTheLostTransactionsMeanNothing) {
  Put({{.name = "a"}});
  StoreBackup backup(database_.Open());
  Put({{.name = "b", .labels = {{"x", "1"}, {"y", "1"}}},
       {.gvr = kNodesGvr, .name_space = "", .name = "n", .labels = {{"z", "1"}}}});
  // A reader that remembers the ids too.
  query::ListOptions with_x;
  with_x.label_selector.push_back({"x", query::SelectorOperator::kExists, {}});
  EXPECT_THAT(Names(with_x), SizeIs(1));
  backup.Restore();
  EXPECT_THAT(Names(with_x), IsEmpty());
  Put({{.name = "c", .labels = {{"y", "2"}, {"z", "2"}}}, {.name = "b", .labels = {{"y", "1"}}}});
  EXPECT_THAT(Names(with_x), IsEmpty());
  Put({{.name = "d", .labels = {{"x", "1"}}}});
  EXPECT_THAT(Names(with_x), ElementsAre("c1/default/d"));
  ExpectSound();
}

TEST_F(LostWritesTest, AnotherHistoryOfTheSameLengthIsNoticed) {
  Put({{.name = "a"}});
  StoreBackup backup(database_.Open());
  Put({{.name = "b"}, {.name = "c"}});
  backup.Restore();
  {
    Result<std::unique_ptr<Store>> other = OpenStore(database_.Open());
    ASSERT_THAT(other, IsOk());
    ASSERT_THAT((*other)->Apply(std::vector<Change>{Upsert({.name = "d"})}), IsOk());
  }
  ASSERT_EQ(*store_->Revision(), 2);
  EXPECT_TRUE(Apply({}).lost_writes);
}

TEST_F(LostWritesTest, WritesOfOtherProcessesAreNoLoss) {
  Put({{.name = "a"}});
  Result<std::unique_ptr<Store>> other = OpenStore(database_.Open());
  ASSERT_THAT(other, IsOk());
  for (const char* name : {"b", "c"}) {
    const Result<ApplyResult> result =
        (*other)->Apply(std::vector<Change>{Upsert({.name = name, .labels = {{name, "1"}}})});
    ASSERT_THAT(result, IsOk());
    EXPECT_FALSE(result->lost_writes);
    EXPECT_FALSE(Put({{.name = std::string("x") + name}}).lost_writes);
  }
  ExpectSound();
}

}  // namespace
}  // namespace pedia::storage
