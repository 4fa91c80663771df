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
  // As another process has it.
  std::unique_ptr<Store> OtherStore() {
    Result<std::unique_ptr<Store>> other = OpenStore(database_.Open());
    EXPECT_THAT(other, IsOk());
    return *std::move(other);
  }
  static ApplyResult PutInto(Store& store, const std::vector<std::string>& names) {
    std::vector<Change> changes;
    for (const std::string& name : names)
      changes.push_back(Upsert({.name = name, .labels = {{name, "1"}}}));
    const Result<ApplyResult> result = store.Apply(changes);
    EXPECT_THAT(result, IsOk());
    return result.ok() ? *result : ApplyResult{};
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
  EXPECT_THAT(log_, HasSubstr("at revision 1 and has lost writes: it was at revision 3"));
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

TEST_F(LostWritesTest, IsNoticedHoweverFarOthersHaveGoneOn) {
  for (int further = 1; further <= 3; ++further) {
    Put({{.name = "a" + std::to_string(further)}});
    StoreBackup backup(database_.Open());
    Put({{.name = "b"}});
    const int64_t lost = Put({{.name = "c"}}).revision;
    backup.Restore();
    const std::unique_ptr<Store> other = OtherStore();
    for (int i = 0; i < further; ++i) PutInto(*other, {"d" + std::to_string(10 * further + i)});
    ASSERT_EQ(*store_->Revision(), lost - 2 + further);
    EXPECT_TRUE(Apply({}).lost_writes) << further;
    EXPECT_GT(*store_->Revision(), lost);
    EXPECT_FALSE(Apply({}).lost_writes);
    // It knew nothing of what was lost.
    EXPECT_FALSE(PutInto(*other, {"e"}).lost_writes);
    ExpectSound();
  }
}

TEST_F(LostWritesTest, IsNoticedByAllWhoKnewTheLostWrites) {
  const std::unique_ptr<Store> second = OtherStore();
  const std::unique_ptr<Store> third = OtherStore();
  Put({{.name = "a"}});
  EXPECT_FALSE(PutInto(*third, {}).lost_writes);
  StoreBackup backup(database_.Open());
  PutInto(*second, {"b"});
  Put({{.name = "c"}});
  backup.Restore();
  EXPECT_TRUE(Apply({}).lost_writes);
  EXPECT_FALSE(Put({{.name = "d"}, {.name = "e"}}).lost_writes);
  EXPECT_TRUE(PutInto(*second, {}).lost_writes);
  // It had not seen more than was saved.
  EXPECT_FALSE(PutInto(*third, {}).lost_writes);
  ExpectSound();
}

TEST_F(LostWritesTest, OfAnEarlierEpochOfTheSameWriterIsNoticed) {
  const std::unique_ptr<Store> other = OtherStore();
  Put({{.name = "a"}});
  PutInto(*other, {"b"});
  StoreBackup backup(database_.Open());
  PutInto(*other, {"c"});
  Put({{.name = "d"}});
  backup.Restore();
  // The epoch that the backup knows is its own; that it was succeeded is lost.
  EXPECT_TRUE(PutInto(*other, {"e"}).lost_writes);
  EXPECT_TRUE(Put({{.name = "f"}}).lost_writes);
  ExpectSound();
}

TEST_F(LostWritesTest, ReadersMistakeNoIdOfAnotherHistory) {
  Put({{.name = "a"}});
  StoreBackup backup(database_.Open());
  Put({{.name = "b", .labels = {{"x", "1"}}}});
  query::ListOptions with_x;
  with_x.label_selector.push_back({"x", query::SelectorOperator::kExists, {}});
  EXPECT_THAT(Names(with_x), ElementsAre("c1/default/b"));
  backup.Restore();
  const std::unique_ptr<Store> other = OtherStore();
  PutInto(*other, {"y"});  // Has the label y, which gets the id that x had.
  EXPECT_THAT(Names(with_x), IsEmpty());
}

TEST_F(LostWritesTest, OldEpochsAreForgotten) {
  {
    const auto database = database_.Open();
    const auto connection = database->Connect(Database::Role::kWriter);
    ASSERT_THAT(connection, IsOk());
    ASSERT_THAT((*connection)->BeginWrite(), IsOk());
    std::vector<SqlParameter> rows;
    for (int64_t i = 1; i <= 1'500; ++i) rows.insert(rows.end(), {-i, i});
    ASSERT_THAT((*connection)->Insert(kEpochsTable, rows), IsOk());
    ASSERT_THAT((*connection)->Commit(), IsOk());
  }
  Put({{.name = "a"}});
  EXPECT_THAT(ReadTable(database_, "SELECT count(*),max(after_revision) FROM epochs"),
              ElementsAre("1001|0"));
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
  const std::unique_ptr<Store> other = OtherStore();
  const std::unique_ptr<Store> idle = OtherStore();
  for (const char* name : {"b", "c", "d", "e"}) {
    EXPECT_FALSE(PutInto(*other, {name}).lost_writes);
    EXPECT_FALSE(PutInto(*other, {name, std::string("y") + name}).lost_writes);
    EXPECT_FALSE(Put({{.name = std::string("x") + name}}).lost_writes);
    EXPECT_FALSE(PutInto(*idle, {}).lost_writes);
  }
  ExpectSound();
}

}  // namespace
}  // namespace pedia::storage
