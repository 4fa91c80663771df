// The embedded store: SQLite in WAL mode, one writer connection, a bounded pool of readers.
#pragma once
#include <chrono>
#include <memory>
#include <string>

#include "meta/result.h"
#include "storage/store.h"

namespace pedia::storage {

struct SqliteOptions {
  std::string path;                                   // File; its folder must exist.
  int max_readers = 8;                                // A list waits for a free one.
  std::chrono::milliseconds query_deadline{300'000};  // Of one List, time in the sink included.
};

// Opens or creates the database and migrates its schema under a lock (several processes may start
// at once). Errors: InternalError with the path and SQLite's message; the schema of a newer pedia
// is refused.
Result<std::unique_ptr<Store>> OpenSqliteStore(const SqliteOptions& options);

}  // namespace pedia::storage
