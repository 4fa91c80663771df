// What becomes of connections when the server stops, freezes or is full.
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <thread>

#include "storage/postgres_database.h"
#include "tests/testing/database_servers.h"
#include "tests/testing/matchers.h"

namespace pedia::storage {
namespace {

using pedia::testing::FailsWith;
using pedia::testing::IsOk;
using pedia::testing::PostgresServer;
using ::testing::HasSubstr;
using ::testing::Not;
using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;
using std::chrono::seconds;
using enum Database::Role;
using enum StatusReason;

class PostgresFailureTest : public ::testing::Test {
 protected:
  void Start(const std::map<std::string, std::string>& settings = {}) {
    pedia::testing::DatabaseServerSettings all;
    all.more = settings;
    server_ = std::make_unique<PostgresServer>(all);
    options_ = server_->CreateDatabase();
    options_.connect_timeout = seconds(5);
    Result<std::unique_ptr<Database>> database = MakePostgresDatabase(options_);
    ASSERT_THAT(database, IsOk());
    database_ = *std::move(database);
    ASSERT_THAT(database_->Migrate(), IsOk());
  }
  std::unique_ptr<SqlConnection> Connect(Database::Role role) {
    Result<std::unique_ptr<SqlConnection>> connection = database_->Connect(role);
    EXPECT_THAT(connection, IsOk());
    return *std::move(connection);
  }

  std::unique_ptr<PostgresServer> server_;
  ServerOptions options_;
  std::unique_ptr<Database> database_;
};

TEST_F(PostgresFailureTest, ACrashOfTheServerEndsConnectionsAndNewOnesWork) {
  Start();
  const std::unique_ptr<SqlConnection> writer = Connect(kWriter);
  const std::unique_ptr<SqlConnection> reader = Connect(kReader);
  const std::unique_ptr<SqlConnection> idle = Connect(kReader);
  ASSERT_THAT(idle->BeginRead(), IsOk());
  idle->Rollback();
  ASSERT_THAT(writer->BeginWrite(), IsOk());
  ASSERT_THAT(writer->Prepare("UPDATE meta SET revision=9").Run(), IsOk());
  ASSERT_THAT(reader->BeginRead(), IsOk());
  SqlStatement rows =
      reader->Prepare("SELECT g FROM generate_series(1,10000000) g", RowCount::kUnbounded);
  ASSERT_TRUE(rows.Step());
  server_->Kill();
  EXPECT_THAT(writer->Commit(), FailsWith(kServiceUnavailable, HasSubstr("store")));
  while (rows.Step()) {
  }
  EXPECT_THAT(rows.status(), FailsWith(kServiceUnavailable, HasSubstr("store")));
  reader->Rollback();
  EXPECT_FALSE(writer->usable());
  EXPECT_FALSE(reader->usable());
  EXPECT_FALSE(idle->usable());
  EXPECT_THAT(database_->Connect(kReader), FailsWith(kServiceUnavailable, HasSubstr("refused")));
  server_->Start();
  const Result<StoreState> state = Connect(kWriter)->BeginWrite();
  ASSERT_THAT(state, IsOk());
  EXPECT_EQ(state->revision, 0);
}

TEST_F(PostgresFailureTest, AStopInOrderIsNoticedToo) {
  Start();
  const std::unique_ptr<SqlConnection> reader = Connect(kReader);
  ASSERT_THAT(reader->BeginRead(), IsOk());
  server_->Restart();
  EXPECT_THAT(reader->Prepare("SELECT 1").Run(), FailsWith(kServiceUnavailable, HasSubstr("")));
  EXPECT_FALSE(reader->usable());
  EXPECT_THAT(Connect(kReader)->BeginRead(), IsOk());
}

TEST_F(PostgresFailureTest, AFrozenServerIsWaitedForUntilTheDeadline) {
  Start();
  const std::unique_ptr<SqlConnection> reader = Connect(kReader);
  const std::unique_ptr<SqlConnection> patient = Connect(kReader);
  ASSERT_THAT(reader->BeginRead(), IsOk());
  ASSERT_THAT(patient->BeginRead(), IsOk());
  server_->Freeze();
  reader->set_deadline(Clock::now() + milliseconds(200));
  EXPECT_THAT(reader->Prepare("SELECT 1").Run(), FailsWith(kTimeout, HasSubstr("")));
  reader->Rollback();
  EXPECT_FALSE(reader->usable());
  std::thread thaw([this] {
    std::this_thread::sleep_for(milliseconds(100));
    server_->Thaw();
  });
  EXPECT_THAT(patient->Prepare("SELECT 1").Run(), IsOk());
  patient->Rollback();
  EXPECT_TRUE(patient->usable());
  thaw.join();
}

TEST_F(PostgresFailureTest, MoreConnectionsThanTheServerTakes) {
  Start({{"max_connections", "8"}, {"superuser_reserved_connections", "0"}});
  std::vector<std::unique_ptr<SqlConnection>> connections;
  Status refused;
  while (refused.ok()) {
    ASSERT_LT(connections.size(), 20u);
    Result<std::unique_ptr<SqlConnection>> connection = database_->Connect(kReader);
    refused = pedia::testing::ToStatus(connection);
    if (connection.ok()) connections.push_back(*std::move(connection));
  }
  EXPECT_THAT(refused, FailsWith(kServiceUnavailable, HasSubstr("too many")));
}

TEST_F(PostgresFailureTest, AWriterThatMayOnlyReadIsOfNoUse) {
  Start();
  const std::unique_ptr<SqlConnection> writer = Connect(kWriter);
  ASSERT_THAT(writer->Prepare("SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY").Run(),
              IsOk());
  EXPECT_THAT(writer->Prepare("UPDATE meta SET revision=9").Run(),
              FailsWith(kServiceUnavailable, HasSubstr("")));
  EXPECT_FALSE(writer->usable());
}

TEST_F(PostgresFailureTest, OneOfTwoThatWaitForEachOtherMayTryAgain) {
  Start({{"deadlock_timeout", "50ms"}});
  const std::unique_ptr<SqlConnection> one = Connect(kWriter);
  const std::unique_ptr<SqlConnection> other = Connect(kReader);
  ASSERT_THAT(one->Prepare("INSERT INTO clusters VALUES('a','1'),('b','1')").Run(), IsOk());
  // Transactions without the lock of the state.
  ASSERT_THAT(one->Prepare("BEGIN").Run(), IsOk());
  ASSERT_THAT(other->Prepare("BEGIN").Run(), IsOk());
  ASSERT_THAT(one->Prepare("UPDATE clusters SET document='2' WHERE cluster='a'").Run(), IsOk());
  ASSERT_THAT(other->Prepare("UPDATE clusters SET document='2' WHERE cluster='b'").Run(), IsOk());
  Status first;
  std::thread waiting(
      [&] { first = one->Prepare("UPDATE clusters SET document='3' WHERE cluster='b'").Run(); });
  const Status second = other->Prepare("UPDATE clusters SET document='3' WHERE cluster='a'").Run();
  if (!second.ok()) {
    EXPECT_THAT(other->Prepare("ROLLBACK").Run(), IsOk());
  }
  waiting.join();
  EXPECT_NE(first.ok(), second.ok());
  EXPECT_THAT(first.ok() ? second : first, FailsWith(kServiceUnavailable, HasSubstr("")));
  EXPECT_TRUE(one->usable());
  EXPECT_TRUE(other->usable());
}

}  // namespace
}  // namespace pedia::storage
