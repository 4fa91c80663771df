// MysqlTest: an empty database of MariaDB's per test, migrated, and connections to it.
#pragma once
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "storage/mysql_connection.h"
#include "storage/mysql_database.h"
#include "storage/mysql_settings.h"
#include "storage/table.h"
#include "tests/testing/database_servers.h"
#include "tests/testing/matchers.h"

namespace pedia::storage {

// Lets the server take all the time it needs to end a statement: the machine may be busy elsewhere.
inline std::unique_ptr<MysqlConnection> ConnectWith(MysqlSettings settings) {
  settings.grace = std::chrono::seconds(60);
  Result<std::unique_ptr<MysqlSession>> session = MysqlSession::Open(settings, settings.hosts[0]);
  if (!session.ok()) throw std::runtime_error(session.status().ToString());
  return std::make_unique<MysqlConnection>(*std::move(session), settings.silence);
}

class MysqlTest : public ::testing::Test {
 protected:
  // On `server`, which must live as long as the test.
  explicit MysqlTest(testing::MariadbServer& server = testing::SharedMariadb())
      : server_(server), options_(server.CreateDatabase()) {
    database_ = *MakeMysqlDatabase(options_);
    const Status migrated = database_->Migrate();
    EXPECT_THAT(migrated, testing::IsOk());
  }

  std::unique_ptr<SqlConnection> Connect() { return ConnectWith(*MakeMysqlSettings(options_)); }

  // With or without arrays as parameters, which MySQL does not have.
  std::unique_ptr<SqlConnection> ConnectBy(bool arrays) {
    MysqlSettings settings = *MakeMysqlSettings(options_);
    settings.array_binding = arrays;
    auto connection = ConnectWith(settings);
    EXPECT_EQ(connection->session().binds_arrays(), arrays);
    return connection;
  }

  std::string Sql(const std::string& sql) { return server_.Sql(options_.database, sql); }

  // Rows `first` to `last` of the table bodies, with bodies of `bytes` bytes.
  void FillBodies(int64_t first, int64_t last, size_t bytes) {
    std::unique_ptr<SqlConnection> writer = Connect();
    const std::string body(bytes, 'b');
    ASSERT_THAT(writer->BeginWrite(), testing::IsOk());
    std::vector<SqlParameter> rows;
    for (int64_t id = first; id <= last; ++id)
      rows.insert(rows.end(), {id, BlobView{"entries"}, BlobView{body}});
    ASSERT_THAT(writer->Insert(kBodiesTable, rows), testing::IsOk());
    ASSERT_THAT(writer->Commit(), testing::IsOk());
  }

  testing::MariadbServer& server_;
  ServerOptions options_;
  std::unique_ptr<Database> database_;
};

// A row of kObjectsTable; texts must outlive its use.
inline void AppendObjectRow(int64_t id, std::string_view okey, std::string_view name,
                            std::vector<SqlParameter>* rows) {
  rows->insert(rows->end(),
               {id, int64_t{1}, TextView{okey}, TextView{"c"}, TextView{"n"}, TextView{name},
                TextView{"uid"}, SqlParameter(), TextView{"7"}, int64_t{7}, SqlParameter(),
                SqlParameter(), int64_t{1'000}, int64_t{1}});
}

}  // namespace pedia::storage
