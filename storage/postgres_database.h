// PostgreSQL as the store's database.
#pragma once
#include <memory>

#include "meta/result.h"
#include "storage/database.h"
#include "storage/database_options.h"

namespace pedia::storage {

// Connects to nothing yet. Errors: BadRequest for options that contradict each other.
Result<std::unique_ptr<Database>> MakePostgresDatabase(const ServerOptions& options);

}  // namespace pedia::storage
