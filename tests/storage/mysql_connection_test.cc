// Statements, rows and transactions on MariaDB.
#include "storage/mysql_connection.h"

#include <gtest/gtest.h>

#include <fstream>
#include <optional>
#include <thread>

#include "meta/trace_context.h"
#include "tests/storage/mysql_fixture.h"

namespace pedia::storage {
namespace {

using ::testing::ElementsAre;
using testing::FailsWith;
using ::testing::HasSubstr;
using testing::IsOk;
using ::testing::Not;

int64_t ResidentKib() {
  std::ifstream file("/proc/self/statm");
  int64_t all = 0;
  int64_t resident = 0;
  file >> all >> resident;
  return resident * 4;
}

class MysqlConnectionTest : public MysqlTest {};

TEST_F(MysqlConnectionTest, GivesNumbersTextsAndNullsAsTheyWereBound) {
  const auto connection = Connect();
  SqlStatement row = connection->Prepare(
      "SELECT CAST(? AS SIGNED),CAST(? AS BINARY),CAST(? AS SIGNED),CAST(? AS BINARY)");
  row.BindInt(INT64_MIN).BindText("text").BindNull().BindBlob("");
  ASSERT_TRUE(row.Step());
  EXPECT_EQ(row.Int(0), INT64_MIN);
  EXPECT_EQ(row.Text(1), "text");
  EXPECT_TRUE(row.IsNull(2));
  EXPECT_EQ(row.Int(2), 0);
  EXPECT_FALSE(row.IsNull(3));
  EXPECT_EQ(row.Text(3), "");
  EXPECT_EQ(row.Value(0), SqlValue(INT64_MIN));
  EXPECT_EQ(row.Value(1), SqlValue("text"));
  EXPECT_EQ(row.Value(2), SqlValue());
  EXPECT_FALSE(row.Step());
  EXPECT_TRUE(row.ok());
}

TEST_F(MysqlConnectionTest, NamesASampledTraceInItsStatements) {
  const auto connection = Connect();
  const auto ask = [&] {
    SqlStatement statement = connection->Prepare(
        "SELECT info FROM information_schema.processlist WHERE id=CONNECTION_ID()");
    EXPECT_TRUE(statement.Step()) << statement.status().ToString();
    return std::string(statement.Text(0));
  };
  const std::string plain = ask();
  EXPECT_THAT(plain, ::testing::EndsWith("CONNECTION_ID()"));
  {
    const TraceScope trace("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
    EXPECT_EQ(ask(), plain +
                         " /*traceparent='00-0af7651916cd43dd8448eb211c80319c-"
                         "b7ad6b7169203331-01'*/");
  }
  EXPECT_EQ(ask(), plain);
}

TEST_F(MysqlConnectionTest, StoresAnyBytesOfAnyLength) {
  std::string all;
  for (int c = 0; c < 256; ++c) all += static_cast<char>(c);
  const std::string values[] = {"",     std::string(1, '\0'),        "'\\'\"; DROP TABLE bodies",
                                all,    "\xff\xfe\xc0\x80",          std::string(65'536, '\xee'),
                                "end ", std::string(1'000'001, '\0')};
  for (const bool arrays : {true, false}) {
    const auto connection = ConnectBy(arrays);
    ASSERT_THAT(connection->BeginWrite(), IsOk());
    std::vector<SqlParameter> rows;
    int64_t id = 0;
    for (const std::string& value : values)
      rows.insert(rows.end(), {++id, BlobView{value}, BlobView{value}});
    ASSERT_THAT(connection->Insert(kBodiesTable, rows), IsOk());
    for (const RowCount count : {RowCount::kFew, RowCount::kUnbounded}) {
      SqlStatement read = connection->Prepare("SELECT body,entries FROM bodies ORDER BY id", count);
      for (const std::string& value : values) {
        ASSERT_TRUE(read.Step());
        EXPECT_TRUE(read.Text(0) == value) << value.size();
        EXPECT_TRUE(read.Text(1) == value) << value.size();
      }
      EXPECT_FALSE(read.Step());
      EXPECT_TRUE(read.ok());
    }
    connection->Rollback();
  }
}

TEST_F(MysqlConnectionTest, ComparesTextsByTheirBytes) {
  const auto connection = Connect();
  ASSERT_THAT(connection->BeginWrite(), IsOk());
  const std::string names[] = {"A", "B", "a", "a ", "a!", "\xc3\xa4", "\xff"};
  std::vector<SqlParameter> rows;
  int64_t id = 10;
  for (const std::string& name : names) AppendObjectRow(id--, name, name, &rows);
  ASSERT_THAT(connection->Insert(kObjectsTable, rows), IsOk());
  SqlStatement read = connection->Prepare(
      "SELECT okey FROM objects WHERE type_id=1 AND okey>? AND okey<? ORDER BY okey");
  read.BindText("B").BindText("\xff");
  std::vector<std::string> found;
  while (read.Step()) found.emplace_back(read.Text(0));
  EXPECT_THAT(found, ElementsAre("a", "a ", "a!", "\xc3\xa4"));
}

TEST_F(MysqlConnectionTest, CountsTheRowsThatAWriteMet) {
  FillBodies(1, 3, 10);
  const auto connection = Connect();
  ASSERT_THAT(connection->BeginWrite(), IsOk());
  SqlStatement same = connection->Prepare("UPDATE bodies SET body=body WHERE id<?");
  ASSERT_FALSE(same.BindInt(3).Step());
  EXPECT_EQ(same.changes(), 2);  // Although nothing changed in them.
  SqlStatement removed = connection->Prepare("DELETE FROM bodies");
  ASSERT_FALSE(removed.Step());
  EXPECT_EQ(removed.changes(), 3);
}

TEST_F(MysqlConnectionTest, RunsAStatementAgainAfterReset) {
  const auto connection = Connect();
  SqlStatement twice = connection->Prepare("SELECT CAST(? AS SIGNED)+1");
  for (int64_t i = 0; i < 3; ++i) {
    twice.BindInt(i);
    ASSERT_TRUE(twice.Step());
    EXPECT_EQ(twice.Int(0), i + 1);
    twice.Reset();
  }
}

TEST_F(MysqlConnectionTest, NestsStatementsThatAreHalfwayThrough) {
  FillBodies(1, 3'000, 500);
  const auto connection = Connect();
  ASSERT_THAT(connection->BeginRead(), IsOk());
  SqlStatement outer =
      connection->Prepare("SELECT id,body FROM bodies ORDER BY id", RowCount::kUnbounded);
  SqlStatement other =
      connection->Prepare("SELECT id FROM bodies ORDER BY id DESC", RowCount::kUnbounded);
  for (int64_t id = 1; id <= 3'000; ++id) {
    ASSERT_TRUE(outer.Step()) << id;
    const std::string_view body = outer.Text(1);
    ASSERT_EQ(outer.Int(0), id);
    if (id % 100 == 1) {
      SqlStatement inner = connection->Prepare("SELECT body FROM bodies WHERE id=?");
      inner.BindInt(id);
      ASSERT_TRUE(inner.Step());
      ASSERT_EQ(inner.Text(0), std::string(500, 'b'));
    }
    if (id > 10) {
      ASSERT_TRUE(other.Step());
      ASSERT_EQ(other.Int(0), 3'011 - id);
    }
    // What was read before another statement ran is still there.
    ASSERT_EQ(body, std::string(500, 'b'));
    ASSERT_EQ(outer.Int(0), id);
  }
  EXPECT_FALSE(outer.Step());
  EXPECT_TRUE(outer.ok());
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(other.Step());
  EXPECT_FALSE(other.Step());
  EXPECT_TRUE(other.ok());
}

TEST_F(MysqlConnectionTest, ForgetsRowsOfOneStatementWhileThoseOfAnotherCome) {
  FillBodies(1, 2'000, 500);
  const auto connection = Connect();
  std::optional<SqlStatement> stored(connection->Prepare("SELECT id FROM bodies ORDER BY id"));
  ASSERT_TRUE(stored->Step());
  std::optional<SqlStatement> failed(connection->Prepare("SELECT id FROM bodies WHERE id=1/?"));
  ASSERT_FALSE(failed->BindText("x").BindInt(1).Step());  // One parameter too many.
  SqlStatement stream =
      connection->Prepare("SELECT id FROM bodies ORDER BY id", RowCount::kUnbounded);
  ASSERT_TRUE(stream.Step());
  stored.reset();
  failed.reset();
  for (int64_t id = 2; id <= 2'000; ++id) {
    ASSERT_TRUE(stream.Step()) << stream.status().ToString();
    ASSERT_EQ(stream.Int(0), id);
  }
  EXPECT_FALSE(stream.Step());
  EXPECT_TRUE(stream.ok());
}

TEST_F(MysqlConnectionTest, NestsStatementsOfOneText) {
  FillBodies(1, 10, 5);
  const auto connection = Connect();
  const auto prepare = [&] {
    return connection->Prepare("SELECT id FROM bodies WHERE id>? ORDER BY id",
                               RowCount::kUnbounded);
  };
  SqlStatement first = prepare();
  first.BindInt(0);
  ASSERT_TRUE(first.Step());
  SqlStatement second = prepare();
  second.BindInt(5);
  ASSERT_TRUE(second.Step());
  EXPECT_EQ(second.Int(0), 6);
  ASSERT_TRUE(first.Step());
  EXPECT_EQ(first.Int(0), 2);
  ASSERT_TRUE(second.Step());
  EXPECT_EQ(second.Int(0), 7);
}

TEST_F(MysqlConnectionTest, LosesNoRowsWhenAnotherStatementIsGivenUp) {
  FillBodies(1, 10, 5);
  const auto connection = Connect();
  for (const RowCount rows : {RowCount::kFew, RowCount::kUnbounded}) {
    std::optional<SqlStatement> first =
        connection->Prepare("SELECT id FROM bodies WHERE id<4 ORDER BY id", rows);
    ASSERT_TRUE(first->Step());
    SqlStatement second =
        connection->Prepare("SELECT id FROM bodies ORDER BY id", RowCount::kUnbounded);
    ASSERT_TRUE(second.Step());
    while (first->Step()) continue;
    first.reset();
    for (int64_t id = 2; id <= 10; ++id) {
      ASSERT_TRUE(second.Step());
      EXPECT_EQ(second.Int(0), id);
    }
    EXPECT_FALSE(second.Step());
    EXPECT_TRUE(second.ok());
  }
}

TEST_F(MysqlConnectionTest, PutsNullsAside) {
  const auto connection = Connect();
  ASSERT_THAT(connection->BeginWrite(), IsOk());
  std::vector<SqlParameter> rows;
  const std::string keys[] = {"a", "b"};
  for (int64_t i = 0; i < 2; ++i) AppendObjectRow(i + 1, keys[i], "name", &rows);
  ASSERT_THAT(connection->Insert(kObjectsTable, rows), IsOk());
  SqlStatement outer = connection->Prepare(
      "SELECT owner_uid,created,rv_number,name FROM objects ORDER BY id", RowCount::kUnbounded);
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(outer.Step());
    SqlStatement inner = connection->Prepare("SELECT 1");
    ASSERT_TRUE(inner.Step());
    EXPECT_TRUE(outer.IsNull(0));
    EXPECT_TRUE(outer.IsNull(1));
    EXPECT_EQ(outer.Text(0), "");
    EXPECT_EQ(outer.Int(2), 7);
    EXPECT_EQ(outer.Value(2), SqlValue(int64_t{7}));
    EXPECT_EQ(outer.Text(3), "name");
  }
}

TEST_F(MysqlConnectionTest, ReadsAnyNumberOfRowsInLittleMemory) {
  for (int64_t first = 1; first < 40'000; first += 4'000) FillBodies(first, first + 3'999, 4'000);
  const auto connection = Connect();
  ASSERT_THAT(connection->BeginRead(), IsOk());
  const auto read_all = [&](bool with_nested) {
    SqlStatement rows =
        connection->Prepare("SELECT id,body FROM bodies ORDER BY id", RowCount::kUnbounded);
    int64_t count = 0;
    int64_t most = 0;
    while (rows.Step()) {
      if (++count % 1'000 != 0) continue;
      most = std::max(most, ResidentKib());
      if (!with_nested) continue;
      SqlStatement nested = connection->Prepare("SELECT body FROM bodies WHERE id=?");
      nested.BindInt(count);
      EXPECT_TRUE(nested.Step());
    }
    EXPECT_EQ(count, 40'000);
    return most;
  };
  read_all(false);
  const int64_t before = ResidentKib();
  EXPECT_LT(read_all(false) - before, 8 * 1'024);  // Of 160 MB.
  EXPECT_LT(read_all(true) - before, 16 * 1'024);
}

TEST_F(MysqlConnectionTest, GoesOnAfterARowStreamIsGivenUp) {
  for (int64_t first = 1; first < 20'000; first += 4'000) FillBodies(first, first + 3'999, 4'000);
  const auto connection = Connect();
  ASSERT_THAT(connection->BeginRead(), IsOk());
  for (int i = 0; i < 20; ++i) {
    {
      SqlStatement rows =
          connection->Prepare("SELECT id,body FROM bodies ORDER BY id", RowCount::kUnbounded);
      ASSERT_TRUE(rows.Step());
    }
    SqlStatement count = connection->Prepare("SELECT count(*) FROM bodies");
    ASSERT_TRUE(count.Step()) << count.status().ToString();
    EXPECT_EQ(count.Int(0), 20'000);
  }
  connection->Rollback();
  EXPECT_TRUE(connection->usable());
}

TEST_F(MysqlConnectionTest, ForgetsStatementsThatWereNotUsedForLong) {
  const auto connection = Connect();
  for (int i = 0; i < 1'000; ++i) {
    SqlStatement statement = connection->Prepare("SELECT " + std::to_string(i));
    ASSERT_TRUE(statement.Step());
    ASSERT_EQ(statement.Int(0), i);
  }
  SqlStatement prepared = connection->Prepare(
      "SELECT CAST(variable_value AS SIGNED) FROM information_schema.session_status WHERE "
      "variable_name='Com_stmt_prepare'");
  ASSERT_TRUE(prepared.Step());
  SqlStatement closed = connection->Prepare(
      "SELECT CAST(variable_value AS SIGNED) FROM information_schema.session_status WHERE "
      "variable_name='Com_stmt_close'");
  ASSERT_TRUE(closed.Step());
  EXPECT_GT(prepared.Int(0), 1'000);
  EXPECT_LT(prepared.Int(0) - closed.Int(0), 130);
}

TEST_F(MysqlConnectionTest, SaysWhatFailedWithoutTheCause) {
  const auto connection = Connect();
  SqlStatement wrong = connection->Prepare("SELECT nothing FROM nowhere");
  EXPECT_FALSE(wrong.Step());
  EXPECT_FALSE(wrong.ok());
  EXPECT_THAT(wrong.status(), FailsWith(StatusReason::kInternalError, Not(HasSubstr("nowhere"))));
  SqlStatement few = connection->Prepare("SELECT ?");
  EXPECT_FALSE(few.Step());
  EXPECT_THAT(few.status(), FailsWith(StatusReason::kInternalError, HasSubstr("store")));
  EXPECT_TRUE(connection->usable());
}

TEST_F(MysqlConnectionTest, ReadsOneSnapshotWhateverIsWritten) {
  const auto reader = Connect();
  const Result<StoreState> before = reader->BeginRead();
  ASSERT_THAT(before, IsOk());
  EXPECT_EQ(before->schema_version, kSchemaVersion);
  EXPECT_EQ(before->next_object, 1);
  FillBodies(1, 5, 10);
  Sql("UPDATE meta SET revision=7");
  SqlStatement count = reader->Prepare("SELECT count(*),(SELECT revision FROM meta) FROM bodies");
  ASSERT_TRUE(count.Step());
  EXPECT_EQ(count.Int(0), 0);
  EXPECT_EQ(count.Int(1), 0);
  reader->Rollback();
  const Result<StoreState> after = reader->BeginRead();
  ASSERT_THAT(after, IsOk());
  EXPECT_EQ(after->revision, 7);
}

TEST_F(MysqlConnectionTest, WritesNothingInAReadTransaction) {
  const auto reader = Connect();
  ASSERT_THAT(reader->BeginRead(), IsOk());
  EXPECT_THAT(reader->Prepare("UPDATE meta SET revision=9").Run(),
              FailsWith(StatusReason::kInternalError, HasSubstr("store")));
  reader->Rollback();
  EXPECT_EQ(Sql("SELECT revision FROM meta"), "0\n");
}

TEST_F(MysqlConnectionTest, SeesWhatWasWrittenWhileItWaitedForTheLock) {
  const auto first = Connect();
  const auto second = Connect();
  ASSERT_THAT(first->BeginWrite(), IsOk());
  ASSERT_THAT(first->Prepare("UPDATE meta SET revision=5").Run(), IsOk());
  Result<StoreState> state = InternalError("not begun");
  std::jthread waiting([&] { state = second->BeginWrite(); });
  testing::WaitUntil(
      [&] {
        return Sql("SELECT count(*) FROM information_schema.innodb_trx WHERE "
                   "trx_state='LOCK WAIT'") != "0\n";
      },
      "the second writer to wait");
  ASSERT_THAT(first->Commit(), IsOk());
  waiting.join();
  ASSERT_THAT(state, IsOk());
  EXPECT_EQ(state->revision, 5);
  second->Rollback();
}

TEST_F(MysqlConnectionTest, RollsBackWhatWasNotCommitted) {
  const auto writer = Connect();
  ASSERT_THAT(writer->BeginWrite(), IsOk());
  ASSERT_THAT(writer->Prepare("UPDATE meta SET revision=9").Run(), IsOk());
  writer->Rollback();
  const Result<StoreState> state = writer->BeginWrite();
  ASSERT_THAT(state, IsOk());
  EXPECT_EQ(state->revision, 0);
}

}  // namespace
}  // namespace pedia::storage
