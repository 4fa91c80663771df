// What went wrong in MySQL or MariaDB, and what the caller is told of it.
#pragma once
#include <set>
#include <string>
#include <string_view>

#include "meta/result.h"

namespace pedia::storage {

struct MysqlError {
  unsigned code = 0;  // The server's number (1000 to 1999, 3000 and above), or the client's (2xxx).
  std::string sqlstate;
  std::string message;
};

// Whether the connection is of no use any more.
bool EndsConnection(const MysqlError& error);
// Whether this server takes no writes (any more): another one, or a later try, may.
bool IsReadOnly(const MysqlError& error);

// Timeout if the statement was ended; ServiceUnavailable if a later try may succeed, as with those
// in `recoverable`; else InternalError. The message names no cause. Pure.
Status StatusOf(const MysqlError& error, const std::set<unsigned>& recoverable);

// For logs: number, SQLSTATE and message. Values that the message quotes are left out.
std::string Describe(const MysqlError& error);

}  // namespace pedia::storage
