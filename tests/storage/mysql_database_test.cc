// The schema and several hosts on MariaDB, and how the server executes what pedia asks.
#include "storage/mysql_database.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <functional>
#include <optional>

#include "storage/loose_scan.h"
#include "tests/storage/mysql_fixture.h"

namespace pedia::storage {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using testing::FailsWith;
using ::testing::HasSubstr;
using testing::IsOk;
using ::testing::Not;

class MysqlMigrationTest : public ::testing::Test {
 protected:
  MysqlMigrationTest() : options_(server_.CreateDatabase()) {}
  Status Migrate() { return (*MakeMysqlDatabase(options_))->Migrate(); }
  std::string Sql(const std::string& sql) { return server_.Sql(options_.database, sql); }

  testing::MariadbServer& server_ = testing::SharedMariadb();
  ServerOptions options_;
};

TEST_F(MysqlMigrationTest, SucceedsInFiveProcessesAtOnce) {
  int ready[2];
  ASSERT_EQ(pipe(ready), 0);
  std::vector<pid_t> children;
  for (int i = 0; i < 5; ++i) {
    const pid_t child = fork();
    if (child != 0) {
      children.push_back(child);
      continue;
    }
    close(ready[1]);
    char byte = 0;
    (void)!read(ready[0], &byte, 1);  // Until all are there.
    const Status status = Migrate();
    if (!status.ok()) fprintf(stderr, "%s\n", status.ToString().c_str());
    _exit(status.ok() ? 0 : 1);
  }
  close(ready[0]);
  close(ready[1]);
  for (const pid_t child : children) {
    int status = -1;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
  }
  EXPECT_EQ(Sql("SELECT count(*),max(schema_version) FROM meta"),
            "1|" + std::to_string(kSchemaVersion) + "\n");
}

TEST_F(MysqlMigrationTest, GoesOnWhereOneWasKilled) {
  ASSERT_THAT(Migrate(), IsOk());
  // As it is when it was killed before the last tables and the row of meta.
  Sql("DROP TABLE meta,tombstones,clusters");
  ASSERT_THAT(Migrate(), IsOk());
  Sql("DELETE FROM meta");
  ASSERT_THAT(Migrate(), IsOk());
  EXPECT_EQ(Sql("SELECT next_object,next_dictionary FROM meta"), "1|1\n");
  EXPECT_EQ(Sql("SELECT count(*) FROM tombstones"), "0\n");
}

TEST_F(MysqlMigrationTest, ADatabaseOfVersion3KeepsAllRowsAndGetsTheNewTables) {
  ASSERT_THAT(Migrate(), IsOk());
  Sql("DROP TABLE documents,cluster_documents,claims");
  Sql("ALTER TABLE meta DROP COLUMN last_claim");
  Sql("UPDATE meta SET schema_version=3,revision=7");
  ASSERT_THAT(Migrate(), IsOk());
  EXPECT_EQ(Sql("SELECT schema_version,revision FROM meta"), "5|7\n");
  EXPECT_EQ(Sql("SELECT count(*) FROM documents"), "0\n");
  EXPECT_EQ(Sql("SELECT count(*) FROM cluster_documents"), "0\n");
}

TEST_F(MysqlMigrationTest, ADatabaseOfVersion4GetsTheClaimsAlsoWhenItWasKilledBetween) {
  ASSERT_THAT(Migrate(), IsOk());
  Sql("DROP TABLE claims");
  Sql("ALTER TABLE meta DROP COLUMN last_claim");
  for (int time = 0; time < 2; ++time) {
    Sql("UPDATE meta SET schema_version=4,revision=7");
    ASSERT_THAT(Migrate(), IsOk());
    EXPECT_EQ(Sql("SELECT schema_version,revision,last_claim FROM meta"), "5|7|0\n");
    EXPECT_EQ(Sql("SELECT count(*) FROM claims"), "0\n");
  }
}

TEST_F(MysqlMigrationTest, RefusesTheSchemaOfANewerPedia) {
  ASSERT_THAT(Migrate(), IsOk());
  Sql("UPDATE meta SET schema_version=99");
  EXPECT_THAT(Migrate(), FailsWith(StatusReason::kInternalError,
                                   AllOf(HasSubstr("version 99"), HasSubstr("newer pedia"),
                                         HasSubstr(options_.database))));
}

TEST_F(MysqlMigrationTest, NamesTheCauseWithoutThePassword) {
  options_.user = testing::kPasswordUser;
  options_.password = "wrong-pass";
  EXPECT_THAT(Migrate(), FailsWith(StatusReason::kInternalError,
                                   AllOf(HasSubstr("1045"), HasSubstr("mysql://127.0.0.1"),
                                         Not(HasSubstr("wrong-pass")))));
  options_.password = testing::kPassword;
  EXPECT_THAT(Migrate(), IsOk());
  options_.database = "nowhere";
  EXPECT_THAT(Migrate(), FailsWith(StatusReason::kInternalError, HasSubstr("Unknown database")));
}

TEST_F(MysqlMigrationTest, NamesThePrivilegeThatIsMissing) {
  Sql("CREATE OR REPLACE USER reader@'%'; GRANT SELECT ON *.* TO reader@'%'");
  options_.user = "reader";
  EXPECT_THAT(Migrate(),
              FailsWith(StatusReason::kInternalError, HasSubstr("CREATE command denied")));
}

TEST_F(MysqlMigrationTest, WorksOverAUnixSocketAndADsn) {
  ServerOptions by_dsn;
  by_dsn.dsn = "pedia@unix(" + server_.socket() + ")/" + options_.database + "?parseTime=true";
  const auto database = MakeMysqlDatabase(by_dsn);
  ASSERT_THAT(database, IsOk());
  ASSERT_THAT((*database)->Migrate(), IsOk());
  EXPECT_THAT((*database)->Connect(Database::Role::kWriter), IsOk());
}

class MysqlDatabaseTest : public MysqlTest {};

TEST_F(MysqlDatabaseTest, KnowsItsSize) {
  const int64_t empty = database_->SizeBytes();
  EXPECT_GT(empty, 0);
  FillBodies(1, 1'000, 4'000);
  Sql("ANALYZE TABLE bodies");
  EXPECT_GT((*MakeMysqlDatabase(options_))->SizeBytes(), empty + 3'000'000);
}

TEST_F(MysqlDatabaseTest, HoldsTheLongestNamesOfAllIndexes) {
  const auto connection = Connect();
  ASSERT_THAT(connection->BeginWrite(), IsOk());
  const std::string key(571, '\xff');
  const std::string long_text(255, '\xff');
  const std::string path(1'024, 'p');
  const std::string key_ids(2'500, '\xff');
  std::vector<SqlParameter> object;
  AppendObjectRow(1, key, key, &object);
  for (const size_t column : {3U, 4U}) object[column] = TextView{key};
  for (const size_t column : {6U, 7U, 8U}) object[column] = TextView{long_text};
  EXPECT_THAT(connection->Insert(kObjectsTable, object), IsOk());
  const SqlParameter entry[] = {int64_t{1}, TextView{long_text}, TextView{key}, int64_t{1}};
  EXPECT_THAT(connection->Insert(kEntriesTable, entry), IsOk());
  const SqlParameter tombstone[] = {int64_t{1}, int64_t{1}, TextView{key}};
  EXPECT_THAT(connection->Insert(kTombstonesTable, tombstone), IsOk());
  const SqlParameter scope[] = {int64_t{1}, TextView{key}, TextView{key}, int64_t{1}};
  EXPECT_THAT(connection->Insert(kScopesTable, scope), IsOk());
  const SqlParameter entry_key[] = {int64_t{1}, int64_t{1}, TextView{path}};
  EXPECT_THAT(connection->Insert(kEntryKeysTable, entry_key), IsOk());
  const SqlParameter set[] = {int64_t{1}, int64_t{1}, BlobView{key_ids}};
  EXPECT_THAT(connection->Insert(kKeySetsTable, set), IsOk());
  EXPECT_THAT(connection->Commit(), IsOk());
}

// --- How the server executes.

class MysqlExplainTest : public MysqlTest {
 protected:
  // As many objects as it takes for a planner to have a choice.
  void Fill() {
    const auto connection = Connect();
    ASSERT_THAT(connection->BeginWrite(), IsOk());
    std::vector<std::string> keys;
    for (int i = 0; i < 4'000; ++i) keys.push_back("c!n!" + std::to_string(10'000 + i));
    std::vector<SqlParameter> objects;
    std::vector<SqlParameter> bodies;
    std::vector<SqlParameter> entries;
    for (size_t i = 0; i < keys.size(); ++i) {
      const auto id = static_cast<int64_t>(i) + 1;
      AppendObjectRow(id, keys[i], keys[i], &objects);
      objects[objects.size() - 4] = id;
      bodies.insert(bodies.end(), {id, BlobView{"e"}, BlobView{"body"}});
      for (int64_t key = 1; key <= 3; ++key)
        entries.insert(entries.end(),
                       {key, TextView{i % 2 == 0 ? "a" : "b"}, TextView{keys[i]}, id});
    }
    ASSERT_THAT(connection->Insert(kObjectsTable, objects), IsOk());
    ASSERT_THAT(connection->Insert(kBodiesTable, bodies), IsOk());
    ASSERT_THAT(connection->Insert(kEntriesTable, entries), IsOk());
    ASSERT_THAT(connection->Commit(), IsOk());
    Sql("ANALYZE TABLE objects,bodies,entries");
  }

  // "table:type:key:extra" of each step, with parameters bound as pedia binds them.
  std::string Explain(SqlConnection& connection, const std::string& sql,
                      const std::vector<SqlParameter>& parameters) {
    SqlStatement explain = connection.Prepare("EXPLAIN " + sql);
    for (const SqlParameter& parameter : parameters) explain.Bind(parameter);
    std::string plan;
    while (explain.Step()) {
      plan.append(explain.Text(2)).append(":").append(explain.Text(3)).append(":");
      plan.append(explain.Text(5)).append(":").append(explain.Text(9)).append("\n");
    }
    EXPECT_TRUE(explain.ok()) << sql << explain.status().ToString();
    return plan;
  }
};

// Rows that the server has read for what `run` does, whatever it planned.
int64_t RowsRead(SqlConnection& connection, const std::function<void()>& run) {
  const auto rows_read = [&] {
    SqlStatement reads = connection.Prepare(
        "SELECT CAST(sum(variable_value) AS SIGNED) FROM information_schema.session_status WHERE "
        "variable_name IN ('Handler_read_key','Handler_read_next','Handler_read_prev',"
        "'Handler_read_rnd','Handler_read_rnd_next','Handler_read_first','Handler_read_last')");
    EXPECT_TRUE(reads.Step());
    return reads.Int(0);
  };
  rows_read();
  const int64_t before = rows_read();
  const int64_t overhead = rows_read() - before;
  const int64_t start = rows_read();
  run();
  return rows_read() - start - overhead;
}

TEST_F(MysqlExplainTest, ReadsIndexesInTheirOrder) {
  Fill();
  const auto connection = Connect();
  const Dialect& dialect = connection->dialect();
  const auto hint = [&](const char* index) { return IndexHint(dialect, index); };
  const std::string join = dialect.ordered_join;
  const SqlParameter one = int64_t{1};
  const SqlParameter fifty = int64_t{50};
  const SqlParameter a = TextView{"a"};
  const SqlParameter low = TextView{"c!n!1"};
  const SqlParameter high = TextView{"c!n!9"};
  const struct {
    std::string sql;
    std::vector<SqlParameter> parameters;
    std::string first;  // The beginning of the first step.
  } cases[] = {
      {"SELECT o.id AS id,o.okey AS okey,b.body FROM objects o" + hint("objects_okey") + join +
           "bodies b WHERE o.type_id=? AND o.okey>? AND o.okey<? AND b.id=o.id ORDER BY okey LIMIT "
           "?",
       {one, low, high, fifty},
       "o:range:objects_okey:"},
      {"SELECT a.id AS id,a.okey AS okey,b.body FROM entries a" + join +
           "bodies b WHERE a.key_id=? AND a.value=? AND a.okey>? AND b.id=a.id ORDER BY okey LIMIT "
           "?",
       {one, a, low, fifty},
       "a:range:PRIMARY:"},
      {"SELECT a.id AS id,a.okey AS okey FROM entries a WHERE a.key_id=? AND a.value=? AND (SELECT "
       "e.id FROM entries e WHERE e.key_id=? AND e.value=? AND e.okey=a.okey) IS NOT NULL ORDER BY "
       "okey LIMIT ?",
       {one, a, int64_t{2}, a, fifty},
       "a:ref:PRIMARY:"},
      {"SELECT o.id AS id,o.okey AS okey,o.created FROM objects o" + hint("objects_created_desc") +
           " WHERE o.type_id=? AND o.created IS NOT NULL ORDER BY o.created DESC,okey LIMIT ?",
       {one, fifty},
       "o:range:objects_created_desc:"},
      {"SELECT o.id AS id,o.okey AS okey,o.created FROM objects o" + hint("objects_created") +
           " WHERE o.type_id=? AND o.created IS NOT NULL ORDER BY o.created,okey LIMIT ?",
       {one, fifty},
       "o:range:objects_created:"},
      {"SELECT o.id AS id,o.okey AS okey FROM objects o" + hint("objects_name_desc") +
           " WHERE o.type_id=? AND o.name IS NOT NULL ORDER BY o.name DESC,okey LIMIT ?",
       {one, fifty},
       "o:ref:objects_name_desc:"},
      {"SELECT o.id AS id,o.okey AS okey FROM objects o" + hint("objects_name") +
           " WHERE o.type_id=? AND o.name IN (?) ORDER BY okey LIMIT ?",
       {one, a, fifty},
       "o:ref:objects_name:"},
      {"SELECT o.id AS id,o.okey AS okey FROM objects o" + hint("objects_owner") +
           " WHERE o.type_id=? AND o.owner_uid IN (?) ORDER BY okey LIMIT ?",
       {one, a, fifty},
       "o:ref:objects_owner:"},
      {"SELECT value FROM entries WHERE key_id=? AND value>? ORDER BY value LIMIT 1",
       {one, a},
       "entries:range:PRIMARY:"},
  };
  for (const auto& c : cases) {
    const std::string plan = Explain(*connection, c.sql, c.parameters);
    EXPECT_TRUE(plan.starts_with(c.first)) << c.sql << "\n" << plan;
    EXPECT_THAT(plan, AllOf(Not(HasSubstr("filesort")), Not(HasSubstr("temporary")),
                            Not(HasSubstr(":ALL:")), Not(HasSubstr("join buffer"))))
        << c.sql;
  }
}

TEST_F(MysqlExplainTest, ReadsHardlyMoreRowsThanItGives) {
  Fill();
  const auto connection = Connect();
  ASSERT_THAT(connection->BeginRead(), IsOk());
  const auto page = [&] {
    SqlStatement rows = connection->Prepare(
        "SELECT o.okey AS okey,o.id FROM objects o FORCE INDEX (objects_created_desc) WHERE "
        "o.type_id=? AND o.created<? ORDER BY o.created DESC,okey LIMIT ?");
    rows.BindInt(1).BindInt(3'000).BindInt(50);
    while (rows.Step()) {
    }
    EXPECT_TRUE(rows.ok());
  };
  EXPECT_LT(RowsRead(*connection, page), 110);
}

TEST_F(MysqlExplainTest, FindsTheValuesOfAKeyWithoutReadingTheirRows) {
  Fill();
  Sql("INSERT INTO entries SELECT 7,CONCAT('v',id MOD 100),okey,id FROM objects WHERE id<=1000");
  const auto connection = Connect();
  ASSERT_THAT(connection->BeginRead(), IsOk());
  const auto read = [&](int64_t key, const std::optional<std::string>& from, bool downwards,
                        size_t max) {
    const auto values =
        ReadValues(*connection, {"entries", "value", "key_id"}, key, from, downwards, max);
    EXPECT_THAT(values, IsOk());
    return values.ok() ? *values : std::vector<std::string>();
  };
  // Two values of 2,000 rows each.
  EXPECT_LT(RowsRead(*connection,
                     [&] { EXPECT_THAT(read(1, std::nullopt, false, 10), ElementsAre("a", "b")); }),
            250);
  EXPECT_THAT(read(1, std::nullopt, true, 10), ElementsAre("b", "a"));
  EXPECT_THAT(read(1, std::nullopt, false, 1), ElementsAre("a"));
  EXPECT_THAT(read(1, "aa", false, 10), ElementsAre("b"));
  // A hundred of ten.
  const std::vector<std::string> all = read(7, std::nullopt, false, 1'000);
  EXPECT_EQ(all.size(), 100u);
  EXPECT_TRUE(std::is_sorted(all.begin(), all.end()));
  EXPECT_EQ(read(7, std::nullopt, true, 1'000), std::vector(all.rbegin(), all.rend()));
  EXPECT_EQ(read(7, all[40], false, 30), std::vector(all.begin() + 40, all.begin() + 70));
  EXPECT_THAT(read(8, std::nullopt, false, 10), ElementsAre());
}

TEST_F(MysqlExplainTest, FindsAndChangesRowsByTheirKeys) {
  Fill();
  for (const bool arrays : {true, false}) {
    const auto connection = ConnectBy(arrays);
    const SqlParameter a = TextView{"a"};
    const SqlParameter key = TextView{"c!n!10007"};
    const SqlParameter other = TextView{"c!n!12000"};
    EXPECT_THAT(Explain(*connection,
                        "SELECT o.okey,b.entries FROM objects o FORCE INDEX (objects_okey) "
                        "STRAIGHT_JOIN bodies b WHERE o.type_id=? AND o.okey IN (?,?,?,?) AND "
                        "b.id=o.id",
                        {int64_t{1}, key, other, a, a}),
                AllOf(HasSubstr("o:range:objects_okey:"), HasSubstr("b:eq_ref:PRIMARY:")));
    EXPECT_THAT(Explain(*connection,
                        "DELETE FROM entries WHERE (key_id=? AND value=? AND okey=?) OR (key_id=? "
                        "AND value=? AND okey=?)",
                        {int64_t{1}, a, a, int64_t{2}, a, a}),
                HasSubstr("entries:range:PRIMARY:"));
    EXPECT_THAT(Explain(*connection,
                        "UPDATE (SELECT CAST(? AS SIGNED) AS v0,CAST(? AS BINARY) AS v1 UNION ALL "
                        "SELECT CAST(? AS SIGNED) AS v0,CAST(? AS BINARY) AS v1) v STRAIGHT_JOIN "
                        "bodies t ON t.id=v.v0 SET t.body=v.v1",
                        {int64_t{1}, a, int64_t{2}, a}),
                HasSubstr("t:eq_ref:PRIMARY:"));
  }
}

// --- Several hosts.

TEST(MysqlHostsTest, WritesToThePrimaryAndReadsFromTheReplica) {
  testing::MariadbServer primary;
  testing::MariadbServer replica;  // Of nothing, but as replicas are.
  ServerOptions options = primary.CreateDatabase("pedia_db");
  ASSERT_THAT((*MakeMysqlDatabase(options))->Migrate(), IsOk());
  ASSERT_THAT((*MakeMysqlDatabase(replica.CreateDatabase("pedia_db")))->Migrate(), IsOk());
  replica.Sql("", "SET GLOBAL read_only=1");
  options.hosts = {{"127.0.0.1", replica.port()}, {"127.0.0.1", primary.port()}};
  const auto database = *MakeMysqlDatabase(options);
  EXPECT_TRUE(database->has_replicas());
  const auto port = [&](Database::Role role) -> int64_t {
    const auto connection = database->Connect(role);
    if (!connection.ok()) return 0;
    SqlStatement select = (*connection)->Prepare("SELECT @@port");
    return select.Step() ? select.Int(0) : -1;
  };
  using Role = Database::Role;
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(port(Role::kWriter), primary.port());
    EXPECT_EQ(port(Role::kPrimaryReader), primary.port());
    EXPECT_EQ(port(Role::kReader), replica.port());
  }
  // The replica is gone: readers take the primary.
  replica.Kill();
  EXPECT_EQ(port(Role::kReader), primary.port());
  replica.Start();
  // They change places.
  replica.Sql("", "SET GLOBAL read_only=0");
  primary.Sql("", "SET GLOBAL read_only=1");
  EXPECT_EQ(port(Role::kWriter), replica.port());
  EXPECT_EQ(port(Role::kReader), primary.port());
}

}  // namespace
}  // namespace pedia::storage
