// The tables in PostgreSQL.
#pragma once
#include <string>

#include "meta/result.h"

namespace pedia::storage {

// Makes the tables of kSchemaVersion, or brings older ones there, under a lock of the database.
// `connection_text`: see PostgresConnectionText(). `name`: of the database, for messages. Errors:
// ServiceUnavailable, InternalError: the database's cause, or a newer pedia's schema.
Status MigratePostgres(const std::string& connection_text, const std::string& name);

}  // namespace pedia::storage
