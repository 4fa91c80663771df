// What happens when a statement takes too long, or the server goes away.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "tests/storage/mysql_fixture.h"

namespace pedia::storage {
namespace {

using std::chrono::milliseconds;
using ::testing::AnyOf;
using ::testing::HasSubstr;
using Clock = std::chrono::steady_clock;
using testing::FailsWith;
using testing::IsOk;

constexpr char kEndless[] = "SELECT SLEEP(600)";
// As above, but the server is busy and sends rows.
constexpr char kEndlessRows[] =
    "SELECT a.seq FROM seq_1_to_1000 a JOIN seq_1_to_1000 b JOIN seq_1_to_1000 c JOIN "
    "seq_1_to_1000 d";

class MysqlFailureTest : public MysqlTest {
 protected:
  // Statements that the server is at, beside this one.
  std::string Running() {
    return Sql(
        "SELECT count(*) FROM information_schema.processlist WHERE info LIKE '%SLEEP(600)%' "
        "AND info NOT LIKE '%processlist%' AND db='" +
        options_.database + "'");
  }
};

TEST_F(MysqlFailureTest, EndsAStatementAtTheDeadline) {
  const auto connection = Connect();
  ASSERT_THAT(connection->BeginRead(), IsOk());
  connection->set_deadline(Clock::now() + milliseconds(200));
  SqlStatement endless = connection->Prepare(kEndless);
  EXPECT_FALSE(endless.Step());
  EXPECT_THAT(endless.status(), FailsWith(StatusReason::kTimeout, HasSubstr("too long")));
  EXPECT_EQ(Running(), "0\n");
  connection->Rollback();
  EXPECT_TRUE(connection->usable());
}

TEST_F(MysqlFailureTest, EndsAStatementWhenItIsCancelled) {
  const auto connection = Connect();
  ASSERT_THAT(connection->BeginRead(), IsOk());
  std::atomic<bool> cancelled = false;
  connection->set_cancelled([&] { return cancelled.load(); });
  std::jthread canceller([&] {
    testing::WaitUntil([&] { return Running() == "1\n"; }, "the statement to run");
    cancelled = true;
  });
  SqlStatement endless = connection->Prepare(kEndless);
  EXPECT_FALSE(endless.Step());
  EXPECT_THAT(endless.status(), FailsWith(StatusReason::kTimeout, HasSubstr("too long")));
  canceller.join();
  EXPECT_EQ(Running(), "0\n");
}

TEST_F(MysqlFailureTest, GoesOnWithAnotherQueryAfterOneThatWasEnded) {
  const auto connection = Connect();
  for (int i = 0; i < 5; ++i) {
    ASSERT_THAT(connection->BeginRead(), IsOk());
    connection->set_deadline(Clock::now() + milliseconds(60));
    SqlStatement endless = connection->Prepare(i % 2 == 0 ? kEndless : kEndlessRows);
    while (endless.Step()) {
    }
    ASSERT_THAT(endless.status(), FailsWith(StatusReason::kTimeout, HasSubstr("too long")));
    connection->Rollback();
    ASSERT_TRUE(connection->usable());
    connection->set_deadline(Clock::time_point::max());
    ASSERT_THAT(connection->BeginRead(), IsOk());
    SqlStatement one = connection->Prepare("SELECT 1");
    ASSERT_TRUE(one.Step());
    connection->Rollback();
  }
}

TEST_F(MysqlFailureTest, EndsAStreamAtTheDeadlineAlthoughRowsKeepComing) {
  const auto connection = Connect();
  ASSERT_THAT(connection->BeginRead(), IsOk());
  connection->set_deadline(Clock::now() + milliseconds(300));
  SqlStatement rows = connection->Prepare(kEndlessRows, RowCount::kUnbounded);
  while (rows.Step()) {
  }
  EXPECT_THAT(rows.status(), FailsWith(StatusReason::kTimeout, HasSubstr("too long")));
  rows.Reset();
  connection->Rollback();
  EXPECT_TRUE(connection->usable());
}

TEST_F(MysqlFailureTest, WaitsForTheWritersLockNoLongerThanTheDeadline) {
  const auto first = Connect();
  const auto second = Connect();
  ASSERT_THAT(first->BeginWrite(), IsOk());
  second->set_deadline(Clock::now() + milliseconds(200));
  EXPECT_THAT(second->BeginWrite(), FailsWith(StatusReason::kTimeout, HasSubstr("too long")));
  first->Rollback();
  second->set_deadline(Clock::time_point::max());
  EXPECT_THAT(second->BeginWrite(), IsOk());
}

TEST_F(MysqlFailureTest, TellsOfLocksThatAreNotGiven) {
  const auto first = Connect();
  const auto second = Connect();
  ASSERT_THAT(first->BeginWrite(), IsOk());
  ASSERT_THAT(second->Prepare("SET SESSION innodb_lock_wait_timeout=1").Run(), IsOk());
  EXPECT_THAT(second->BeginWrite(),
              FailsWith(StatusReason::kServiceUnavailable, HasSubstr("store")));
}

TEST_F(MysqlFailureTest, TellsOfDeadlocks) {
  FillBodies(1, 2, 10);
  const auto first = Connect();
  const auto second = Connect();
  const auto lock = [](SqlConnection& connection, int64_t id) {
    SqlStatement update = connection.Prepare("UPDATE bodies SET body='' WHERE id=?");
    return update.BindInt(id).Run();
  };
  ASSERT_THAT(first->Prepare("START TRANSACTION").Run(), IsOk());
  ASSERT_THAT(second->Prepare("START TRANSACTION").Run(), IsOk());
  ASSERT_THAT(lock(*first, 1), IsOk());
  ASSERT_THAT(lock(*second, 2), IsOk());
  Status one;
  std::jthread crosswise([&] { one = lock(*first, 2); });
  const Status other = lock(*second, 1);
  (one.ok() ? *second : *first).Rollback();
  crosswise.join();
  EXPECT_NE(one.ok(), other.ok());
  EXPECT_THAT(one.ok() ? other : one,
              FailsWith(StatusReason::kServiceUnavailable, HasSubstr("store")));
}

TEST_F(MysqlFailureTest, IsOfNoUseAfterTheServerHungUp) {
  const auto connection = Connect();
  ASSERT_TRUE(connection->usable());
  SqlStatement id = connection->Prepare("SELECT CONNECTION_ID()");
  ASSERT_TRUE(id.Step());
  Sql("KILL " + std::to_string(id.Int(0)));
  id.Reset();
  testing::WaitUntil([&] { return !connection->usable(); }, "the connection to end");
  SqlStatement one = connection->Prepare("SELECT 1");
  EXPECT_FALSE(one.Step());
  EXPECT_THAT(one.status(), FailsWith(StatusReason::kServiceUnavailable, HasSubstr("store")));
  EXPECT_THAT(connection->BeginRead(),
              FailsWith(StatusReason::kServiceUnavailable, HasSubstr("store")));
  connection->Rollback();
  EXPECT_FALSE(connection->usable());
}

// --- With a server of its own, which is killed and frozen.

class MysqlOutageTest : public ::testing::Test {
 protected:
  static testing::MariadbServer& Server() {
    static testing::MariadbServer server;
    server.Start();
    return server;
  }
  MysqlOutageTest() : server_(Server()), options_(server_.CreateDatabase()) {
    database_ = *MakeMysqlDatabase(options_);
    EXPECT_THAT(database_->Migrate(), IsOk());
  }
  ~MysqlOutageTest() override {
    server_.Thaw();
    server_.Start();
    server_.Sql("", "SET GLOBAL read_only=0,max_connections=151");
  }

  testing::MariadbServer& server_;
  ServerOptions options_;
  std::unique_ptr<Database> database_;
};

TEST_F(MysqlOutageTest, IsUnavailableUntilTheServerIsBack) {
  auto writer = *database_->Connect(Database::Role::kWriter);
  ASSERT_THAT(writer->BeginWrite(), IsOk());
  ASSERT_THAT(writer->Prepare("UPDATE meta SET revision=3").Run(), IsOk());
  ASSERT_THAT(writer->Commit(), IsOk());
  ASSERT_THAT(writer->BeginWrite(), IsOk());
  ASSERT_THAT(writer->Prepare("UPDATE meta SET revision=4").Run(), IsOk());
  server_.Kill();
  EXPECT_THAT(writer->Commit(), FailsWith(StatusReason::kServiceUnavailable, HasSubstr("store")));
  EXPECT_FALSE(writer->usable());
  EXPECT_THAT(database_->Connect(Database::Role::kWriter),
              FailsWith(StatusReason::kServiceUnavailable, HasSubstr("mysql://127.0.0.1")));
  EXPECT_THAT(database_->Migrate(),
              FailsWith(StatusReason::kServiceUnavailable, HasSubstr("cannot be used")));
  server_.Start();
  writer = *database_->Connect(Database::Role::kWriter);
  const Result<StoreState> state = writer->BeginWrite();
  ASSERT_THAT(state, IsOk());
  EXPECT_EQ(state->revision, 3);
}

TEST_F(MysqlOutageTest, ComesBackFromAFrozenServerAtTheDeadline) {
  const auto connection = *database_->Connect(Database::Role::kReader);
  ASSERT_THAT(connection->BeginRead(), IsOk());
  server_.Freeze();
  connection->set_deadline(Clock::now() + milliseconds(200));
  SqlStatement read = connection->Prepare("SELECT count(*) FROM bodies");
  EXPECT_FALSE(read.Step());
  EXPECT_THAT(read.status(), FailsWith(StatusReason::kTimeout, HasSubstr("too long")));
  connection->Rollback();
  EXPECT_FALSE(connection->usable());
  options_.connect_timeout = milliseconds(500);
  EXPECT_THAT((*MakeMysqlDatabase(options_))->Connect(Database::Role::kReader),
              FailsWith(StatusReason::kServiceUnavailable, HasSubstr("cannot be used")));
}

TEST_F(MysqlOutageTest, ComesBackFromAServerThatFreezesWithinAStream) {
  {
    const auto writer = *database_->Connect(Database::Role::kWriter);
    const std::string body(1'000'000, 'b');
    for (int64_t id = 1; id <= 40; ++id) {
      const SqlParameter row[] = {id, BlobView{"e"}, BlobView{body}};
      ASSERT_THAT(writer->Insert(kBodiesTable, row), IsOk());
    }
  }
  const auto connection = *database_->Connect(Database::Role::kReader);
  ASSERT_THAT(connection->BeginRead(), IsOk());
  {
    SqlStatement rows = connection->Prepare("SELECT body FROM bodies", RowCount::kUnbounded);
    ASSERT_TRUE(rows.Step());
    server_.Freeze();
    connection->set_deadline(Clock::now() + milliseconds(200));
    while (rows.Step()) {
    }
    EXPECT_THAT(rows.status(), FailsWith(StatusReason::kTimeout, HasSubstr("too long")));
  }
  connection->Rollback();
  EXPECT_FALSE(connection->usable());
}

TEST_F(MysqlOutageTest, GivesUpAServerThatIsSilentWithoutADeadline) {
  options_.params["readTimeout"] = "300ms";
  database_ = *MakeMysqlDatabase(options_);
  const auto connection = *database_->Connect(Database::Role::kWriter);
  server_.Freeze();
  EXPECT_THAT(connection->BeginWrite(),
              FailsWith(StatusReason::kServiceUnavailable, HasSubstr("store")));
  EXPECT_FALSE(connection->usable());
}

TEST_F(MysqlOutageTest, LeavesAReadOnlyServerForTheNextPrimary) {
  const auto writer = *database_->Connect(Database::Role::kWriter);
  server_.Sql("", "CREATE USER plain@'%'; GRANT SELECT,UPDATE ON *.* TO plain@'%'");
  options_.user = "plain";
  database_ = *MakeMysqlDatabase(options_);
  const auto plain = *database_->Connect(Database::Role::kWriter);
  server_.Sql("", "SET GLOBAL read_only=1");
  EXPECT_THAT(plain->BeginWrite(),
              FailsWith(StatusReason::kServiceUnavailable, HasSubstr("store")));
  plain->Rollback();
  EXPECT_FALSE(plain->usable());
  EXPECT_THAT(database_->Connect(Database::Role::kWriter),
              FailsWith(StatusReason::kServiceUnavailable, HasSubstr("read-only")));
  EXPECT_THAT(database_->Connect(Database::Role::kReader), IsOk());
}

TEST_F(MysqlOutageTest, IsUnavailableWhenThereAreTooManyConnections) {
  server_.Sql("", "SET GLOBAL max_connections=10");
  std::vector<std::unique_ptr<SqlConnection>> connections;
  Status status;
  for (int i = 0; i < 20 && status.ok(); ++i) {
    auto connection = database_->Connect(Database::Role::kReader);
    if (!connection.ok()) status = connection.status();
    if (connection.ok()) connections.push_back(*std::move(connection));
  }
  connections.clear();
  EXPECT_THAT(status, FailsWith(StatusReason::kServiceUnavailable, HasSubstr("1040")));
}

}  // namespace
}  // namespace pedia::storage
