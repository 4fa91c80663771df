// StorageConfig: the file of --storage-config, which says where the store's database is:
//   type: postgres
//   host: db.example
//   database: pedia
//   user: pedia
// with the keys of Clusterpedia's internal storage, and DB_* environment variables that override
// them; `hosts` and `queryTimeout` are pedia's own. README.md lists all of them.
// Source: https://clusterpedia.io/docs/installation/configurations/configure-internalstorage/
#pragma once
#include <algorithm>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "meta/result.h"
#include "storage/database.h"
#include "storage/database_options.h"
#include "storage/sql_store.h"
#include "storage/store.h"

namespace pedia::cmd {

struct StorageConfig {
  enum class Kind { kSqlite, kPostgres, kMysql };
  Kind kind = Kind::kSqlite;
  std::string sqlite_path;        // kSqlite
  int sqlite_readers = 20;        // kSqlite
  storage::ServerOptions server;  // The others.
  storage::StoreOptions store;
  std::vector<std::string> warnings;  // Keys that mean nothing here; without values.

  // How many queries may run at once.
  int readers() const {
    return std::max(1, kind == Kind::kSqlite ? sqlite_readers : server.max_open - 2);
  }
};

// The value of an environment variable, "" if it is not set.
using Environment = std::function<std::string(const char* name)>;

// Errors: BadRequest "line 3: unknown key 'hots'", "mysql: database name is required". No message
// quotes a password or a DSN. Pure.
Result<StorageConfig> ParseStorageConfig(std::string_view yaml, const Environment& environment);
// Of the file and the process's environment; logs the warnings. Errors: naming the file.
Result<StorageConfig> ReadStorageConfig(const std::string& path);
// SQLite in the data directory of `pedia standalone`.
StorageConfig DefaultStorageConfig(const std::string& data_directory);

// Connects to nothing yet. Errors: BadRequest.
Result<std::unique_ptr<storage::Database>> MakeDatabase(const StorageConfig& config);

// Waits, and says whether to give up now.
using StopWait = std::function<bool(std::chrono::milliseconds)>;
// Opens the store. As long as a database server is not there it waits for it, saying so at first and
// every 10 seconds. Gives nullptr if `wait` said to give up. Errors: see storage::OpenStore.
Result<std::unique_ptr<storage::Store>> OpenStoreWhenThere(const StorageConfig& config,
                                                           const StopWait& wait);

}  // namespace pedia::cmd
