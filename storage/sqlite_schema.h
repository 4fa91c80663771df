// The tables of the SQLite store and the migrations that lead to them. ARCHITECTURE.md explains the
// tables.
#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "meta/result.h"
#include "storage/sqlite_connection.h"

namespace pedia::storage {

inline constexpr int kSqliteSchemaVersion = 2;

// Switches `connection` to WAL and brings the schema to kSqliteSchemaVersion, under the database's
// exclusive lock: any number of processes may do so at once. What rows say is not looked at: see
// sqlite_reindex.h. Errors: InternalError naming `path`, also for the schema of a newer pedia.
Status MigrateSqlite(SqliteConnection& connection, const std::string& path);

// What the table `meta` says of the whole store.
struct StoreState {
  int64_t schema_version = 0;
  int64_t revision = 0;
  // Which rule computed the rows beside the bodies: an EncodingVersion().
  int64_t encoding = 0;
  // Set while rows are computed anew by `encoding`: those of the objects up to this id are.
  std::optional<int64_t> encoded_to;
  // How often ids of keys and key sets were removed: they may be given to others then.
  int64_t pruned = 0;

  // Whether this pedia may write: its rows are of the same kind as those that are there.
  bool IsCurrent() const;
};

Result<StoreState> ReadStoreState(SqliteConnection& connection);

// Changes whenever EncodeObject computes another row from the same body.
int64_t EncodingVersion();

}  // namespace pedia::storage
