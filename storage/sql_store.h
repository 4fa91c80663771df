// The store, on any database: one connection that writes, a bounded pool of those that read.
#pragma once
#include <chrono>
#include <cstddef>
#include <memory>
#include <string>

#include "meta/result.h"
#include "storage/database.h"
#include "storage/store.h"

namespace pedia::storage {

// What a list keeps in memory at most, however long it is; tests make it less.
struct ListLimits {
  // Rows of a scan that are held back until it is over; more are sent while it goes on.
  size_t held = 10'000;
  // Rows kept while sorting: longer lists are sorted in several passes.
  size_t sorted = 50'000;
};

struct StoreOptions {
  std::chrono::milliseconds query_deadline{300'000};  // Of one List, time in the sink included.
  ListLimits list_limits{};
  // Of one transaction that writes, the wait for other writers included.
  std::chrono::milliseconds write_deadline{60'000};
};

// Migrates the schema under a lock (several processes may start at once) and computes anew what an
// older pedia wrote beside the bodies. Errors: see Database::Migrate.
Result<std::unique_ptr<Store>> OpenStore(std::unique_ptr<Database> database,
                                         const StoreOptions& options = {});

struct SqliteOptions {
  std::string path;     // File; its folder must exist.
  int max_readers = 8;  // A list waits for a free one.
  std::chrono::milliseconds query_deadline{300'000};
  ListLimits list_limits{};
};
Result<std::unique_ptr<Store>> OpenSqliteStore(const SqliteOptions& options);

}  // namespace pedia::storage
