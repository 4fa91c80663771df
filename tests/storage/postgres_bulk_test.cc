// The verbs that write many rows leave the same as one statement per row.
#include <gtest/gtest.h>

#include <deque>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "storage/postgres_database.h"
#include "storage/sql_connection.h"
#include "tests/testing/database_servers.h"
#include "tests/testing/matchers.h"

namespace pedia::storage {
namespace {

using pedia::testing::FailsWith;
using pedia::testing::IsOk;
using pedia::testing::SharedPostgres;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;

// Rows of a table with random values, whose bytes live as long as this.
class RandomRows {
 public:
  SqlParameter Bytes(size_t most) {
    std::string& text =
        texts_.emplace_back(std::uniform_int_distribution<size_t>(0, most)(random_), '\0');
    for (char& c : text) c = static_cast<char>(random_());
    return TextView{text};
  }
  SqlParameter Number() { return static_cast<int64_t>(random_()) - int64_t{1} * (1LL << 31); }
  SqlParameter MaybeNull(SqlParameter value) { return random_() % 4 == 0 ? SqlParameter() : value; }

  std::vector<SqlParameter> Objects(int64_t first, int64_t count) {
    std::vector<SqlParameter> rows;
    for (int64_t id = first; id < first + count; ++id) {
      std::string& okey = texts_.emplace_back("key-" + std::to_string(id));
      okey += '\0';
      rows.insert(rows.end(), {id, int64_t{1}, TextView{okey}, Bytes(9), Bytes(9), Bytes(9),
                               Bytes(40), MaybeNull(Bytes(40)), Bytes(9), MaybeNull(Number()),
                               MaybeNull(Number()), MaybeNull(Number()), Number(), Number()});
    }
    return rows;
  }
  std::vector<SqlParameter> Bodies(int64_t first, int64_t count, size_t most) {
    std::vector<SqlParameter> rows;
    for (int64_t id = first; id < first + count; ++id)
      rows.insert(rows.end(), {id, Bytes(50), Bytes(most)});
    return rows;
  }
  std::vector<SqlParameter> Entries(int64_t count) {
    std::vector<SqlParameter> rows;
    for (int64_t i = 0; i < count; ++i) {
      std::string& okey = texts_.emplace_back("key-" + std::to_string(i));
      rows.insert(rows.end(), {i % 7, Bytes(20), TextView{okey}, i});
    }
    return rows;
  }

 private:
  std::mt19937 random_{7};
  std::deque<std::string> texts_;
};

class PostgresBulkTest : public ::testing::Test {
 protected:
  PostgresBulkTest() : options_(SharedPostgres().CreateDatabase()) {
    Result<std::unique_ptr<Database>> database = MakePostgresDatabase(options_);
    EXPECT_THAT(database, IsOk());
    database_ = *std::move(database);
    EXPECT_THAT(database_->Migrate(), IsOk());
    Result<std::unique_ptr<SqlConnection>> writer = database_->Connect(Database::Role::kWriter);
    EXPECT_THAT(writer, IsOk());
    writer_ = *std::move(writer);
  }

  ~PostgresBulkTest() override {
    writer_.reset();
    database_.reset();
    SharedPostgres().DropDatabase(options_.database);
  }

  // All of a table after `write`, whose transaction is rolled back.
  template <typename Write>
  std::string After(const Table& table, Write write) {
    EXPECT_THAT(writer_->BeginWrite(), IsOk());
    EXPECT_THAT(write(), IsOk());
    const std::string name(table.name);
    SqlStatement all = writer_->Prepare("SELECT convert_to(t::text,'UTF8') FROM " + name +
                                        " t ORDER BY t::text COLLATE \"C\"");
    std::string rows;
    while (all.Step()) rows.append(all.Text(0)).append("\n");
    EXPECT_THAT(all.status(), IsOk());
    writer_->Rollback();
    return rows;
  }

  ServerOptions options_;
  std::unique_ptr<Database> database_;
  std::unique_ptr<SqlConnection> writer_;
  RandomRows random_;
};

TEST_F(PostgresBulkTest, InsertsFewAndManyRows) {
  for (const int64_t count : {0, 1, 2, 199, 200, 1'500}) {
    const std::vector<SqlParameter> objects = random_.Objects(1, count);
    const std::string expected = After(
        kObjectsTable, [&] { return writer_->SqlConnection::Insert(kObjectsTable, objects); });
    EXPECT_EQ(After(kObjectsTable, [&] { return writer_->Insert(kObjectsTable, objects); }),
              expected)
        << count;
    const std::vector<SqlParameter> entries = random_.Entries(count);
    const std::string expected_entries = After(
        kEntriesTable, [&] { return writer_->SqlConnection::Insert(kEntriesTable, entries); });
    EXPECT_EQ(After(kEntriesTable, [&] { return writer_->Insert(kEntriesTable, entries); }),
              expected_entries)
        << count;
  }
}

TEST_F(PostgresBulkTest, ChangesSomeColumnsOfTheRowsWithTheKeys) {
  const std::vector<SqlParameter> objects = random_.Objects(1, 40);
  const std::vector<size_t> columns = {6, 7, 9, 10, 13};
  std::vector<SqlParameter> changes;
  for (int64_t id = 5; id < 60; id += 3)  // Some are not there.
    changes.insert(changes.end(), {id, random_.Bytes(9), random_.MaybeNull(random_.Bytes(9)),
                                   random_.MaybeNull(random_.Number()),
                                   random_.MaybeNull(random_.Number()), random_.Number()});
  const auto insert = [&] { EXPECT_THAT(writer_->Insert(kObjectsTable, objects), IsOk()); };
  const std::string expected = After(kObjectsTable, [&] {
    return insert(), writer_->SqlConnection::Update(kObjectsTable, columns, changes);
  });
  EXPECT_EQ(After(kObjectsTable,
                  [&] { return insert(), writer_->Update(kObjectsTable, columns, changes); }),
            expected);
  EXPECT_NE(After(kObjectsTable, [&] { return insert(), Status(); }), expected);
}

TEST_F(PostgresBulkTest, DeletesTheRowsWithTheKeys) {
  const std::vector<SqlParameter> entries = random_.Entries(60);
  std::vector<SqlParameter> keys;
  for (size_t row = 0; row < 60; row += 7)
    keys.insert(keys.end(), entries.begin() + static_cast<std::ptrdiff_t>(row * 4),
                entries.begin() + static_cast<std::ptrdiff_t>(row * 4 + 3));
  keys.insert(keys.end(), {int64_t{99}, TextView{"none"}, TextView{"none"}});
  const auto insert = [&] { EXPECT_THAT(writer_->Insert(kEntriesTable, entries), IsOk()); };
  const std::string expected = After(
      kEntriesTable, [&] { return insert(), writer_->SqlConnection::Delete(kEntriesTable, keys); });
  EXPECT_EQ(After(kEntriesTable, [&] { return insert(), writer_->Delete(kEntriesTable, keys); }),
            expected);
  EXPECT_EQ(std::count(expected.begin(), expected.end(), '\n'), 51);
}

TEST_F(PostgresBulkTest, FindsTheObjectsThatAreThere) {
  const std::vector<SqlParameter> objects = random_.Objects(1, 20);
  const std::vector<SqlParameter> bodies = random_.Bodies(1, 20, 300);
  ASSERT_THAT(writer_->BeginWrite(), IsOk());
  ASSERT_THAT(writer_->Insert(kObjectsTable, objects), IsOk());
  ASSERT_THAT(writer_->Insert(kBodiesTable, bodies), IsOk());
  const auto okey = [&](size_t i) { return std::get<TextView>(objects[i * 14 + 2]).bytes; };
  const std::vector<ObjectRef> wanted = {
      {1, okey(3)}, {1, "nothing"}, {2, okey(4)}, {1, okey(19)}, {1, okey(0)}};
  const auto describe = [&](const Result<std::vector<FoundObject>>& found) {
    EXPECT_THAT(found, IsOk());
    std::vector<std::string> lines;
    for (const FoundObject& object : *found)
      lines.push_back(std::to_string(object.index) + ' ' + std::to_string(object.id) + ' ' +
                      object.resource_version + ' ' + object.owner_uid + ' ' +
                      (object.created ? std::to_string(*object.created) : "-") + ' ' +
                      object.entries);
    std::sort(lines.begin(), lines.end());
    return lines;
  };
  const std::vector<std::string> found = describe(writer_->FindObjects(wanted));
  EXPECT_EQ(found.size(), 3u);
  EXPECT_EQ(found, describe(writer_->SqlConnection::FindObjects(wanted)));
  EXPECT_TRUE(describe(writer_->FindObjects({})).empty());
}

TEST_F(PostgresBulkTest, ReadsBodiesInTheOrderOfIds) {
  const std::vector<SqlParameter> bodies = random_.Bodies(1, 30, 30'000);
  ASSERT_THAT(writer_->BeginWrite(), IsOk());
  ASSERT_THAT(writer_->Insert(kBodiesTable, bodies), IsOk());
  std::vector<std::string> read;
  ASSERT_THAT(writer_->ReadBodies(std::vector<int64_t>{30, 1, 7, 1}, &read), IsOk());
  const auto body = [&](size_t id) {
    return std::string(std::get<TextView>(bodies[(id - 1) * 3 + 2]).bytes);
  };
  EXPECT_EQ(read, (std::vector<std::string>{body(30), body(1), body(7), body(1)}));
  EXPECT_THAT(writer_->ReadBodies(std::vector<int64_t>{1, 31}, &read),
              FailsWith(StatusReason::kInternalError, HasSubstr("no body")));
  EXPECT_THAT(writer_->ReadBodies({}, &read), IsOk());
}

TEST_F(PostgresBulkTest, TakesRowsOfManyMegabytes) {
  std::vector<SqlParameter> rows;
  const std::string big(3'000'000, 'x');
  for (int64_t id = 1; id <= 8; ++id) rows.insert(rows.end(), {id, BlobView{"e"}, BlobView{big}});
  ASSERT_THAT(writer_->BeginWrite(), IsOk());
  ASSERT_THAT(writer_->Insert(kBodiesTable, rows), IsOk());  // As arrays.
  std::vector<SqlParameter> many;
  const std::string middling(100'000, 'y');
  for (int64_t id = 101; id <= 400; ++id)
    many.insert(many.end(), {id, BlobView{"e"}, BlobView{middling}});
  ASSERT_THAT(writer_->Insert(kBodiesTable, many), IsOk());  // Copied.
  ASSERT_THAT(writer_->Commit(), IsOk());
  std::vector<std::string> bodies;
  ASSERT_THAT(writer_->ReadBodies(std::vector<int64_t>{8, 400}, &bodies), IsOk());
  EXPECT_EQ(bodies[0], big);
  EXPECT_EQ(bodies[1], middling);
}

TEST_F(PostgresBulkTest, AFailureWithinACopyLeavesTheConnectionUsable) {
  std::vector<SqlParameter> rows = random_.Objects(1, 500);
  rows[400 * 14 + 2] = rows[2];  // The same okey twice.
  ASSERT_THAT(writer_->BeginWrite(), IsOk());
  EXPECT_THAT(writer_->Insert(kObjectsTable, rows),
              FailsWith(StatusReason::kInternalError, HasSubstr("store")));
  EXPECT_THAT(writer_->Insert(kObjectsTable, rows),
              FailsWith(StatusReason::kInternalError, HasSubstr("store")));
  writer_->Rollback();
  ASSERT_TRUE(writer_->usable());
  rows = random_.Objects(1, 500);
  EXPECT_NE(After(kObjectsTable, [&] { return writer_->Insert(kObjectsTable, rows); }), "");
}

}  // namespace
}  // namespace pedia::storage
