// Transactions whose state is not waited for, and those of one statement.
#include <atomic>
#include <chrono>
#include <future>
#include <thread>

#include "storage/postgres_connection.h"
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

constexpr std::string_view kOkeys = "SELECT okey FROM objects ORDER BY id LIMIT ?";

class PostgresTransactionTest : public PostgresTest {
 protected:
  bool Eventually(const std::string& count, const std::string& wanted) {
    const auto give_up = Clock::now() + seconds(30);
    while (Sql(count) != wanted + "\n") {
      if (Clock::now() > give_up) return false;
      std::this_thread::sleep_for(milliseconds(10));
    }
    return true;
  }
  // Nobody reads `objects` until the writer's transaction ends.
  void LockObjects() {
    ASSERT_THAT(writer_->BeginWrite(), IsOk());
    ASSERT_THAT(writer_->Prepare("LOCK TABLE objects IN ACCESS EXCLUSIVE MODE").Run(), IsOk());
  }
  bool SomebodyWaits() {
    return Eventually(
        "SELECT count(*) FROM pg_locks WHERE NOT granted AND database="
        "(SELECT oid FROM pg_database WHERE datname=current_database())",
        "1");
  }
  int64_t Transactions() {
    return std::stoll(
        Sql("SELECT count(*) FROM pg_stat_activity WHERE datname=current_database() AND "
            "state LIKE 'idle in transaction%'"));
  }
  // In another thread, to the first row. `one`: by the only statement of its transaction.
  static std::future<Status> ReadElsewhere(SqlConnection& reader, bool one) {
    return std::async(std::launch::async, [&reader, one] {
      reader.StartRead();
      if (one) reader.ExpectOneStatement();
      SqlStatement rows = reader.Prepare(kOkeys);
      rows.BindInt(10);
      (void)rows.Step();
      return rows.status();
    });
  }
  static std::vector<std::string> Okeys(SqlConnection& reader) {
    SqlStatement rows = reader.Prepare(kOkeys);
    rows.BindInt(10);
    return Rows(std::move(rows));
  }
};

TEST_F(PostgresTransactionTest, StatementsRunBeforeTheStateIsRead) {
  InsertObjects(2);
  const std::unique_ptr<SqlConnection> reader = Connect();
  reader->StartRead();
  EXPECT_THAT(Okeys(*reader), ElementsAre("o0000001", "o0000002"));
  Sql("DELETE FROM objects");
  Sql("UPDATE meta SET revision=77");
  EXPECT_THAT(Okeys(*reader), ElementsAre("o0000001", "o0000002"));
  const Result<StoreState> state = reader->ReadState();
  ASSERT_THAT(state, IsOk());
  EXPECT_LT(state->revision, 77);
  EXPECT_EQ(reader->ReadState()->revision, state->revision);
  reader->Rollback();
  EXPECT_EQ(reader->BeginRead()->revision, 77);
}

TEST_F(PostgresTransactionTest, ReadsWithACursorBeforeTheStateIsRead) {
  InsertObjects(2'000);
  const std::unique_ptr<SqlConnection> reader = Connect();
  reader->StartRead();
  EXPECT_EQ(
      Rows(reader->Prepare("SELECT okey FROM objects ORDER BY id", RowCount::kUnbounded)).size(),
      2'000U);
  EXPECT_THAT(reader->ReadState(), IsOk());
}

TEST_F(PostgresTransactionTest, NothingIsBegunIfNothingIsRun) {
  const std::unique_ptr<SqlConnection> reader = Connect();
  for (const bool one : {false, true}) {
    reader->StartRead();
    if (one) reader->ExpectOneStatement();
    reader->Rollback();
    EXPECT_TRUE(reader->usable());
    EXPECT_EQ(Transactions(), 0);
  }
  EXPECT_THAT(reader->BeginRead(), IsOk());
  EXPECT_EQ(Transactions(), 1);
}

TEST_F(PostgresTransactionTest, ATransactionOfOneStatementEndsWithIt) {
  InsertObjects(2);
  const std::unique_ptr<SqlConnection> reader = Connect();
  for (int round = 0; round < 3; ++round) {
    reader->StartRead();
    reader->ExpectOneStatement();
    EXPECT_THAT(Okeys(*reader), ElementsAre("o0000001", "o0000002"));
    EXPECT_THAT(reader->ReadState(), IsOk());
    EXPECT_EQ(Transactions(), 0);
    reader->Rollback();
    EXPECT_TRUE(reader->usable());
  }
}

TEST_F(PostgresTransactionTest, OneStatementSeesTheSnapshotOfItsState) {
  InsertObjects(1);
  const std::unique_ptr<SqlConnection> reader = Connect();
  EXPECT_THAT(Okeys(*reader), ElementsAre("o0000001"));  // Prepared: it only waits when it runs.
  LockObjects();
  auto read = std::async(std::launch::async, [&] {
    reader->StartRead();
    reader->ExpectOneStatement();
    return Okeys(*reader);
  });
  EXPECT_TRUE(SomebodyWaits());
  EXPECT_THAT(writer_->Prepare("UPDATE objects SET okey='changed'").Run(), IsOk());
  EXPECT_THAT(writer_->Prepare("UPDATE meta SET revision=77").Run(), IsOk());
  EXPECT_THAT(writer_->Commit(), IsOk());
  EXPECT_THAT(read.get(), ElementsAre("o0000001"));
  EXPECT_NE(reader->ReadState()->revision, 77);
}

TEST_F(PostgresTransactionTest, AFailedStatementLeavesAConnectionThatWorks) {
  InsertObjects(1);
  const std::unique_ptr<SqlConnection> reader = Connect();
  for (const bool one : {false, true}) {
    reader->StartRead();
    if (one) reader->ExpectOneStatement();
    EXPECT_THAT(reader->Prepare("SELECT 1/(id-id) FROM objects").Run(), Not(IsOk()));
    EXPECT_THAT(reader->ReadState(), IsOk());
    reader->Rollback();
    EXPECT_TRUE(reader->usable());
    reader->StartRead();
    EXPECT_THAT(Okeys(*reader), ElementsAre("o0000001"));
    EXPECT_THAT(reader->ReadState(), IsOk());
    reader->Rollback();
  }
}

TEST_F(PostgresTransactionTest, AStateThatCannotBeReadFailsWhatWasSentWithIt) {
  InsertObjects(1);
  const std::unique_ptr<SqlConnection> reader = Connect();
  for (const char* change : {"DELETE FROM meta", "ALTER TABLE meta RENAME TO meta_2"}) {
    Sql(change);
    for (const bool one : {false, true}) {
      reader->StartRead();
      if (one) reader->ExpectOneStatement();
      SqlStatement rows = reader->Prepare(kOkeys);
      rows.BindInt(10);
      (void)rows.Step();
      EXPECT_THAT(reader->ReadState(), Not(IsOk()));
      rows.Reset();
      reader->Rollback();
      EXPECT_TRUE(reader->usable());
    }
  }
}

TEST_F(PostgresTransactionTest, AConnectionThatIsLostFailsBothAndIsNotUsedAgain) {
  for (const bool one : {false, true}) {
    const std::unique_ptr<SqlConnection> reader = Connect();
    EXPECT_THAT(Okeys(*reader), ElementsAre());
    LockObjects();
    std::future<Status> read = ReadElsewhere(*reader, one);
    EXPECT_TRUE(SomebodyWaits());
    Sql("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE NOT granted");
    EXPECT_THAT(read.get(), FailsWith(StatusReason::kServiceUnavailable, HasSubstr("")));
    reader->Rollback();
    EXPECT_FALSE(reader->usable());
    EXPECT_THAT(reader->BeginRead(), Not(IsOk()));
    writer_->Rollback();
  }
}

TEST_F(PostgresTransactionTest, ACancelledStatementEnds) {
  for (const bool one : {false, true}) {
    const std::unique_ptr<SqlConnection> reader = Connect();
    EXPECT_THAT(Okeys(*reader), ElementsAre());
    LockObjects();
    std::atomic<bool> cancelled = false;
    reader->set_cancelled([&] { return cancelled.load(); });
    std::future<Status> read = ReadElsewhere(*reader, one);
    EXPECT_TRUE(SomebodyWaits());
    cancelled = true;
    EXPECT_THAT(read.get(), FailsWith(StatusReason::kTimeout, HasSubstr("")));
    EXPECT_FALSE(reader->usable());
    EXPECT_TRUE(Eventually("SELECT count(*) FROM pg_locks WHERE NOT granted", "0"));
    writer_->Rollback();
  }
}

TEST_F(PostgresTransactionTest, RowsOfOneStatementThatAreGivenUpDoNotReachTheNextOne) {
  InsertObjects(500);
  const std::unique_ptr<SqlConnection> reader = Connect();
  for (int round = 0; round < 3; ++round) {
    reader->StartRead();
    reader->ExpectOneStatement();
    {
      SqlStatement rows = reader->Prepare(kOkeys);
      rows.BindInt(400);
      ASSERT_TRUE(rows.Step());
      EXPECT_EQ(rows.Text(0), "o0000001");
    }
    EXPECT_THAT(reader->ReadState(), IsOk());
    reader->Rollback();
    EXPECT_TRUE(reader->usable());
  }
}

TEST_F(PostgresTransactionTest, TheOnlyStatementReadsManyRowsWithoutACursorOfTheServer) {
  InsertObjects(5'000);
  const std::unique_ptr<SqlConnection> reader = Connect();
  for (int round = 0; round < 2; ++round) {
    reader->StartRead();
    reader->ExpectOneStatement();
    SqlStatement rows =
        reader->Prepare("SELECT okey FROM objects ORDER BY id", RowCount::kUnbounded);
    ASSERT_TRUE(rows.Step());
    EXPECT_THAT(reader->ReadState(), IsOk());
    EXPECT_EQ(Sql("SELECT count(*) FROM pg_stat_activity WHERE datname=current_database() AND "
                  "pid<>pg_backend_pid() AND (query LIKE 'FETCH%' OR query LIKE 'DECLARE%')"),
              "0\n");
    int64_t count = 1;
    while (rows.Step()) ++count;
    EXPECT_THAT(rows.status(), IsOk());
    EXPECT_EQ(count, 5'000);
    reader->Rollback();
    EXPECT_TRUE(reader->usable());
  }
}

TEST_F(PostgresTransactionTest, AManyRowedStatementThatIsGivenUpEndsOnTheServerSoon) {
  InsertObjects(1'000);
  const std::unique_ptr<SqlConnection> reader = Connect();
  reader->StartRead();
  reader->ExpectOneStatement();
  {
    SqlStatement rows =
        reader->Prepare("SELECT a.okey,a.okey,a.okey,b.okey FROM objects a, objects b, objects c",
                        RowCount::kUnbounded);
    ASSERT_TRUE(rows.Step());
  }
  EXPECT_THAT(reader->ReadState(), IsOk());
  reader->Rollback();
  EXPECT_FALSE(reader->usable());
  EXPECT_TRUE(Eventually(
      "SELECT count(*) FROM pg_stat_activity WHERE pid<>pg_backend_pid() AND query LIKE '%a.okey%'",
      "0"));
}

}  // namespace
}  // namespace pedia::storage
