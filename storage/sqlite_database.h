// SQLite, one file in WAL mode, as the store's database.
#pragma once
#include <memory>
#include <string>

#include "storage/database.h"

namespace pedia::storage {

// Opens nothing yet. The folder of `path` must exist.
std::unique_ptr<Database> MakeSqliteDatabase(const std::string& path, int max_readers);

}  // namespace pedia::storage
