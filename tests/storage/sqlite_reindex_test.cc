// Databases that another pedia wrote: an earlier schema, another table of indexed fields.
#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>

#include "meta/log.h"
#include "tests/storage/store_audit.h"
#include "tests/storage/store_fixture.h"
#include "tests/storage/table_reader.h"
#include "tests/storage/version1_store.h"

namespace pedia::storage {
namespace {

using ::testing::_;
using ::testing::ElementsAre;
using testing::FailsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::IsOk;
using ::testing::Not;

// Everything of an object but when it was written and what ids it has.
constexpr char kObjects[] =
    "SELECT okey,grp,version,resource,kind,uid,owner_uid,rv,rv_number,created,deleted,revision "
    "FROM objects JOIN types USING(type_id) ORDER BY okey,resource";
constexpr char kMark[] = "SELECT schema_version,revision,encoded_to FROM meta";

class SqliteReindexTest : public StoreTest {
 protected:
  void SetUp() override {
    SetLogSink([this](LogLevel, std::string_view message) { log_ += std::string(message) + "\n"; });
  }
  void TearDown() override {
    store_.reset();
    SetLogSink([](LogLevel, std::string_view) {});
  }

  void RunSql(const char* sql) {
    sqlite3* db = nullptr;
    ASSERT_EQ(sqlite3_open(path().c_str(), &db), SQLITE_OK);
    ASSERT_EQ(sqlite3_exec(db, sql, nullptr, nullptr, nullptr), SQLITE_OK) << sqlite3_errmsg(db);
    sqlite3_close(db);
  }

  // Of two resources, with and without labels, owners and times.
  static std::vector<TestObject> Objects(int count) {
    std::vector<TestObject> objects;
    for (int i = 0; i < count; ++i) {
      TestObject object{.cluster = "c" + std::to_string(i % 3),
                        .name = "x" + std::to_string(i),
                        .resource_version = i % 7 == 0 ? "v" : std::to_string(i)};
      if (i % 5 == 0)
        object = {.gvr = kNodesGvr, .name_space = "", .name = "n" + std::to_string(i)};
      if (i % 2 == 0) object.labels.emplace_back("app", "a" + std::to_string(i % 3));
      if (i % 3 == 0) object.labels.emplace_back("env", "");
      if (i % 4 == 0) object.owner_uid = "o" + std::to_string(i % 2);
      if (i % 6 == 0) object.created.reset();
      if (i % 8 == 0) object.deleted = 7;
      objects.push_back(object);
    }
    return objects;
  }

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
    RunSql("UPDATE meta SET encoding=encoding+1");
  }

  void ExpectSound() {
    EXPECT_THAT(Inconsistencies(path()), IsEmpty());
    EXPECT_THAT(DifferencesFromBodies(path()), IsEmpty());
  }

  std::string log_;
};

TEST_F(SqliteReindexTest, ADatabaseOfVersion1BecomesWhatThisVersionWouldHaveWritten) {
  const std::vector<TestObject> objects = Objects(2'500);
  Version1Store(path()).Put(objects);
  Open();
  ExpectSound();
  EXPECT_THAT(ReadTable(path(), kMark), ElementsAre("2|41|NULL"));
  EXPECT_THAT(ReadTable(path(), "SELECT DISTINCT synced FROM objects"), ElementsAre("77"));
  EXPECT_THAT(log_, HasSubstr("computing the indexes of 2500 objects anew"));
  EXPECT_THAT(log_, HasSubstr("2500 differed, 0 cannot be read"));
  EXPECT_EQ(store_->Get("c1", kPodsGvr, "default", "x1", false)->body, objects[1].Json());

  const std::vector<std::string> entries = ReadTable(path(), kAllEntries);
  std::vector<std::string> rows = ReadTable(path(), kObjects);
  store_.reset();
  std::filesystem::remove(path());
  Open();
  RunSql("UPDATE meta SET revision=40");
  Put(objects);
  EXPECT_EQ(ReadTable(path(), kAllEntries), entries);
  EXPECT_EQ(ReadTable(path(), kObjects), rows);
}

TEST_F(SqliteReindexTest, AMigratedDatabaseTakesChanges) {
  Version1Store(path()).Put({{.name = "a", .labels = {{"x", "1"}}}, {.name = "b"}});
  Open();
  const ApplyResult result =
      Apply({Upsert({.name = "a", .resource_version = "2", .labels = {{"y", "1"}}}),
             Deletion({.name = "b"}), Upsert({.name = "c"})});
  EXPECT_EQ(result.inserted + result.updated + result.deleted, 3);
  EXPECT_EQ(result.revision, 42);
  EXPECT_EQ(Put({{.name = "c"}}).updated, 0);
  ExpectSound();
}

TEST_F(SqliteReindexTest, AnEmptyDatabaseOfVersion1IsMigratedSilently) {
  Version1Store{path()};
  Open();
  EXPECT_THAT(ReadTable(path(), kMark), ElementsAre("2|41|NULL"));
  EXPECT_EQ(log_, "");
}

TEST_F(SqliteReindexTest, RowsOfAnotherTableOfFieldsAreComputedAnew) {
  Open();
  PutAsAnotherVersion(Objects(1'100));
  ASSERT_THAT(DifferencesFromBodies(path()), Not(IsEmpty()));
  Open();
  ExpectSound();
  EXPECT_THAT(log_, HasSubstr("1100 differed"));
  EXPECT_THAT(ReadTable(path(), "SELECT * FROM keys WHERE path='f:gone'"), IsEmpty());
  EXPECT_EQ(*store_->Revision(), 1);
  EXPECT_EQ(Put(Objects(1'100)).updated, 0);
}

TEST_F(SqliteReindexTest, RowsOfThisVersionAreNotLookedAt) {
  Open();
  Put(Objects(10));
  store_.reset();
  RunSql("UPDATE objects SET created=5");
  Open();
  EXPECT_THAT(ReadTable(path(), "SELECT DISTINCT created FROM objects"), ElementsAre("5"));
  EXPECT_EQ(log_, "");
}

TEST_F(SqliteReindexTest, GoesOnWhereAnotherProcessStopped) {
  Open();
  Put(Objects(100));
  store_.reset();
  RunSql("UPDATE objects SET created=5; UPDATE meta SET encoded_to=60");
  Open();
  EXPECT_THAT(ReadTable(path(), "SELECT max(id) FROM objects WHERE created=5"), ElementsAre("60"));
  EXPECT_THAT(log_, HasSubstr("computing the indexes of 40 more objects anew"));
  EXPECT_THAT(ReadTable(path(), kMark), ElementsAre("2|1|NULL"));
}

TEST_F(SqliteReindexTest, StartsAgainWhereYetAnotherVersionStopped) {
  Open();
  Put(Objects(100));
  store_.reset();
  RunSql("UPDATE objects SET created=5; UPDATE meta SET encoded_to=60,encoding=encoding+1");
  Open();
  ExpectSound();
}

TEST_F(SqliteReindexTest, ABodyThatCannotBeReadIsLoggedAndKeepsItsRows) {
  Version1Store(path()).Put({{.name = "a", .labels = {{"x", "1"}}, .created = 5},
                             {.name = "b", .labels = {{"x", "1"}}},
                             {.name = "c", .labels = {{"x", "1"}}}});
  RunSql("UPDATE bodies SET body=x'0101' WHERE id=1; UPDATE bodies SET body='{}' WHERE id=2");
  Open();
  EXPECT_THAT(log_, HasSubstr("the stored object c1!default!a cannot be read"));
  EXPECT_THAT(log_, HasSubstr("the stored object c1!default!b cannot be read"));
  EXPECT_THAT(log_, Not(HasSubstr("c1!default!c")));
  EXPECT_THAT(log_, HasSubstr("2 cannot be read"));
  EXPECT_THAT(Inconsistencies(path()), IsEmpty());
  EXPECT_THAT(
      ReadTable(path(), "SELECT okey FROM entries JOIN keys USING(key_id) WHERE path='l:x'"),
      ElementsAre("c1!default!a", "c1!default!b", "c1!default!c"));
  EXPECT_EQ(Put({{.name = "a"}, {.name = "b"}}).updated, 2);
  ExpectSound();
}

TEST_F(SqliteReindexTest, AStoreThatAnotherVersionHasTakenOverIsNotWritten) {
  Open();
  Put({{.name = "a"}});
  for (const char* taken : {"UPDATE meta SET encoding=encoding+1", "UPDATE meta SET encoded_to=1",
                            "UPDATE meta SET schema_version=99"}) {
    RunSql(taken);
    EXPECT_THAT(store_->Apply(std::vector<Change>{Upsert({.name = "b"})}),
                FailsWith(StatusReason::kServiceUnavailable, HasSubstr("another version")));
    EXPECT_THAT(store_->DeleteCluster("c1"), FailsWith(StatusReason::kServiceUnavailable, _));
    RunSql("UPDATE meta SET schema_version=2,encoded_to=NULL");
  }
  EXPECT_THAT(ReadTable(path(), "SELECT name FROM objects"), ElementsAre("a"));
  Open();
  EXPECT_EQ(Put({{.name = "b"}}).inserted, 1);
  ExpectSound();
}

// Opens the store in a child process, which ends with 0 if that succeeds.
pid_t OpenInChild(const std::string& path) {
  const pid_t child = fork();
  if (child == 0) _exit(OpenSqliteStore({.path = path}).ok() ? 0 : 1);
  return child;
}

bool EndedWell(pid_t child) {
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

int commits_until_death = 0;

int DieAtLastCommit(void*) {
  if (--commits_until_death == 0) kill(getpid(), SIGKILL);
  return 0;
}

int WatchCommits(sqlite3* db, char**, const void*) {
  sqlite3_commit_hook(db, DieAtLastCommit, nullptr);
  return SQLITE_OK;
}

// Opens the store in a child process that dies when it is about to commit for the `commits`th time.
void OpenAndDie(const std::string& path, int commits) {
  const pid_t child = fork();
  if (child == 0) {
    commits_until_death = commits;
    sqlite3_auto_extension(reinterpret_cast<void (*)()>(WatchCommits));
    _exit(OpenSqliteStore({.path = path}).ok() ? 0 : 1);
  }
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_TRUE(WIFSIGNALED(status)) << "it lived for fewer commits";
}

TEST_F(SqliteReindexTest, AProcessThatDiesInTheMiddleIsFollowedByOneThatGoesOn) {
  Version1Store(path()).Put(Objects(6'000));
  OpenAndDie(path(), 1);
  EXPECT_THAT(ReadTable(path(), "SELECT schema_version,revision FROM meta"), ElementsAre("1|41"));
  OpenAndDie(path(), 2);
  EXPECT_THAT(ReadTable(path(), kMark), ElementsAre("2|41|0"));
  OpenAndDie(path(), 3);
  EXPECT_THAT(ReadTable(path(), kMark), ElementsAre("2|41|2000"));
  OpenAndDie(path(), 2);
  EXPECT_THAT(ReadTable(path(), kMark), ElementsAre("2|41|3000"));
  OpenAndDie(path(), 4);  // At the end of the work, when all objects are done.
  EXPECT_THAT(ReadTable(path(), kMark), ElementsAre("2|41|6000"));
  Open();
  EXPECT_THAT(ReadTable(path(), kMark), ElementsAre("2|41|NULL"));
  ExpectSound();
}

TEST_F(SqliteReindexTest, ProcessesThatStartAtOnceAllSucceed) {
  Version1Store(path()).Put(Objects(5'000));
  std::vector<pid_t> children;
  for (int i = 0; i < 4; ++i) children.push_back(OpenInChild(path()));
  for (const pid_t child : children) EXPECT_TRUE(EndedWell(child));
  ExpectSound();
  EXPECT_THAT(ReadTable(path(), kMark), ElementsAre("2|41|NULL"));
}

}  // namespace
}  // namespace pedia::storage
