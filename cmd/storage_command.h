// `pedia storage`: what an administrator does with the store itself, beside a running pedia or
// without one.
#pragma once
#include <iosfwd>
#include <string>
#include <string_view>
#include <vector>

#include "cmd/console.h"
#include "cmd/storage_config.h"
#include "meta/result.h"
#include "storage/usage.h"

namespace pedia::cmd {

// Each writes what it found to `out` and returns the exit code, 0 if all is well. Errors: why it
// could not be done.

// Makes or upgrades the schema, computes what another version of pedia wrote anew, and says what it
// did. From here on the log goes to `console`.
Result<int> MigrateStorage(const StorageConfig& config, Console& console, std::ostream& out);
// Whether columns, entries and numbers are what the bodies say; 1 if not. A bar on a terminal.
Result<int> CheckStorage(const StorageConfig& config, Console& console, std::ostream& out);
// Objects and bytes per kind and cluster, the largest first.
Result<int> ShowStorageSize(const StorageConfig& config, std::ostream& out);
// Shows the objects of clusters without a record, which no pedia syncs any more; with `remove`
// removes them.
Result<int> PruneStorage(const StorageConfig& config, bool remove, std::ostream& out);

// "1.5 GB", "17 kB", "0 B": powers of 1000. Pure.
std::string FormatBytes(int64_t bytes);
// Rows as columns; those of numbers, named by their index, to the right. Pure.
std::string FormatColumns(const std::vector<std::vector<std::string>>& rows,
                          const std::vector<size_t>& numbers);
// "check  [=====>    ] objects  53%, 12000 checked" in `width` columns. Pure.
std::string FormatShare(std::string_view label, double share, int width);

}  // namespace pedia::cmd
