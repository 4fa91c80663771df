// Statements, rows and transactions on MariaDB.
#include "storage/mysql_connection.h"

#include <gtest/gtest.h>

#include <fstream>
#include <optional>
#include <thread>

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
  const auto connection = Connect(Role::kReader);
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

TEST_F(MysqlConnectionTest, NestsStatementsOfOneText) {
  FillBodies(1, 10, 5);
  const auto connection = Connect(Role::kReader);
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
  const auto connection = Connect(Role::kReader);
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
  const auto connection = Connect(Role::kReader);
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
  const auto connection = Connect(Role::kReader);
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
  const auto connection = Connect(Role::kReader);
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
  const auto connection = Connect(Role::kReader);
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
  const auto reader = Connect(Role::kReader);
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
  const auto reader = Connect(Role::kReader);
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

// --- The verbs, by arrays and by statements of many rows.

class MysqlVerbsTest : public MysqlTest, public ::testing::WithParamInterface<bool> {
 protected:
  MysqlVerbsTest() : connection_(ConnectBy(GetParam())) {}
  std::string Texts(const std::string& sql) {
    SqlStatement rows = connection_->Prepare(sql);
    std::string all;
    while (rows.Step()) all.append(rows.Text(0)).append(",");
    EXPECT_TRUE(rows.ok());
    return all;
  }
  std::unique_ptr<SqlConnection> connection_;
};

INSTANTIATE_TEST_SUITE_P(, MysqlVerbsTest, ::testing::Bool(),
                         [](const auto& arrays) { return arrays.param ? "Arrays" : "Rows"; });

TEST_P(MysqlVerbsTest, InsertChangeAndDeleteManyRows) {
  constexpr int64_t kRows = 5'003;
  ASSERT_THAT(connection_->BeginWrite(), IsOk());
  std::vector<std::string> keys;
  for (int64_t i = 0; i < kRows; ++i) keys.push_back("c!n!" + std::to_string(100'000 + i));
  std::vector<SqlParameter> rows;
  std::vector<SqlParameter> entries;
  for (size_t i = 0; i < keys.size(); ++i) {
    AppendObjectRow(static_cast<int64_t>(i) + 1, keys[i], keys[i], &rows);
    entries.insert(entries.end(),
                   {int64_t{3}, TextView{"value"}, TextView{keys[i]}, static_cast<int64_t>(i) + 1});
  }
  ASSERT_THAT(connection_->Insert(kObjectsTable, rows), IsOk());
  ASSERT_THAT(connection_->Insert(kEntriesTable, entries), IsOk());
  // The owner of every third one is set, others have none.
  std::vector<SqlParameter> changes;
  for (size_t i = 0; i < keys.size(); ++i) {
    const SqlParameter owner = i % 3 == 0 ? SqlParameter(TextView{keys[i]}) : SqlParameter();
    changes.insert(changes.end(), {static_cast<int64_t>(i) + 1, owner, static_cast<int64_t>(i)});
  }
  const size_t columns[] = {7, 10};  // owner_uid, created
  ASSERT_THAT(connection_->Update(kObjectsTable, columns, changes), IsOk());
  std::vector<SqlParameter> gone;
  for (size_t i = 0; i < keys.size(); i += 2)
    gone.insert(gone.end(), {int64_t{3}, TextView{"value"}, TextView{keys[i]}});
  ASSERT_THAT(connection_->Delete(kEntriesTable, gone), IsOk());
  std::vector<SqlParameter> ids;
  for (int64_t id = 1; id <= 4'000; ++id) ids.push_back(id);
  ASSERT_THAT(connection_->Delete(kObjectsTable, ids), IsOk());
  SqlStatement count = connection_->Prepare(
      "SELECT count(*),count(owner_uid),CAST(sum(created=id-1) AS SIGNED),"
      "CAST(sum(coalesce(owner_uid=okey,1)) AS SIGNED),(SELECT count(*) FROM entries) FROM "
      "objects");
  ASSERT_TRUE(count.Step());
  EXPECT_EQ(count.Int(0), kRows - 4'000);
  EXPECT_EQ(count.Int(1), 334);
  EXPECT_EQ(count.Int(2), kRows - 4'000);
  EXPECT_EQ(count.Int(3), kRows - 4'000);
  EXPECT_EQ(count.Int(4), kRows / 2);
}

TEST_P(MysqlVerbsTest, WriteColumnsOfNullsAndOfBoth) {
  ASSERT_THAT(connection_->BeginWrite(), IsOk());
  std::vector<SqlParameter> rows;
  const std::string keys[] = {"a", "b", "c"};
  for (int64_t i = 0; i < 3; ++i) AppendObjectRow(i + 1, keys[i], "name", &rows);
  rows[14 + 7] = TextView{"owner"};
  rows[28 + 10] = int64_t{-5};
  ASSERT_THAT(connection_->Insert(kObjectsTable, rows), IsOk());
  EXPECT_EQ(Texts("SELECT coalesce(owner_uid,'none') FROM objects ORDER BY id"),
            "none,owner,none,");
  EXPECT_EQ(Texts("SELECT CAST(coalesce(created,0) AS CHAR) FROM objects ORDER BY id"), "0,0,-5,");
}

TEST_P(MysqlVerbsTest, SplitWhatIsMoreThanThePacketsOfTheServer) {
  ASSERT_THAT(connection_->BeginWrite(), IsOk());
  const std::string large(3'000'000, '\xfe');
  std::vector<SqlParameter> rows;
  for (int64_t id = 1; id <= 12; ++id)
    rows.insert(rows.end(), {id, BlobView{"e"}, BlobView{large}});
  ASSERT_THAT(connection_->Insert(kBodiesTable, rows), IsOk());  // 36 MB; packets have 16.
  std::vector<SqlParameter> changes;
  for (int64_t id = 1; id <= 12; ++id) changes.insert(changes.end(), {id, BlobView{large}});
  const size_t columns[] = {1};
  ASSERT_THAT(connection_->Update(kBodiesTable, columns, changes), IsOk());
  EXPECT_EQ(Texts("SELECT CAST(sum(length(body)+length(entries)) AS CHAR) FROM bodies"),
            "72000000,");
}

TEST_P(MysqlVerbsTest, RefuseWhatDoesNotFit) {
  ASSERT_THAT(connection_->BeginWrite(), IsOk());
  const std::string huge(17 << 20, 'x');
  const SqlParameter body[] = {int64_t{1}, BlobView{"e"}, BlobView{huge}};
  EXPECT_THAT(connection_->Insert(kBodiesTable, body),
              FailsWith(StatusReason::kBadRequest, HasSubstr("max_allowed_packet")));
  const std::string uid(256, 'u');
  std::vector<SqlParameter> row;
  AppendObjectRow(1, "key", "name", &row);
  row[6] = TextView{uid};
  EXPECT_THAT(connection_->Insert(kObjectsTable, row),
              FailsWith(StatusReason::kBadRequest, HasSubstr("uid is longer than 255 bytes")));
  const size_t columns[] = {6};
  const SqlParameter change[] = {int64_t{1}, TextView{uid}};
  EXPECT_THAT(connection_->Update(kObjectsTable, columns, change),
              FailsWith(StatusReason::kBadRequest, HasSubstr("uid is longer than 255 bytes")));
  EXPECT_EQ(Texts("SELECT CAST(count(*) AS CHAR) FROM objects"), "0,");
}

TEST_P(MysqlVerbsTest, FindObjectsOfSeveralTypes) {
  ASSERT_THAT(connection_->BeginWrite(), IsOk());
  std::vector<std::string> keys;
  for (int i = 0; i < 700; ++i) keys.push_back("c!n!" + std::to_string(1'000 + i));
  std::vector<SqlParameter> rows;
  std::vector<SqlParameter> bodies;
  std::vector<ObjectRef> wanted;
  std::vector<std::string> texts;
  for (size_t i = 0; i < keys.size(); ++i) texts.push_back("body " + std::to_string(i + 1));
  for (size_t i = 0; i < keys.size(); ++i) {
    const auto id = static_cast<int64_t>(i) + 1;
    wanted.push_back({i % 2 == 0 ? 1 : 2, keys[i]});
    if (i % 7 == 3) continue;  // Not there.
    AppendObjectRow(id, keys[i], "name", &rows);
    rows[rows.size() - 13] = wanted.back().type_id;
    if (i % 5 == 0) rows[rows.size() - 7] = TextView{"owner"};
    bodies.insert(bodies.end(), {id, BlobView{keys[i]}, BlobView{texts[i]}});
  }
  ASSERT_THAT(connection_->Insert(kObjectsTable, rows), IsOk());
  ASSERT_THAT(connection_->Insert(kBodiesTable, bodies), IsOk());
  const Result<std::vector<FoundObject>> found = connection_->FindObjects(wanted);
  ASSERT_THAT(found, IsOk());
  EXPECT_EQ(found->size(), 600U);
  for (const FoundObject& object : *found) {
    EXPECT_EQ(object.id, static_cast<int64_t>(object.index) + 1);
    EXPECT_EQ(object.entries, keys[object.index]);
    EXPECT_EQ(object.resource_version, "7");
    EXPECT_EQ(object.owner_uid, object.index % 5 == 0 ? "owner" : "");
    EXPECT_EQ(object.created, std::nullopt);
    EXPECT_NE(object.index % 7, 3U);
  }
  std::vector<std::string> read;
  const int64_t ids[] = {3, 1, 700};
  ASSERT_THAT(connection_->ReadBodies(ids, &read), IsOk());
  EXPECT_THAT(read, ElementsAre("body 3", "body 1", "body 700"));
}

}  // namespace
}  // namespace pedia::storage
