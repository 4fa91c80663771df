#include "storage/postgres_connection.h"

#include <chrono>
#include <limits>
#include <thread>

#include "meta/log.h"
#include "meta/trace_context.h"
#include "tests/storage/postgres_fixture.h"

namespace pedia::storage {
namespace {

using pedia::testing::FailsWith;
using pedia::testing::IsOk;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;
using std::chrono::seconds;

using PostgresConnectionTest = PostgresTest;

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

TEST_F(PostgresConnectionTest, NamesASampledTraceInItsStatements) {
  constexpr char kQuery[] = "SELECT query FROM pg_stat_activity WHERE pid=pg_backend_pid() LIMIT ?";
  const auto ask = [&] {
    SqlStatement statement = writer_->Prepare(kQuery);
    statement.BindInt(1);
    EXPECT_TRUE(statement.Step()) << statement.status().ToString();
    return std::string(statement.Text(0));
  };
  const std::string plain = ask();
  EXPECT_THAT(plain, HasSubstr("LIMIT $1"));
  {
    const TraceScope trace("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
    EXPECT_EQ(ask(), plain +
                         " /*traceparent='00-0af7651916cd43dd8448eb211c80319c-"
                         "b7ad6b7169203331-01'*/");
  }
  EXPECT_EQ(ask(), plain);
  const TraceScope unsampled("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00");
  EXPECT_EQ(ask(), plain);
}

TEST_F(PostgresConnectionTest, ReadsBodiesInASampledTrace) {
  const TraceScope trace("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
  InsertObjects(0);
  Sql("INSERT INTO bodies(id,entries,body) VALUES(7,'e','b')");
  std::vector<std::string> bodies;
  EXPECT_THAT(writer_->ReadBodies(std::vector<int64_t>{7}, &bodies), IsOk());
  EXPECT_THAT(bodies, ElementsAre("b"));
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
      "next_object=11,next_dictionary=12,epoch=13,epoch_after=14");
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
  EXPECT_EQ(state->epoch, 13);
  EXPECT_EQ(state->epoch_after, 14);
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

TEST(NumberPlaceholdersTest, LeavesQuotesAndCommentsAlone) {
  EXPECT_EQ(NumberPlaceholders("SELECT ?,'?''?',\"?\" FROM t -- ?\nWHERE a=? AND b IN (?,?)"),
            "SELECT $1,'?''?',\"?\" FROM t -- ?\nWHERE a=$2 AND b IN ($3,$4)");
  EXPECT_EQ(NumberPlaceholders("SELECT '?"), "SELECT '?");
  EXPECT_EQ(NumberPlaceholders("a--"), "a--");
}

}  // namespace
}  // namespace pedia::storage
