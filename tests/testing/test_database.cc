#include "tests/testing/test_database.h"

#include <cstdlib>
#include <stdexcept>

#include "storage/mysql_database.h"
#include "storage/postgres_database.h"
#include "storage/sqlite_database.h"
#include "tests/testing/database_servers.h"

namespace pedia::testing {
namespace {

using Kind = TestDatabase::Kind;

Kind KindOfEnvironment() {
  const char* name = getenv("PEDIA_TEST_DATABASE");
  const std::string kind = name == nullptr ? "sqlite" : name;
  if (kind == "sqlite") return Kind::kSqlite;
  if (kind == "postgres") return Kind::kPostgres;
  if (kind == "mysql") return Kind::kMysql;
  throw std::runtime_error("PEDIA_TEST_DATABASE is sqlite, postgres or mysql, not " + kind);
}

DatabaseServer& SharedServer() {
  if (TestDatabase::kind() == Kind::kPostgres) return SharedPostgres();
  return SharedMariadb();
}

}  // namespace

Kind TestDatabase::kind() {
  static const Kind kind = KindOfEnvironment();
  return kind;
}

TestDatabase::TestDatabase() {
  if (kind() != Kind::kSqlite) {
    options_ = SharedServer().CreateDatabase();
    return;
  }
  std::string name = (std::filesystem::temp_directory_path() / "pedia-storage-XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp " + name);
  folder_ = name;
}

TestDatabase::~TestDatabase() {
  try {
    if (kind() == Kind::kSqlite)
      std::filesystem::remove_all(folder_);
    else
      SharedServer().GiveBack(options_.database);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());  // It goes with its server.
  }
}

std::unique_ptr<storage::Database> TestDatabase::Open(int max_readers) const {
  if (kind() == Kind::kSqlite) return storage::MakeSqliteDatabase(sqlite_path(), max_readers);
  storage::ServerOptions options = options_;
  options.max_open = max_readers + 1;
  auto database = kind() == Kind::kPostgres ? storage::MakePostgresDatabase(options)
                                            : storage::MakeMysqlDatabase(options);
  if (!database.ok()) throw std::runtime_error(database.status().ToString());
  return *std::move(database);
}

std::string TestDatabase::Sql(const std::string& sql) const {
  if (kind() == Kind::kSqlite) throw std::runtime_error("SQLite has no server");
  return SharedServer().Sql(options_.database, sql);
}

}  // namespace pedia::testing
