// The verbs for many rows, by arrays and by statements of many rows, on MariaDB.
#include <gtest/gtest.h>

#include "tests/storage/mysql_fixture.h"

namespace pedia::storage {
namespace {

using ::testing::ElementsAre;
using testing::FailsWith;
using ::testing::HasSubstr;
using testing::IsOk;

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

TEST_P(MysqlVerbsTest, WriteLongRowsBetweenShortOnes) {
  std::vector<std::string> bodies;
  for (const int bytes : {10, 40'000, 20, 30, 70'000, 100'000, 40, 50, 60, 200'000})
    bodies.emplace_back(static_cast<size_t>(bytes), static_cast<char>('a' + bodies.size()));
  const auto rows_of = [&](size_t turn) {
    std::vector<SqlParameter> rows;
    for (size_t i = 0; i < bodies.size(); ++i) {
      const std::string& body = bodies[(i + turn) % bodies.size()];
      rows.insert(rows.end(), {static_cast<int64_t>(i), BlobView{"e"}, BlobView{body}});
    }
    return rows;
  };
  ASSERT_THAT(connection_->BeginWrite(), IsOk());
  ASSERT_THAT(connection_->Insert(kBodiesTable, rows_of(0)), IsOk());
  const size_t columns[] = {1, 2};
  ASSERT_THAT(connection_->Update(kBodiesTable, columns, rows_of(3)), IsOk());
  ASSERT_THAT(connection_->Commit(), IsOk());
  std::string lengths;
  for (size_t i = 0; i < bodies.size(); ++i)
    lengths += std::to_string(bodies[(i + 3) % bodies.size()].size()) + ",";
  EXPECT_EQ(Texts("SELECT CAST(length(body) AS BINARY) FROM bodies ORDER BY id"), lengths);
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
