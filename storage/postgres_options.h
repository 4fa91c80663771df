// PostgresOptions: ServerOptions in the words of libpq.
#pragma once
#include <chrono>
#include <map>
#include <string>
#include <vector>

#include "meta/result.h"
#include "storage/database_options.h"

namespace pedia::storage {

struct PostgresHost {
  std::string host;     // Any may be empty: what libpq takes then.
  std::string address;  // Numeric, of `host`.
  std::string port;
};

// Immutable.
struct PostgresOptions {
  // Of every connection, but not where it goes to: "user" to "pedia". The password is among them.
  std::map<std::string, std::string> keywords;
  std::vector<PostgresHost> hosts;  // One at least.
  std::chrono::milliseconds connect_timeout;
  std::string name;  // "pedia on db-0:5432,db-1:5432"
};

// Errors: BadRequest if the options contradict each other or the DSN cannot be read.
Result<PostgresOptions> ParsePostgresOptions(const ServerOptions& options);

// The same as text, "host='db-0' user='pedia' ...", for one of the hosts. Holds the password.
std::string PostgresConnectionText(const PostgresOptions& options, const PostgresHost& host);

}  // namespace pedia::storage
