// The embedded store: SQLite in WAL mode, one writer connection, a bounded pool of readers.
#pragma once
#include <chrono>
#include <cstddef>
#include <memory>
#include <string>

#include "meta/result.h"
#include "storage/store.h"

namespace pedia::storage {

// What a list keeps in memory at most, however long it is; tests make it less.
struct ListLimits {
  // Rows of a scan that are held back until it is over; more are sent while it goes on.
  size_t held = 10'000;
  // Rows kept while sorting: longer lists are sorted in several passes.
  size_t sorted = 50'000;
};

struct SqliteOptions {
  std::string path;                                   // File; its folder must exist.
  int max_readers = 8;                                // A list waits for a free one.
  std::chrono::milliseconds query_deadline{300'000};  // Of one List, time in the sink included.
  ListLimits list_limits{};
};

// Opens or creates the database and migrates its schema under a lock (several processes may start
// at once). Errors: InternalError with the path and SQLite's message; the schema of a newer pedia
// is refused.
Result<std::unique_ptr<Store>> OpenSqliteStore(const SqliteOptions& options);

}  // namespace pedia::storage
