// What the errors of PostgreSQL mean to pedia.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "meta/result.h"

namespace pedia::storage {

// Of one database; immutable once connections use it.
struct PostgresErrors {
  std::string database;                  // For log lines.
  std::vector<std::string> recoverable;  // ServerOptions::recoverable_errors
};

// Logs the cause and gives what the caller may know of it. `sqlstate` is empty if the connection
// failed. ServiceUnavailable if a later try may succeed, Timeout if the server ended a statement
// that took too long, else InternalError. `message` must not hold values of parameters.
Status PostgresFailure(const PostgresErrors& errors, std::string_view sqlstate,
                       std::string_view message);

// True if a connection is of no use after this error: the server has ended it, no longer takes
// writes, or has lost or outdated the statements prepared on it.
bool EndsPostgresConnection(std::string_view sqlstate);

// True if a connection was refused for a reason that waiting does not remove: a wrong password, an
// unknown user, database or setting.
bool IsPostgresRefusal(std::string_view sqlstate);

}  // namespace pedia::storage
