// TestDatabase: an empty database of a test's own, of the kind that the environment variable
// PEDIA_TEST_DATABASE names: sqlite (the default), postgres or mysql.
#pragma once
#include <filesystem>
#include <memory>
#include <string>

#include "storage/database.h"
#include "storage/database_options.h"

namespace pedia::testing {

// One thread. Failures are thrown as std::runtime_error.
class TestDatabase {
 public:
  enum class Kind { kSqlite, kPostgres, kMysql };
  static Kind kind();

  TestDatabase();
  ~TestDatabase();  // Removes the database; nothing that Open() gave may be in use.
  TestDatabase(const TestDatabase&) = delete;
  TestDatabase& operator=(const TestDatabase&) = delete;

  // Another Database for the same tables: what is written by one is there for the next.
  std::unique_ptr<storage::Database> Open(int max_readers = 8) const;
  // Runs SQL beside the store and returns what it gives: a line per row, '|' between columns. Not for
  // SQLite.
  std::string Sql(const std::string& sql) const;

  const storage::ServerOptions& server_options() const { return options_; }  // Not for SQLite.
  std::string sqlite_path() const { return folder_ / "pedia.db"; }           // For SQLite only.

 private:
  std::filesystem::path folder_;    // For SQLite only.
  storage::ServerOptions options_;  // For the others.
};

}  // namespace pedia::testing
