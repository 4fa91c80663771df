#include "storage/postgres_cursor.h"

#include <chrono>
#include <fstream>
#include <thread>

#include "tests/storage/postgres_fixture.h"

namespace pedia::storage {
namespace {

using pedia::testing::FailsWith;
using pedia::testing::IsOk;
using ::testing::HasSubstr;
using ::testing::Not;
using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;
using std::chrono::seconds;

class PostgresCursorTest : public PostgresTest {
 protected:
  // Whether the server gives up what is recognized by `text` in time.
  bool NobodyExecutes(const std::string& text) {
    const std::string count =
        "SELECT count(*) FROM pg_stat_activity WHERE pid<>pg_backend_pid() AND query LIKE '%" +
        text + "%'";
    const auto give_up = Clock::now() + seconds(30);
    while (Sql(count) != "0\n") {
      if (Clock::now() > give_up) return false;
      std::this_thread::sleep_for(milliseconds(20));
    }
    return true;
  }
};

int64_t PeakKib() {
  std::ifstream file("/proc/self/status");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("VmHWM:")) return std::stoll(line.substr(6));
  }
  return 0;
}

TEST_F(PostgresCursorTest, ReadsSeveralStatementsHalfwayAtTheSameTime) {
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

TEST_F(PostgresCursorTest, RunsAStatementAgainAfterReset) {
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

TEST_F(PostgresCursorTest, MemoryDoesNotGrowWithUnboundedRows) {
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
  EXPECT_LT(PeakKib() - before, 40 * 1024);
}

TEST_F(PostgresCursorTest, EndsAStatementAtItsDeadline) {
  const std::unique_ptr<SqlConnection> reader = Connect();
  ASSERT_THAT(reader->BeginRead(), IsOk());
  reader->set_deadline(Clock::now() + milliseconds(200));
  SqlStatement slow = reader->Prepare("SELECT 1,pg_sleep(600)");
  EXPECT_FALSE(slow.Step());
  EXPECT_THAT(slow.status(), FailsWith(StatusReason::kTimeout, HasSubstr("too long")));
  EXPECT_FALSE(reader->usable());
  reader->Rollback();
  // The server stops working for nobody.
  EXPECT_TRUE(NobodyExecutes("pg_sleep(600)"));
}

TEST_F(PostgresCursorTest, EndsAStatementThatIsCancelled) {
  const std::unique_ptr<SqlConnection> reader = Connect();
  ASSERT_THAT(reader->BeginRead(), IsOk());
  int asked = 0;
  reader->set_cancelled([&] { return ++asked > 2; });
  SqlStatement slow = reader->Prepare("SELECT pg_sleep(600)", RowCount::kUnbounded);
  EXPECT_FALSE(slow.Step());
  EXPECT_THAT(slow.status(), FailsWith(StatusReason::kTimeout, HasSubstr("too long")));
}

TEST_F(PostgresCursorTest, EndsRowsThatNeverEnd) {
  ASSERT_THAT(writer_->BeginRead(), IsOk());
  writer_->set_deadline(Clock::now() + milliseconds(100));
  SqlStatement rows =
      writer_->Prepare("SELECT g FROM generate_series(1,1000000000000) g", RowCount::kUnbounded);
  while (rows.Step()) {
  }
  EXPECT_THAT(rows.status(), FailsWith(StatusReason::kTimeout, HasSubstr("too long")));
}

TEST_F(PostgresCursorTest, ATransactionEndsWithoutWaitingForWhatNobodyReads) {
  const std::unique_ptr<SqlConnection> reader = Connect();
  ASSERT_THAT(reader->BeginRead(), IsOk());
  {
    // What comes behind the first two batches would take for ever.
    SqlStatement rows = reader->Prepare(
        "SELECT g FROM generate_series(1,100) g WHERE g<=40 OR length(pg_sleep(599)::text)>=0",
        RowCount::kUnbounded);
    for (int i = 0; i < 9; ++i) ASSERT_TRUE(rows.Step());
  }
  reader->Rollback();
  EXPECT_FALSE(reader->usable());
  EXPECT_TRUE(NobodyExecutes("pg_sleep(599)"));
}

TEST_F(PostgresCursorTest, AbandonedRowsAreOutOfTheWayOfTheNextTransaction) {
  InsertObjects(2'000);
  std::unique_ptr<SqlConnection> reader = Connect();
  int kept = 0;  // A server that is slow to end its rows costs the connection.
  for (int i = 0; i < 20; ++i) {
    ASSERT_THAT(reader->BeginRead(), IsOk());
    SqlStatement all = reader->Prepare("SELECT id FROM objects ORDER BY id", RowCount::kUnbounded);
    for (int row = 0; row < i * 5; ++row) ASSERT_TRUE(all.Step());
    SqlStatement page =
        reader->Prepare("SELECT id FROM objects ORDER BY id LIMIT ?", RowCount::kUnbounded);
    ASSERT_TRUE(page.BindInt(400).Step());
    reader->Rollback();
    kept += reader->usable() ? 1 : 0;
    all.Reset();
    page.Reset();
    if (!reader->usable()) reader = Connect();
  }
  EXPECT_GT(kept, 0);
  ASSERT_THAT(reader->BeginRead(), IsOk());
  EXPECT_EQ(Rows(reader->Prepare("SELECT okey FROM objects")).size(), 2'000u);
}

TEST_F(PostgresCursorTest, AStatementOfATransactionThatEndedFails) {
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

}  // namespace
}  // namespace pedia::storage

// AddressSanitizer holds back what was freed, 256 MB of it unless told otherwise.
extern "C" const char* __asan_default_options();
extern "C" const char* __asan_default_options() { return "quarantine_size_mb=8"; }
