#include <gtest/gtest.h>

#include "storage/sql_store.h"
#include "tests/storage/store_fixture.h"
#include "tests/storage/table_reader.h"

namespace pedia::storage {
namespace {

using ::testing::_;
using ::testing::ElementsAre;
using testing::FailsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::IsOk;
using ::testing::SizeIs;

using SqlStoreTest = StoreTest;

TEST_F(SqlStoreTest, GivesBackTheBytesThatWereStored) {
  const TestObject pod{.name = "a", .labels = {{"app", "web"}}, .padding = std::string(5'000, 'p')};
  Put({pod});
  const Result<StoredObject> body = store_->Get("c1", kPodsGvr, "default", "a", nullptr);
  ASSERT_THAT(body, IsOk());
  EXPECT_EQ(body->body, pod.Json());
}

TEST_F(SqlStoreTest, GetFailsWithNotFoundForWhatIsNotThere) {
  Put({{.name = "a"}});
  EXPECT_THAT(store_->Get("c1", kPodsGvr, "default", "b", nullptr),
              FailsWith(StatusReason::kNotFound, R"(pods "b" not found)"));
  EXPECT_THAT(store_->Get("c2", kPodsGvr, "default", "a", nullptr),
              FailsWith(StatusReason::kNotFound, _));
  EXPECT_THAT(store_->Get("c1!default", kPodsGvr, "", "a", nullptr),
              FailsWith(StatusReason::kNotFound, _));
  EXPECT_THAT(store_->Get("c1", {"x", "v1", "y"}, "default", "a", nullptr),
              FailsWith(StatusReason::kNotFound, _));
}

TEST_F(SqlStoreTest, CountsWhatATransactionDidUnderOneRevision) {
  const ApplyResult first = Put({{.name = "a"}, {.name = "b"}});
  EXPECT_EQ(first.inserted, 2);
  EXPECT_EQ(first.revision, 1);
  const ApplyResult second = Apply({Upsert({.name = "a", .resource_version = "2"}),
                                    Deletion({.name = "b"}), Upsert({.name = "c"})});
  EXPECT_EQ(second.inserted, 1);
  EXPECT_EQ(second.updated, 1);
  EXPECT_EQ(second.deleted, 1);
  EXPECT_EQ(second.revision, 2);
  EXPECT_EQ(*store_->Revision(), 2);
  EXPECT_THAT(ReadTable(database_, "SELECT name,revision FROM objects ORDER BY name"),
              ElementsAre("a|2", "c|2"));
  EXPECT_THAT(ReadTable(database_, "SELECT revision,okey FROM tombstones"),
              ElementsAre("2|c1!default!b"));
}

TEST_F(SqlStoreTest, AnUnchangedObjectIsNotWritten) {
  Put({{.name = "a"}});
  const ApplyResult again = Put({{.name = "a"}});
  EXPECT_EQ(again.inserted + again.updated + again.deleted, 0);
  EXPECT_EQ(again.revision, 1);
  EXPECT_EQ(*store_->Revision(), 1);
}

TEST_F(SqlStoreTest, AnObjectWithTheSameVersionButOtherBytesIsWritten) {
  Put({{.name = "a"}});
  EXPECT_EQ(Put({{.name = "a", .padding = "x"}}).updated, 1);
}

TEST_F(SqlStoreTest, DeletingWhatIsNotThereWritesNothing) {
  EXPECT_EQ(Apply({Deletion({.name = "a"})}).revision, 0);
  EXPECT_THAT(ReadTable(database_, "SELECT kind FROM types"), IsEmpty());
}

TEST_F(SqlStoreTest, TheLastOfSeveralChangesOfOneObjectCounts) {
  Apply({Upsert({.name = "a"}), Deletion({.name = "a"}), Upsert({.name = "b"}),
         Upsert({.name = "b", .resource_version = "2", .labels = {{"x", "1"}}})});
  EXPECT_THAT(Names({}), ElementsAre("c1/default/b"));
  EXPECT_THAT(
      ReadTable(database_,
                "SELECT e.value FROM entries e JOIN entry_keys k ON k.key_id=e.key_id WHERE "
                "k.path='l:x'"),
      ElementsAre("1"));
  EXPECT_THAT(Inconsistencies(database_), IsEmpty());
}

TEST_F(SqlStoreTest, AnUpdateChangesOnlyTheEntriesThatDiffer) {
  Put({{.name = "a", .labels = {{"keep", "1"}, {"change", "1"}, {"drop", "1"}}}});
  Put({{.name = "a",
        .resource_version = "2",
        .labels = {{"keep", "1"}, {"change", "2"}, {"new", "1"}}}});
  EXPECT_THAT(
      ReadTable(database_, kAllEntries),
      ElementsAre("c1!default!a|pods|f:spec.nodeName|", "c1!default!a|pods|f:status.phase|Running",
                  "c1!default!a|pods|l:change|2", "c1!default!a|pods|l:keep|1",
                  "c1!default!a|pods|l:new|1"));
}

TEST_F(SqlStoreTest, ABatchWithAnImpossibleKeyChangesNothing) {
  const Result<ApplyResult> result = store_->Apply(
      std::vector<Change>{Upsert({.name = "a"}), Upsert({.cluster = "c!1", .name = "b"})});
  EXPECT_THAT(result, FailsWith(StatusReason::kBadRequest, HasSubstr("not allowed")));
  EXPECT_THAT(Names({}), IsEmpty());
  EXPECT_EQ(Put({{.name = "a"}}).inserted, 1);
  EXPECT_THAT(Inconsistencies(database_), IsEmpty());
}

TEST_F(SqlStoreTest, KeepsEverythingOverAReopening) {
  Put({{.name = "a", .labels = {{"x", "1"}}}});
  ASSERT_THAT(store_->SaveClusterRecord({"c1", "{}"}), IsOk());
  Open();
  EXPECT_THAT(Names({}), ElementsAre("c1/default/a"));
  EXPECT_EQ(*store_->Revision(), 1);
  EXPECT_THAT(*store_->LoadClusterRecords(), SizeIs(1));
  EXPECT_EQ(Put({{.name = "b", .labels = {{"x", "1"}}}}).revision, 2);
  EXPECT_THAT(Inconsistencies(database_), IsEmpty());
}

TEST_F(SqlStoreTest, LoadsTheVersionsOfOneResourceOfACluster) {
  Put({{.name = "b", .resource_version = "7"},
       {.name = "a", .resource_version = "8"},
       {.cluster = "c10", .name = "other"},
       {.gvr = kNodesGvr, .name_space = "", .name = "n"}});
  std::vector<std::string> seen;
  const auto see = [&](const StoredVersion& version) {
    seen.push_back(std::string(version.name_space) + "/" + std::string(version.name) + "@" +
                   std::string(version.resource_version));
    return true;
  };
  ASSERT_THAT(store_->LoadVersions("c1", kPodsGvr, see), IsOk());
  EXPECT_THAT(seen, ElementsAre("default/a@8", "default/b@7"));
  int calls = 0;
  ASSERT_THAT(
      store_->LoadVersions("c1", kPodsGvr, [&](const StoredVersion&) { return ++calls < 1; }),
      IsOk());
  EXPECT_EQ(calls, 1);
}

TEST_F(SqlStoreTest, CountsObjectsPerClusterAndResource) {
  Put({{.name = "a"},
       {.name_space = "x", .name = "a"},
       {.cluster = "c2", .name = "a"},
       {.gvr = kNodesGvr, .name_space = "", .name = "n"}});
  Apply({Deletion({.cluster = "c2", .name = "a"})});
  const Result<std::vector<ResourceCount>> counts = store_->CountObjects();
  ASSERT_THAT(counts, IsOk());
  ASSERT_THAT(*counts, SizeIs(2));
  EXPECT_EQ((*counts)[0].gvr, kNodesGvr);
  EXPECT_EQ((*counts)[1].cluster, "c1");
  EXPECT_EQ((*counts)[1].objects, 2);
}

TEST_F(SqlStoreTest, DeletesAResourceOrAClusterAndNothingElse) {
  std::vector<TestObject> objects = {{.cluster = "c10", .name = "stays"},
                                     {.gvr = kNodesGvr, .name_space = "", .name = "node"}};
  for (int i = 0; i < 2'500; ++i)
    objects.push_back({.name = "pod-" + std::to_string(i), .labels = {{"i", "1"}}});
  Put(objects);
  ASSERT_THAT(store_->SaveClusterRecord({"c1", "one"}), IsOk());
  ASSERT_THAT(store_->SaveClusterRecord({"c10", "ten"}), IsOk());
  ASSERT_THAT(store_->DeleteResource("c1", kPodsGvr), IsOk());
  EXPECT_THAT(Names({}), ElementsAre("c10/default/stays"));
  EXPECT_THAT(Names({}, {kNodesGvr, "", ""}), ElementsAre("c1//node"));
  EXPECT_EQ(*store_->Revision(), 4);  // One for the objects, three for bounded deletions.
  ASSERT_THAT(store_->DeleteCluster("c1"), IsOk());
  EXPECT_THAT(Names({}, {kNodesGvr, "", ""}), IsEmpty());
  const Result<std::vector<ClusterRecord>> records = store_->LoadClusterRecords();
  ASSERT_THAT(*records, SizeIs(1));
  EXPECT_EQ((*records)[0].document, "ten");
  EXPECT_THAT(ReadTable(database_, "SELECT count(*) FROM tombstones"), ElementsAre("2501"));
  EXPECT_THAT(Inconsistencies(database_), IsEmpty());
}

TEST_F(SqlStoreTest, ReplacesAClusterRecord) {
  ASSERT_THAT(store_->SaveClusterRecord({"c1", "old"}), IsOk());
  ASSERT_THAT(store_->SaveClusterRecord({"c1", "new"}), IsOk());
  EXPECT_EQ((*store_->LoadClusterRecords())[0].document, "new");
}

TEST_F(SqlStoreTest, KnowsItsSizeOnDisk) {
  const int64_t before = store_->SizeBytes();
  EXPECT_GT(before, 0);
  Put({{.name = "a"}});
  // A server takes its time to notice, and keeps room for more.
  const bool grows = testing::TestDatabase::kind() == testing::TestDatabase::Kind::kSqlite;
  EXPECT_GE(store_->SizeBytes(), before + (grows ? 1 : 0));
}

TEST_F(SqlStoreTest, StoresAnObjectOfSeveralMegabytes) {
  std::string padding;
  for (int64_t i = 0; i < 400'000; ++i) padding += std::to_string(i * 7919);
  const TestObject large{.name = "large", .padding = padding};
  Put({large});
  EXPECT_EQ(store_->Get("c1", kPodsGvr, "default", "large", nullptr)->body, large.Json());
  EXPECT_EQ(Put({large}).updated, 0);
}

}  // namespace
}  // namespace pedia::storage
