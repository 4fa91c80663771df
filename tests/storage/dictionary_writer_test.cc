// The ids of keys and key sets over transactions, failures and processes.
#include "storage/dictionary_writer.h"

#include <gtest/gtest.h>

#include "tests/storage/store_audit.h"
#include "tests/storage/store_fixture.h"
#include "tests/storage/table_reader.h"

namespace pedia::storage {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::IsOk;

class DictionaryWriterTest : public StoreTest {
 protected:
  void ExpectSound() {
    EXPECT_THAT(Inconsistencies(database_), IsEmpty());
    EXPECT_THAT(DifferencesFromBodies(database_), IsEmpty());
  }
  int64_t Count(const char* table) {
    return std::stoll(ReadTable(database_, std::string("SELECT count(*) FROM ") + table)[0]);
  }
};

TEST_F(DictionaryWriterTest, ObjectsWithTheSameKeysShareASet) {
  Put({{.name = "a", .labels = {{"x", "1"}, {"y", "1"}}},
       {.name = "b", .labels = {{"y", "2"}, {"x", "2"}}},
       {.name = "c", .labels = {{"x", "1"}}},
       {.gvr = kNodesGvr, .name_space = "", .name = "no-keys"}});
  EXPECT_THAT(ReadTable(database_,
                        "SELECT count(*),count(DISTINCT e.value) FROM entries e JOIN entry_keys k "
                        "ON k.key_id=e.key_id WHERE k.path='s'"),
              ElementsAre("4|3"));
  EXPECT_THAT(ReadTable(database_,
                        "SELECT s.key_ids FROM key_sets s JOIN types t ON t.type_id=s.type_id "
                        "WHERE t.resource='nodes'"),
              ElementsAre(""));
  ExpectSound();
}

TEST_F(DictionaryWriterTest, AnObjectMovesToAnotherSetWithItsKeys) {
  Put({{.name = "a", .labels = {{"x", "1"}}}});
  constexpr char kSet[] =
      "SELECT e.value FROM entries e JOIN entry_keys k ON k.key_id=e.key_id WHERE k.path='s' AND "
      "e.okey='c1!default!a'";
  const std::vector<std::string> before = ReadTable(database_, kSet);
  Put({{.name = "a", .resource_version = "2", .labels = {{"x", "2"}}}});
  EXPECT_EQ(ReadTable(database_, kSet), before);
  Put({{.name = "a", .resource_version = "3", .labels = {{"y", "2"}}}});
  EXPECT_NE(ReadTable(database_, kSet), before);
  ExpectSound();
}

TEST_F(DictionaryWriterTest, LabelsNamedLikeTheKeySetAreLabels) {
  Put({{.name = "a", .labels = {{"s", "1"}, {"", "2"}}}});
  EXPECT_THAT(
      ReadTable(database_, kAllEntries),
      ElementsAre("c1!default!a|pods|f:spec.nodeName|", "c1!default!a|pods|f:status.phase|Running",
                  "c1!default!a|pods|l:|2", "c1!default!a|pods|l:s|1"));
  ExpectSound();
}

TEST_F(DictionaryWriterTest, IdsOfAFailedTransactionAreNotUsed) {
  const Result<ApplyResult> failed = store_->Apply(std::vector<Change>{
      Upsert({.name = "a", .labels = {{"x", "1"}}}), Upsert({.cluster = "c!1", .name = "b"})});
  ASSERT_FALSE(failed.ok());
  Put({{.name = "b", .labels = {{"y", "1"}}}, {.name = "c", .labels = {{"x", "1"}, {"y", "1"}}}});
  ExpectSound();
}

TEST_F(DictionaryWriterTest, KeysThatNoObjectHasAnyMoreDoNotGather) {
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
  EXPECT_LE(Count("entry_keys") + Count("key_sets"), 12'500);
  ExpectSound();
}

TEST_F(DictionaryWriterTest, IdsThatAnotherProcessPrunedAreNotUsed) {
  Put({{.name = "a", .labels = {{"x", "1"}}}});
  Apply({Deletion({.name = "a"})});
  Result<std::unique_ptr<Store>> other = OpenStore(database_.Open());
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
