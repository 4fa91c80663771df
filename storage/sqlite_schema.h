// The tables of the SQLite store and the migrations that lead to them. ARCHITECTURE.md explains the
// tables.
#pragma once
#include <string>

#include "meta/status.h"
#include "storage/sqlite_connection.h"

namespace pedia::storage {

inline constexpr int kSqliteSchemaVersion = 1;

// Switches `connection` to WAL and brings the schema to kSqliteSchemaVersion, under the database's
// exclusive lock: any number of processes may do so at once. Errors: InternalError naming `path`,
// also for the schema of a newer pedia.
Status MigrateSqlite(SqliteConnection& connection, const std::string& path);

}  // namespace pedia::storage
