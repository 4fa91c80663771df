// The ids of keys and key sets over transactions, failures and processes.
#include "storage/sqlite_types.h"

#include <gtest/gtest.h>

#include "tests/storage/store_audit.h"
#include "tests/storage/store_fixture.h"
#include "tests/storage/table_reader.h"

namespace pedia::storage {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::IsOk;

class SqliteTypesTest : public StoreTest {
 protected:
  void ExpectSound() {
    EXPECT_THAT(Inconsistencies(path()), IsEmpty());
    EXPECT_THAT(DifferencesFromBodies(path()), IsEmpty());
  }
  int64_t Count(const char* table) {
    return std::stoll(ReadTable(path(), (std::string("SELECT count(*) FROM ") + table).c_str())[0]);
  }
};

TEST_F(SqliteTypesTest, ObjectsWithTheSameKeysShareASet) {
  Put({{.name = "a", .labels = {{"x", "1"}, {"y", "1"}}},
       {.name = "b", .labels = {{"y", "2"}, {"x", "2"}}},
       {.name = "c", .labels = {{"x", "1"}}},
       {.gvr = kNodesGvr, .name_space = "", .name = "no-keys"}});
  EXPECT_THAT(ReadTable(path(),
                        "SELECT count(*),count(DISTINCT value) FROM entries JOIN keys "
                        "USING(key_id) WHERE path='s'"),
              ElementsAre("4|3"));
  EXPECT_THAT(ReadTable(path(),
                        "SELECT hex(keys) FROM key_sets JOIN types USING(type_id) WHERE "
                        "resource='nodes'"),
              ElementsAre(""));
  ExpectSound();
}

TEST_F(SqliteTypesTest, AnObjectMovesToAnotherSetWithItsKeys) {
  Put({{.name = "a", .labels = {{"x", "1"}}}});
  constexpr char kSet[] =
      "SELECT value FROM entries JOIN keys USING(key_id) WHERE path='s' AND okey='c1!default!a'";
  const std::vector<std::string> before = ReadTable(path(), kSet);
  Put({{.name = "a", .resource_version = "2", .labels = {{"x", "2"}}}});
  EXPECT_EQ(ReadTable(path(), kSet), before);
  Put({{.name = "a", .resource_version = "3", .labels = {{"y", "2"}}}});
  EXPECT_NE(ReadTable(path(), kSet), before);
  ExpectSound();
}

TEST_F(SqliteTypesTest, LabelsNamedLikeTheKeySetAreLabels) {
  Put({{.name = "a", .labels = {{"s", "1"}, {"", "2"}}}});
  EXPECT_THAT(
      ReadTable(path(), kAllEntries),
      ElementsAre("c1!default!a|pods|f:spec.nodeName|", "c1!default!a|pods|f:status.phase|Running",
                  "c1!default!a|pods|l:|2", "c1!default!a|pods|l:s|1"));
  ExpectSound();
}

TEST_F(SqliteTypesTest, IdsOfAFailedTransactionAreNotUsed) {
  const Result<ApplyResult> failed = store_->Apply(std::vector<Change>{
      Upsert({.name = "a", .labels = {{"x", "1"}}}), Upsert({.cluster = "c!1", .name = "b"})});
  ASSERT_FALSE(failed.ok());
  Put({{.name = "b", .labels = {{"y", "1"}}}, {.name = "c", .labels = {{"x", "1"}, {"y", "1"}}}});
  ExpectSound();
}

TEST_F(SqliteTypesTest, KeysThatNoObjectHasAnyMoreDoNotGather) {
  for (int batch = 0; batch < 24; ++batch) {
    std::vector<TestObject> objects;
    for (int i = 0; i < 500; ++i) {
      const std::string number = std::to_string(batch * 500 + i);
      objects.push_back({.name = "p" + std::to_string(i),
                         .resource_version = number,
                         .labels = {{"pod-" + number, "1"}}});
    }
    Put(objects);
  }
  // A key and a set for each of 12,000 versions would be 24,000.
  EXPECT_LE(Count("keys") + Count("key_sets"), 12'500);
  ExpectSound();
}

TEST_F(SqliteTypesTest, IdsThatAnotherProcessPrunedAreNotUsed) {
  Put({{.name = "a", .labels = {{"x", "1"}}}});
  Apply({Deletion({.name = "a"})});
  Result<std::unique_ptr<Store>> other = OpenSqliteStore({.path = path()});
  ASSERT_THAT(other, IsOk());
  // Its first transaction removes the keys of pods, and the second gives their ids to nodes.
  for (const char* name : {"n1", "n2"}) {
    const std::vector<Change> changes = {Upsert(
        {.gvr = kNodesGvr, .name_space = "", .name = name, .labels = {{name, "1"}, {"z", "1"}}})};
    ASSERT_THAT((*other)->Apply(changes), IsOk());
  }
  Put({{.name = "a", .labels = {{"x", "1"}}}});
  ExpectSound();
}

}  // namespace
}  // namespace pedia::storage
