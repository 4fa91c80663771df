#include "storage/postgres_connection.h"

#include <gtest/gtest.h>

#include <chrono>
#include <fstream>
#include <limits>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "meta/log.h"
#include "storage/postgres_database.h"
#include "tests/testing/database_servers.h"
#include "tests/testing/matchers.h"

namespace pedia::storage {
namespace {

using pedia::testing::FailsWith;
using pedia::testing::IsOk;
using pedia::testing::SharedPostgres;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;
using std::chrono::seconds;

// What a statement gives, a line per row.
std::vector<std::string> Rows(SqlStatement statement) {
  std::vector<std::string> rows;
  while (statement.Step()) rows.emplace_back(statement.Text(0));
  EXPECT_THAT(statement.status(), IsOk());
  return rows;
}

class PostgresConnectionTest : public ::testing::Test {
 protected:
  PostgresConnectionTest() : options_(SharedPostgres().CreateDatabase()) {
    Result<std::unique_ptr<Database>> database = MakePostgresDatabase(options_);
    EXPECT_THAT(database, IsOk());
    database_ = *std::move(database);
    EXPECT_THAT(database_->Migrate(), IsOk());
    writer_ = Connect(Database::Role::kWriter);
  }

  ~PostgresConnectionTest() override {
    writer_.reset();
    database_.reset();
    SharedPostgres().DropDatabase(options_.database);
  }

  std::unique_ptr<SqlConnection> Connect(Database::Role role = Database::Role::kReader) {
    Result<std::unique_ptr<SqlConnection>> connection = database_->Connect(role);
    EXPECT_THAT(connection, IsOk());
    return *std::move(connection);
  }
  std::string Sql(const std::string& sql) { return SharedPostgres().Sql(options_.database, sql); }

  // Inserts the objects 1 to `count`: "o0001" ...
  void InsertObjects(int64_t count) {
    ASSERT_THAT(writer_->BeginWrite(), IsOk());
    std::vector<std::string> texts;
    texts.reserve(static_cast<size_t>(count));
    std::vector<SqlParameter> rows;
    for (int64_t id = 1; id <= count; ++id) {
      std::string number = std::to_string(id);
      number.insert(0, 7 - std::min<size_t>(number.size(), 7), '0');
      texts.push_back("o" + number);
      const SqlParameter text = TextView{texts.back()};
      rows.insert(rows.end(), {id,
                               int64_t{1},
                               text,
                               text,
                               text,
                               text,
                               text,
                               {},
                               text,
                               {},
                               {},
                               {},
                               int64_t{5},
                               int64_t{6}});
    }
    ASSERT_THAT(writer_->Insert(kObjectsTable, rows), IsOk());
    ASSERT_THAT(writer_->Commit(), IsOk());
  }

  ServerOptions options_;
  std::unique_ptr<Database> database_;
  std::unique_ptr<SqlConnection> writer_;
};

TEST_F(PostgresConnectionTest, GivesBackBytesAsTheyWere) {
  const std::string all = [] {
    std::string bytes;
    for (int c = 0; c < 256; ++c) bytes += static_cast<char>(c);
    return bytes;
  }();
  const std::string long_one(1'000'000, '\0');
  for (const std::string& value :
       {std::string(), std::string("\0", 1), std::string("\xff\xfe'\\"), all, long_one}) {
    SqlStatement statement = writer_->Prepare("SELECT t.v FROM (SELECT ?) AS t(v)");
    statement.BindText(value);
    ASSERT_TRUE(statement.Step()) << statement.status().ToString();
    EXPECT_EQ(statement.Text(0), value);
    EXPECT_FALSE(statement.IsNull(0));
    EXPECT_EQ(std::get<std::string>(statement.Value(0)), value);
    EXPECT_FALSE(statement.Step());
  }
}

TEST_F(PostgresConnectionTest, ReadsNumbersOfEveryType) {
  SqlStatement statement = writer_->Prepare(
      "SELECT ?,7,true,count(*),sum(x),-3::int2,NULL,sum(x)*-123456789 FROM "
      "(VALUES(20000::bigint),(30001)) AS v(x)");
  statement.BindInt(std::numeric_limits<int64_t>::min());
  ASSERT_TRUE(statement.Step()) << statement.status().ToString();
  EXPECT_EQ(statement.Int(0), std::numeric_limits<int64_t>::min());
  EXPECT_EQ(statement.Int(1), 7);
  EXPECT_EQ(statement.Int(2), 1);
  EXPECT_EQ(statement.Int(3), 2);
  EXPECT_EQ(statement.Int(4), 50'001);
  EXPECT_EQ(statement.Int(5), -3);
  EXPECT_TRUE(statement.IsNull(6));
  EXPECT_EQ(statement.Int(6), 0);
  EXPECT_EQ(statement.Text(6), "");
  EXPECT_EQ(statement.Value(6), SqlValue());
  EXPECT_EQ(statement.Int(7), -50'001 * int64_t{123'456'789});
}

TEST_F(PostgresConnectionTest, BindsANullOrAValueInTheSamePlace) {
  SqlStatement insert = writer_->Prepare("INSERT INTO clusters(cluster,document) VALUES(?,?)");
  EXPECT_THAT(insert.BindText("a").BindNull().Run(), Not(IsOk()));
  EXPECT_THAT(writer_->Prepare("INSERT INTO clusters(cluster,document) VALUES(?,?)")
                  .BindText("b")
                  .BindText("x")
                  .Run(),
              IsOk());
  SqlStatement find = writer_->Prepare("SELECT cluster FROM clusters WHERE document=?");
  EXPECT_FALSE(find.BindNull().Step());
  find.Reset();
  EXPECT_TRUE(find.BindText("x").Step());
}

TEST_F(PostgresConnectionTest, SaysHowManyRowsChanged) {
  InsertObjects(30);
  SqlStatement update = writer_->Prepare("UPDATE objects SET deleted=9 WHERE id<=?");
  ASSERT_THAT(update.BindInt(12).Run(), IsOk());
  EXPECT_EQ(update.changes(), 12);
}

TEST_F(PostgresConnectionTest, ReadsSeveralStatementsHalfwayAtTheSameTime) {
  InsertObjects(3'000);
  const std::unique_ptr<SqlConnection> reader = Connect();
  ASSERT_THAT(reader->BeginRead(), IsOk());
  constexpr std::string_view kAll = "SELECT id FROM objects WHERE type_id=1 ORDER BY okey";
  SqlStatement first = reader->Prepare(kAll, RowCount::kUnbounded);
  SqlStatement second = reader->Prepare(kAll, RowCount::kUnbounded);
  SqlStatement limited = reader->Prepare(
      "SELECT id FROM objects WHERE type_id=1 ORDER BY okey LIMIT ?", RowCount::kUnbounded);
  limited.BindInt(1'000);
  int64_t rows = 0;
  while (first.Step()) {
    ASSERT_EQ(first.Int(0), ++rows);
    if (rows % 3 == 0) {
      ASSERT_TRUE(second.Step());
      ASSERT_EQ(second.Int(0), rows / 3);
      ASSERT_TRUE(limited.Step());
      ASSERT_EQ(limited.Int(0), rows / 3);
    }
    SqlStatement one = reader->Prepare("SELECT okey FROM objects WHERE id=?");
    ASSERT_TRUE(one.BindInt(rows).Step());
    ASSERT_THAT(std::string(one.Text(0)), ::testing::EndsWith(std::to_string(rows)));
  }
  EXPECT_THAT(first.status(), IsOk());
  EXPECT_EQ(rows, 3'000);
  EXPECT_TRUE(second.Step());
  EXPECT_EQ(second.Int(0), 1'001);
  EXPECT_FALSE(limited.Step());
  reader->Rollback();
  EXPECT_TRUE(reader->usable());
}

TEST_F(PostgresConnectionTest, RunsAStatementAgainAfterReset) {
  InsertObjects(100);
  const std::unique_ptr<SqlConnection> reader = Connect();
  ASSERT_THAT(reader->BeginRead(), IsOk());
  SqlStatement rows = reader->Prepare(
      "SELECT id FROM objects WHERE type_id=1 AND okey>? ORDER BY okey", RowCount::kUnbounded);
  for (int run = 0; run < 50; ++run) {
    rows.Reset();
    rows.BindText("o0000050");
    for (int64_t id = 51; id < 75; ++id) {
      ASSERT_TRUE(rows.Step()) << rows.status().ToString();
      ASSERT_EQ(rows.Int(0), id);
    }
  }
}

TEST_F(PostgresConnectionTest, KeepsFewStatementsPrepared) {
  for (int round = 0; round < 2; ++round) {
    for (int i = 0; i < 400; ++i) {
      ASSERT_THAT(writer_->BeginRead(), IsOk());
      const std::string text = "SELECT " + std::to_string(i);
      SqlStatement statement = writer_->Prepare(text);
      ASSERT_TRUE(statement.Step());
      ASSERT_EQ(statement.Int(0), i);
      writer_->Rollback();
    }
  }
  SqlStatement count = writer_->Prepare("SELECT count(*) FROM pg_prepared_statements");
  ASSERT_TRUE(count.Step());
  EXPECT_LE(count.Int(0), 260);
  EXPECT_GE(count.Int(0), 200);
}

int64_t PeakKib() {
  std::ifstream file("/proc/self/status");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("VmHWM:")) return std::stoll(line.substr(6));
  }
  return 0;
}

TEST_F(PostgresConnectionTest, MemoryDoesNotGrowWithUnboundedRows) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "sanitizers hold back what was freed";
#endif
  ASSERT_THAT(writer_->BeginRead(), IsOk());
  constexpr std::string_view kRows =
      "SELECT convert_to(repeat('x',8000),'UTF8') FROM generate_series(1,?) g WHERE g>0";
  const auto read = [&](int64_t count) {
    SqlStatement rows = writer_->Prepare(kRows, RowCount::kUnbounded);
    rows.BindInt(count);
    int64_t seen = 0;
    while (rows.Step()) seen += rows.Text(0).size() == 8'000 ? 1 : 0;
    EXPECT_THAT(rows.status(), IsOk());
    EXPECT_EQ(seen, count);
  };
  read(1'000);
  const int64_t before = PeakKib();
  read(15'000);  // 120 MB
  EXPECT_LT(PeakKib() - before, 12 * 1024);
}

TEST_F(PostgresConnectionTest, ReadsOneSnapshot) {
  const std::unique_ptr<SqlConnection> reader = Connect();
  const Result<StoreState> before = reader->BeginRead();
  ASSERT_THAT(before, IsOk());
  InsertObjects(3);
  EXPECT_THAT(Rows(reader->Prepare("SELECT okey FROM objects")), ElementsAre());
  reader->Rollback();
  ASSERT_THAT(reader->BeginRead(), IsOk());
  EXPECT_THAT(Rows(reader->Prepare("SELECT okey FROM objects ORDER BY id")),
              ElementsAre("o0000001", "o0000002", "o0000003"));
}

TEST_F(PostgresConnectionTest, GivesTheStateOfTheStore) {
  Sql("UPDATE meta SET revision=7,encoding=-8,encoded_to=NULL,pruned=9,dictionary=10,"
      "next_object=11,next_dictionary=12");
  const Result<StoreState> state = Connect()->BeginRead();
  ASSERT_THAT(state, IsOk());
  EXPECT_EQ(state->schema_version, kSchemaVersion);
  EXPECT_EQ(state->revision, 7);
  EXPECT_EQ(state->encoding, -8);
  EXPECT_EQ(state->encoded_to, std::nullopt);
  EXPECT_EQ(state->pruned, 9);
  EXPECT_EQ(state->dictionary, 10);
  EXPECT_EQ(state->next_object, 11);
  EXPECT_EQ(state->next_dictionary, 12);
}

TEST_F(PostgresConnectionTest, WritersComeOneAfterTheOther) {
  const std::unique_ptr<SqlConnection> other = Connect(Database::Role::kWriter);
  ASSERT_THAT(writer_->BeginWrite(), IsOk());
  ASSERT_THAT(writer_->Prepare("UPDATE meta SET revision=41 WHERE id=1").Run(), IsOk());
  int64_t seen = 0;
  std::thread waiting([&] {
    const Result<StoreState> state = other->BeginWrite();
    ASSERT_THAT(state, IsOk());
    seen = state->revision;
    other->Rollback();
  });
  while (Sql("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type='Lock' AND "
             "datname=current_database()")
             .substr(0, 1) == "0") {
    std::this_thread::sleep_for(milliseconds(5));
  }
  ASSERT_THAT(writer_->Commit(), IsOk());
  waiting.join();
  EXPECT_EQ(seen, 41);
}

TEST_F(PostgresConnectionTest, NothingIsLeftOfATransactionThatWasRolledBack) {
  ASSERT_THAT(writer_->BeginWrite(), IsOk());
  ASSERT_THAT(writer_->Prepare("UPDATE meta SET revision=9").Run(), IsOk());
  writer_->Rollback();
  ASSERT_THAT(writer_->BeginWrite(), IsOk());
  ASSERT_THAT(writer_->Prepare("UPDATE meta SET pruned=9").Run(), IsOk());
  ASSERT_THAT(writer_->Commit(), IsOk());
  EXPECT_THAT(Sql("SELECT revision,pruned FROM meta"), HasSubstr("0|9"));
}

TEST_F(PostgresConnectionTest, ATransactionThatFailedIsNotCommitted) {
  ASSERT_THAT(writer_->BeginWrite(), IsOk());
  ASSERT_THAT(writer_->Prepare("UPDATE meta SET revision=9").Run(), IsOk());
  EXPECT_THAT(writer_->Prepare("SELECT 1/0").Run(),
              FailsWith(StatusReason::kInternalError, HasSubstr("store")));
  EXPECT_THAT(writer_->Prepare("SELECT 1").Run(), Not(IsOk()));
  EXPECT_THAT(writer_->Commit(), FailsWith(StatusReason::kInternalError, HasSubstr("failed")));
  writer_->Rollback();
  EXPECT_TRUE(writer_->usable());
  EXPECT_THAT(writer_->BeginWrite(), IsOk());
  writer_->Rollback();
  EXPECT_THAT(Sql("SELECT revision FROM meta"), HasSubstr("0"));
}

TEST_F(PostgresConnectionTest, AStatementThatCannotBePreparedFailsWhenStepped) {
  for (int i = 0; i < 2; ++i) {
    SqlStatement statement = writer_->Prepare("SELECT nothing FROM nowhere WHERE x=?");
    EXPECT_FALSE(statement.BindInt(1).Step());
    EXPECT_THAT(statement.status(), FailsWith(StatusReason::kInternalError, HasSubstr("")));
  }
  EXPECT_THAT(writer_->Prepare("SELECT 1").Run(), IsOk());
}

TEST_F(PostgresConnectionTest, LogsNoValues) {
  std::string log;
  SetLogSink([&](LogLevel, std::string_view line) { log.append(line).append("\n"); });
  ASSERT_THAT(writer_->BeginWrite(), IsOk());
  SqlStatement insert = writer_->Prepare("INSERT INTO clusters(cluster,document) VALUES(?,?)");
  EXPECT_THAT(insert.BindText("geheim").BindText("t0ken").Run(), IsOk());
  EXPECT_THAT(insert.BindText("geheim").BindText("t0ken").Run(), Not(IsOk()));
  writer_->Rollback();
  SetLogSink({});
  EXPECT_THAT(log, HasSubstr("23505"));
  EXPECT_THAT(log, Not(HasSubstr("geheim")));
  EXPECT_THAT(log, Not(HasSubstr("t0ken")));
}

TEST_F(PostgresConnectionTest, EndsAStatementAtItsDeadline) {
  const std::unique_ptr<SqlConnection> reader = Connect();
  ASSERT_THAT(reader->BeginRead(), IsOk());
  reader->set_deadline(Clock::now() + milliseconds(200));
  SqlStatement slow = reader->Prepare("SELECT 1,pg_sleep(600)");
  EXPECT_FALSE(slow.Step());
  EXPECT_THAT(slow.status(), FailsWith(StatusReason::kTimeout, HasSubstr("too long")));
  EXPECT_FALSE(reader->usable());
  reader->Rollback();
  // The server stops working for nobody.
  const auto give_up = Clock::now() + seconds(20);
  while (Sql("SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(600)%' AND query "
             "NOT LIKE '%activity%'")
             .substr(0, 1) != "0") {
    ASSERT_LT(Clock::now(), give_up);
    std::this_thread::sleep_for(milliseconds(20));
  }
}

TEST_F(PostgresConnectionTest, EndsAStatementThatIsCancelled) {
  const std::unique_ptr<SqlConnection> reader = Connect();
  ASSERT_THAT(reader->BeginRead(), IsOk());
  int asked = 0;
  reader->set_cancelled([&] { return ++asked > 2; });
  SqlStatement slow = reader->Prepare("SELECT pg_sleep(600)", RowCount::kUnbounded);
  EXPECT_FALSE(slow.Step());
  EXPECT_THAT(slow.status(), FailsWith(StatusReason::kTimeout, HasSubstr("too long")));
}

TEST_F(PostgresConnectionTest, EndsRowsThatNeverEnd) {
  ASSERT_THAT(writer_->BeginRead(), IsOk());
  writer_->set_deadline(Clock::now() + milliseconds(100));
  SqlStatement rows =
      writer_->Prepare("SELECT g FROM generate_series(1,1000000000000) g", RowCount::kUnbounded);
  while (rows.Step()) {
  }
  EXPECT_THAT(rows.status(), FailsWith(StatusReason::kTimeout, HasSubstr("too long")));
}

TEST_F(PostgresConnectionTest, ATransactionEndsWithoutWaitingForWhatNobodyReads) {
  const std::unique_ptr<SqlConnection> reader = Connect();
  ASSERT_THAT(reader->BeginRead(), IsOk());
  {
    // The second batch would take for ever.
    SqlStatement rows = reader->Prepare(
        "SELECT g FROM generate_series(1,100) g WHERE g<10 OR length(pg_sleep(600)::text)>=0",
        RowCount::kUnbounded);
    for (int i = 0; i < 8; ++i) ASSERT_TRUE(rows.Step());
    // Goes on to it, in vain.
    reader->set_deadline(Clock::now() + milliseconds(100));
    while (rows.Step()) {
    }
    EXPECT_THAT(rows.status(), FailsWith(StatusReason::kTimeout, HasSubstr("")));
  }
  reader->Rollback();
  EXPECT_FALSE(reader->usable());
}

TEST_F(PostgresConnectionTest, AbandonedRowsAreOutOfTheWayOfTheNextTransaction) {
  InsertObjects(2'000);
  const std::unique_ptr<SqlConnection> reader = Connect();
  for (int i = 0; i < 20; ++i) {
    ASSERT_THAT(reader->BeginRead(), IsOk());
    SqlStatement all = reader->Prepare("SELECT id FROM objects ORDER BY id", RowCount::kUnbounded);
    for (int row = 0; row < i * 5; ++row) ASSERT_TRUE(all.Step());
    SqlStatement page =
        reader->Prepare("SELECT id FROM objects ORDER BY id LIMIT ?", RowCount::kUnbounded);
    ASSERT_TRUE(page.BindInt(400).Step());
    reader->Rollback();
  }
  ASSERT_TRUE(reader->usable());
  ASSERT_THAT(reader->BeginRead(), IsOk());
  EXPECT_EQ(Rows(reader->Prepare("SELECT okey FROM objects")).size(), 2'000u);
}

TEST_F(PostgresConnectionTest, ClassifiesWhatTheServerReports) {
  using enum StatusReason;
  const std::vector<std::pair<std::string, StatusReason>> cases = {
      {"57P01", kServiceUnavailable}, {"57P02", kServiceUnavailable},
      {"57P03", kServiceUnavailable}, {"53100", kServiceUnavailable},
      {"53200", kServiceUnavailable}, {"53300", kServiceUnavailable},
      {"40001", kServiceUnavailable}, {"40P01", kServiceUnavailable},
      {"55P03", kServiceUnavailable}, {"25006", kServiceUnavailable},
      {"08006", kServiceUnavailable}, {"57014", kTimeout},
      {"23505", kInternalError},      {"22012", kInternalError},
      {"XX000", kInternalError}};
  for (const auto& [state, reason] : cases) {
    const std::unique_ptr<SqlConnection> connection = Connect();
    const Status status =
        connection
            ->Prepare("DO $$ BEGIN RAISE EXCEPTION 'so' USING ERRCODE='" + state + "'; END $$")
            .Run();
    EXPECT_THAT(status, FailsWith(reason, HasSubstr(""))) << state;
    const bool lasts = !state.starts_with("57P") && !state.starts_with("08") && state != "25006";
    EXPECT_EQ(connection->usable(), lasts) << state;
  }
}

TEST_F(PostgresConnectionTest, TakesFurtherErrorsAsRecoverable) {
  options_.recoverable_errors = {"22012"};
  const Result<std::unique_ptr<Database>> database = MakePostgresDatabase(options_);
  const Result<std::unique_ptr<SqlConnection>> connection =
      (*database)->Connect(Database::Role::kReader);
  ASSERT_THAT(connection, IsOk());
  EXPECT_THAT((*connection)->Prepare("SELECT 1/0").Run(),
              FailsWith(StatusReason::kServiceUnavailable, HasSubstr("")));
}

TEST_F(PostgresConnectionTest, NoticesThatTheServerEndedTheConnection) {
  const std::unique_ptr<SqlConnection> reader = Connect();
  ASSERT_THAT(reader->BeginRead(), IsOk());
  reader->Rollback();
  EXPECT_TRUE(reader->usable());
  Sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name='pedia' AND "
      "datname=current_database()");
  const auto give_up = Clock::now() + seconds(20);
  while (reader->usable()) {
    ASSERT_LT(Clock::now(), give_up);
    std::this_thread::sleep_for(milliseconds(5));
  }
  EXPECT_THAT(reader->BeginRead(), FailsWith(StatusReason::kServiceUnavailable, HasSubstr("")));
}

TEST_F(PostgresConnectionTest, AStatementOfATransactionThatEndedFails) {
  InsertObjects(100);
  const std::unique_ptr<SqlConnection> reader = Connect();
  ASSERT_THAT(reader->BeginRead(), IsOk());
  SqlStatement rows = reader->Prepare("SELECT id FROM objects ORDER BY id", RowCount::kUnbounded);
  ASSERT_TRUE(rows.Step());
  reader->Rollback();
  while (rows.Step()) {
  }
  EXPECT_THAT(rows.status(), Not(IsOk()));
  EXPECT_TRUE(reader->usable());
}

TEST(NumberPlaceholdersTest, LeavesQuotesAndCommentsAlone) {
  EXPECT_EQ(NumberPlaceholders("SELECT ?,'?''?',\"?\" FROM t -- ?\nWHERE a=? AND b IN (?,?)"),
            "SELECT $1,'?''?',\"?\" FROM t -- ?\nWHERE a=$2 AND b IN ($3,$4)");
  EXPECT_EQ(NumberPlaceholders("SELECT '?"), "SELECT '?");
  EXPECT_EQ(NumberPlaceholders("a--"), "a--");
}

}  // namespace
}  // namespace pedia::storage
