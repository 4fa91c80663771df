// Rows that another pedia computed: one with another table of indexed fields.
#include "storage/reindex.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>

#include "meta/log.h"
#include "tests/storage/reindex_fixture.h"

namespace pedia::storage {
namespace {

using ::testing::_;
using ::testing::ElementsAre;
using testing::FailsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class ReindexTest : public ReindexFixture {
 protected:
  // Writes rows as a pedia would that indexes other fields and reads owners and times otherwise.
  void PutAsAnotherVersion(const std::vector<TestObject>& objects) {
    std::vector<Change> changes;
    for (const TestObject& object : objects) {
      ObjectRow& row = changes.emplace_back(Upsert(object)).row;
      std::erase_if(row.entries, [](const Entry& entry) { return entry.key == "f:status.phase"; });
      row.entries.push_back({"f:gone", "stale"});
      std::sort(row.entries.begin(), row.entries.end());
      if (changes.size() % 2 == 0) continue;
      row.uid = row.owner_uid = "stale";
      row.created = row.deleted.emplace(5);
    }
    Apply(changes);
    store_.reset();
    RunSql(database_, "UPDATE meta SET encoding=encoding+1");
  }
};

TEST_F(ReindexTest, RowsOfAnotherTableOfFieldsAreComputedAnew) {
  Open();
  PutAsAnotherVersion(Objects(1'100));
  ASSERT_THAT(DifferencesFromBodies(database_), Not(IsEmpty()));
  Open();
  ExpectSound();
  EXPECT_THAT(log_, HasSubstr("1100 differed"));
  EXPECT_THAT(ReadTable(database_, "SELECT path FROM entry_keys WHERE path='f:gone'"), IsEmpty());
  EXPECT_EQ(*store_->Revision(), 1);
  EXPECT_EQ(Put(Objects(1'100)).updated, 0);
}

TEST_F(ReindexTest, RowsOfThisVersionAreNotLookedAt) {
  Open();
  Put(Objects(10));
  store_.reset();
  RunSql(database_, "UPDATE objects SET created=5");
  Open();
  EXPECT_THAT(ReadTable(database_, "SELECT DISTINCT created FROM objects"), ElementsAre("5"));
  EXPECT_EQ(log_, "");
}

TEST_F(ReindexTest, GoesOnWhereAnotherProcessStopped) {
  Open();
  Put(Objects(100));
  store_.reset();
  RunSql(database_, "UPDATE objects SET created=5");
  RunSql(database_, "UPDATE meta SET encoded_to=60");
  Open();
  EXPECT_THAT(ReadTable(database_, "SELECT max(id) FROM objects WHERE created=5"),
              ElementsAre("60"));
  EXPECT_THAT(log_, HasSubstr("computing the indexes of 40 more objects anew"));
  EXPECT_THAT(ReadTable(database_, kMark), ElementsAre("5|1|NULL"));
}

TEST_F(ReindexTest, StartsAgainWhereYetAnotherVersionStopped) {
  Open();
  Put(Objects(100));
  store_.reset();
  RunSql(database_, "UPDATE objects SET created=5");
  RunSql(database_, "UPDATE meta SET encoded_to=60,encoding=encoding+1");
  Open();
  ExpectSound();
}

TEST_F(ReindexTest, ABodyThatCannotBeReadIsLoggedAndKeepsItsRows) {
  Open();
  Put({{.name = "a", .labels = {{"x", "1"}}, .created = 5},
       {.name = "b", .labels = {{"x", "1"}}},
       {.name = "c", .labels = {{"x", "1"}}}});
  store_.reset();
  RunSql(database_, "UPDATE bodies SET body=? WHERE id=1", {BlobView{"\x01\x01"}});
  RunSql(database_, "UPDATE bodies SET body=? WHERE id=2", {BlobView{"{}"}});
  RunSql(database_, "UPDATE meta SET encoding=encoding+1");
  Open();
  EXPECT_THAT(log_, HasSubstr("the stored object c1!default!a cannot be read"));
  EXPECT_THAT(log_, HasSubstr("the stored object c1!default!b cannot be read"));
  EXPECT_THAT(log_, Not(HasSubstr("c1!default!c")));
  EXPECT_THAT(log_, HasSubstr("2 cannot be read"));
  EXPECT_THAT(Inconsistencies(database_), IsEmpty());
  EXPECT_THAT(ReadTable(database_,
                        "SELECT e.okey FROM entries e JOIN entry_keys k ON k.key_id=e.key_id WHERE "
                        "k.path='l:x' ORDER BY 1"),
              ElementsAre("c1!default!a", "c1!default!b", "c1!default!c"));
  EXPECT_EQ(Put({{.name = "a"}, {.name = "b"}}).updated, 2);
  ExpectSound();
}

TEST_F(ReindexTest, AStoreThatAnotherVersionHasTakenOverIsNotWritten) {
  Open();
  Put({{.name = "a"}});
  for (const char* taken : {"UPDATE meta SET encoding=encoding+1", "UPDATE meta SET encoded_to=1",
                            "UPDATE meta SET schema_version=99"}) {
    RunSql(database_, taken);
    EXPECT_THAT(store_->Apply(std::vector<Change>{Upsert({.name = "b"})}),
                FailsWith(StatusReason::kServiceUnavailable, HasSubstr("another version")));
    EXPECT_THAT(store_->DeleteCluster("c1"), FailsWith(StatusReason::kServiceUnavailable, _));
    RunSql(database_, "UPDATE meta SET schema_version=5,encoded_to=NULL");
  }
  EXPECT_THAT(ReadTable(database_, "SELECT name FROM objects"), ElementsAre("a"));
  Open();
  EXPECT_EQ(Put({{.name = "b"}}).inserted, 1);
  ExpectSound();
}

TEST_F(ReindexTest, ProcessesThatStartAtOnceAllSucceed) {
  Open();
  PutAsAnotherVersion(Objects(3'500));
  std::vector<pid_t> children;
  for (int i = 0; i < 4; ++i) children.push_back(OpenInChild(database_));
  for (const pid_t child : children) EXPECT_TRUE(EndedWell(child));
  ExpectSound();
  EXPECT_THAT(ReadTable(database_, kMark), ElementsAre("5|1|NULL"));
}

}  // namespace
}  // namespace pedia::storage
