// The tables of the SQLite store and the migrations that lead to them. ARCHITECTURE.md explains the
// tables.
#pragma once
#include <string>

#include "meta/result.h"
#include "storage/sqlite_connection.h"
#include "storage/store_state.h"

namespace pedia::storage {

// Switches `connection` to WAL and brings the schema to kSchemaVersion, under the database's
// exclusive lock: any number of processes may do so at once. What rows say is not looked at: see
// reindex.h. Errors: InternalError naming `path`, also for the schema of a newer pedia.
Status MigrateSqlite(SqliteConnection& connection, const std::string& path);

}  // namespace pedia::storage
