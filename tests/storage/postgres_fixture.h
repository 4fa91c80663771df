// A fixture for what PostgreSQL's connections do: a database of the shared server, with tables.
#pragma once
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "storage/postgres_database.h"
#include "storage/sql_connection.h"
#include "tests/testing/database_servers.h"
#include "tests/testing/matchers.h"

namespace pedia::storage {

// The first column of what a statement gives.
inline std::vector<std::string> Rows(SqlStatement statement) {
  std::vector<std::string> rows;
  while (statement.Step()) rows.emplace_back(statement.Text(0));
  EXPECT_THAT(statement.status(), pedia::testing::IsOk());
  return rows;
}

class PostgresTest : public ::testing::Test {
 protected:
  PostgresTest() : options_(pedia::testing::SharedPostgres().CreateDatabase()) {
    Result<std::unique_ptr<Database>> database = MakePostgresDatabase(options_);
    EXPECT_THAT(database, pedia::testing::IsOk());
    database_ = *std::move(database);
    EXPECT_THAT(database_->Migrate(), pedia::testing::IsOk());
    writer_ = Connect(Database::Role::kWriter);
  }

  ~PostgresTest() override {
    writer_.reset();
    database_.reset();
    pedia::testing::SharedPostgres().DropDatabase(options_.database);
  }

  std::unique_ptr<SqlConnection> Connect(Database::Role role = Database::Role::kReader) {
    Result<std::unique_ptr<SqlConnection>> connection = database_->Connect(role);
    EXPECT_THAT(connection, pedia::testing::IsOk());
    return *std::move(connection);
  }
  std::string Sql(const std::string& sql) {
    return pedia::testing::SharedPostgres().Sql(options_.database, sql);
  }

  // Inserts the objects 1 to `count`: "o0001" ...
  void InsertObjects(int64_t count) {
    ASSERT_THAT(writer_->BeginWrite(), pedia::testing::IsOk());
    std::vector<std::string> texts;
    texts.reserve(static_cast<size_t>(count));
    std::vector<SqlParameter> rows;
    for (int64_t id = 1; id <= count; ++id) {
      std::string number = std::to_string(id);
      number.insert(0, 7 - std::min<size_t>(number.size(), 7), '0');
      texts.push_back("o" + number);
      const SqlParameter text = TextView{texts.back()};
      const SqlParameter none;
      const std::vector<SqlParameter> row = {id,   int64_t{1}, text,       text,      text,
                                             text, text,       none,       text,      none,
                                             none, none,       int64_t{5}, int64_t{6}};
      rows.insert(rows.end(), row.begin(), row.end());
    }
    ASSERT_THAT(writer_->Insert(kObjectsTable, rows), pedia::testing::IsOk());
    ASSERT_THAT(writer_->Commit(), pedia::testing::IsOk());
  }

  ServerOptions options_;
  std::unique_ptr<Database> database_;
  std::unique_ptr<SqlConnection> writer_;
};

}  // namespace pedia::storage
