// SQLite databases of earlier schemas.
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <csignal>
#include <filesystem>

#include "tests/storage/reindex_fixture.h"
#include "tests/storage/version1_store.h"

namespace pedia::storage {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Only where the tests run on SQLite.
class SqliteMigrationTest : public ReindexFixture {
 protected:
  void SetUp() override {
    if (testing::TestDatabase::kind() != testing::TestDatabase::Kind::kSqlite) GTEST_SKIP();
    ReindexFixture::SetUp();
  }
  std::string path() const { return database_.sqlite_path(); }
  // Also of a schema that this version does not know any more.
  int SchemaVersion() {
    sqlite3* db = nullptr;
    EXPECT_EQ(sqlite3_open(path().c_str(), &db), SQLITE_OK);
    int version = 0;
    const auto read = [](void* out, int, char** values, char**) {
      *static_cast<int*>(out) = std::stoi(values[0]);
      return 0;
    };
    EXPECT_EQ(sqlite3_exec(db, "SELECT schema_version FROM meta", read, &version, nullptr),
              SQLITE_OK);
    sqlite3_close(db);
    return version;
  }
  void RunScript(const char* sql) {
    sqlite3* db = nullptr;
    ASSERT_EQ(sqlite3_open(path().c_str(), &db), SQLITE_OK);
    ASSERT_EQ(sqlite3_exec(db, sql, nullptr, nullptr, nullptr), SQLITE_OK) << sqlite3_errmsg(db);
    sqlite3_close(db);
  }
};

TEST_F(SqliteMigrationTest, ADatabaseOfVersion1BecomesWhatThisVersionWouldHaveWritten) {
  const std::vector<TestObject> objects = Objects(2'500);
  Version1Store(path()).Put(objects);
  Open();
  ExpectSound();
  EXPECT_THAT(ReadTable(database_, kMark), ElementsAre("5|41|NULL"));
  EXPECT_THAT(ReadTable(database_, "SELECT DISTINCT synced FROM objects"), ElementsAre("77"));
  EXPECT_THAT(log_, HasSubstr("computing the indexes of 2500 objects anew"));
  EXPECT_THAT(log_, HasSubstr("2500 differed, 0 cannot be read"));
  EXPECT_EQ(store_->Get("c1", kPodsGvr, "default", "x1", nullptr)->body, objects[1].Json());

  const std::vector<std::string> entries = ReadTable(database_, kAllEntries);
  std::vector<std::string> rows = ReadTable(database_, kObjects);
  store_.reset();
  std::filesystem::remove(path());
  Open();
  RunSql(database_, "UPDATE meta SET revision=40");
  Put(objects);
  EXPECT_EQ(ReadTable(database_, kAllEntries), entries);
  EXPECT_EQ(ReadTable(database_, kObjects), rows);
}

TEST_F(SqliteMigrationTest, AMigratedDatabaseTakesChanges) {
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

TEST_F(SqliteMigrationTest, AnEmptyDatabaseOfVersion1IsMigratedSilently) {
  Version1Store{path()};
  Open();
  EXPECT_THAT(ReadTable(database_, kMark), ElementsAre("5|41|NULL"));
  EXPECT_EQ(log_, "");
}

constexpr char kBackToVersion2[] = R"sql(
ALTER TABLE entry_keys RENAME TO keys;
ALTER TABLE key_sets RENAME COLUMN key_ids TO keys;
ALTER TABLE meta DROP COLUMN dictionary;
ALTER TABLE meta DROP COLUMN next_object;
ALTER TABLE meta DROP COLUMN next_dictionary;
ALTER TABLE meta DROP COLUMN epoch;
ALTER TABLE meta DROP COLUMN epoch_after;
DROP TABLE epochs;
DROP TABLE documents;
DROP TABLE cluster_documents;
DROP TABLE claims;
ALTER TABLE meta DROP COLUMN last_claim;
CREATE TABLE old_tombstones(
  id INTEGER PRIMARY KEY, revision INTEGER NOT NULL, type_id INTEGER NOT NULL, okey TEXT NOT NULL);
INSERT INTO old_tombstones(revision,type_id,okey) SELECT * FROM tombstones;
DROP TABLE tombstones;
ALTER TABLE old_tombstones RENAME TO tombstones;
UPDATE meta SET schema_version=2;
)sql";

TEST_F(SqliteMigrationTest, ADatabaseOfVersion2KeepsAllRowsAndGivesNoIdTwice) {
  Open();
  Put(Objects(50));
  Apply({Deletion({.cluster = "c1", .name = "x1"}), Deletion({.cluster = "c2", .name = "x2"})});
  const std::vector<std::string> entries = ReadTable(database_, kAllEntries);
  const std::vector<std::string> rows = ReadTable(database_, kObjects);
  constexpr char kTombstones[] = "SELECT revision,type_id,okey FROM tombstones ORDER BY okey";
  const std::vector<std::string> tombstones = ReadTable(database_, kTombstones);
  constexpr char kIds[] = "SELECT next_object,next_dictionary FROM meta";
  const std::vector<std::string> ids = ReadTable(database_, kIds);
  store_.reset();
  RunScript(kBackToVersion2);
  Open();
  EXPECT_EQ(log_, "") << "nothing is computed anew";
  EXPECT_EQ(ReadTable(database_, kAllEntries), entries);
  EXPECT_EQ(ReadTable(database_, kObjects), rows);
  EXPECT_EQ(ReadTable(database_, kTombstones), tombstones);
  EXPECT_EQ(ReadTable(database_, kIds), ids);
  EXPECT_EQ(Put(Objects(50)).inserted, 2);
  ExpectSound();
}

TEST_F(SqliteMigrationTest, ADatabaseOfVersion3KeepsAllRowsAndTakesDocuments) {
  Open();
  Put(Objects(5));
  const std::vector<std::string> rows = ReadTable(database_, kObjects);
  store_.reset();
  RunScript(
      "DROP TABLE claims; ALTER TABLE meta DROP COLUMN last_claim;"
      "DROP TABLE documents; DROP TABLE cluster_documents; UPDATE meta SET schema_version=3");
  Open();
  EXPECT_EQ(log_, "") << "nothing is computed anew";
  EXPECT_EQ(ReadTable(database_, kObjects), rows);
  const std::vector<NamedDocument> documents = {{"A1", "bytes"}};
  EXPECT_THAT(store_->SaveClusterRecord({"c1", "{}", {"A1"}}, documents), testing::IsOk());
}

TEST_F(SqliteMigrationTest, ADatabaseOfVersion4KeepsAllRowsAndTakesClaims) {
  Open();
  Put(Objects(5));
  const std::vector<std::string> rows = ReadTable(database_, kObjects);
  store_.reset();
  RunScript(
      "DROP TABLE claims; ALTER TABLE meta DROP COLUMN last_claim; UPDATE meta SET "
      "schema_version=4");
  Open();
  EXPECT_EQ(log_, "") << "nothing is computed anew";
  EXPECT_EQ(ReadTable(database_, kObjects), rows);
  EXPECT_THAT(store_->ClaimCluster("c1", "me"), testing::IsOk());
  EXPECT_THAT(ReadTable(database_, "SELECT cluster,holder FROM claims"), ElementsAre("c1|me"));
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
void OpenAndDie(const testing::TestDatabase& database, int commits) {
  const pid_t child = fork();
  if (child == 0) {
    commits_until_death = commits;
    sqlite3_auto_extension(reinterpret_cast<void (*)()>(WatchCommits));
    _exit(OpenStore(database.Open()).ok() ? 0 : 1);
  }
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_TRUE(WIFSIGNALED(status)) << "it lived for fewer commits";
}

TEST_F(SqliteMigrationTest, AProcessThatDiesInTheMiddleIsFollowedByOneThatGoesOn) {
  Version1Store(path()).Put(Objects(6'000));
  OpenAndDie(database_, 1);
  EXPECT_EQ(SchemaVersion(), 1);
  OpenAndDie(database_, 2);
  EXPECT_THAT(ReadTable(database_, kMark), ElementsAre("5|41|0"));
  OpenAndDie(database_, 3);
  EXPECT_THAT(ReadTable(database_, kMark), ElementsAre("5|41|2000"));
  OpenAndDie(database_, 2);
  EXPECT_THAT(ReadTable(database_, kMark), ElementsAre("5|41|3000"));
  OpenAndDie(database_, 4);  // At the end of the work, when all objects are done.
  EXPECT_THAT(ReadTable(database_, kMark), ElementsAre("5|41|6000"));
  Open();
  EXPECT_THAT(ReadTable(database_, kMark), ElementsAre("5|41|NULL"));
  ExpectSound();
}

TEST_F(SqliteMigrationTest, ProcessesThatStartAtOnceAllSucceed) {
  Version1Store(path()).Put(Objects(5'000));
  std::vector<pid_t> children;
  for (int i = 0; i < 4; ++i) children.push_back(OpenInChild(database_));
  for (const pid_t child : children) EXPECT_TRUE(EndedWell(child));
  ExpectSound();
  EXPECT_THAT(ReadTable(database_, kMark), ElementsAre("5|41|NULL"));
}

}  // namespace
}  // namespace pedia::storage
