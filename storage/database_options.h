// What the configuration of a database server says, for PostgreSQL and MySQL/MariaDB alike.
#pragma once
#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace pedia::storage {

struct DatabaseHost {
  std::string
      host;  // Name, address, or the folder of a Unix socket (PostgreSQL) or its file (MySQL).
  uint16_t port = 0;  // 0: the database's usual one.
};

enum class SslMode { kDisable, kAllow, kPrefer, kRequire, kVerifyCa, kVerifyFull };

struct ServerOptions {
  // One or several: the primary, whichever of them it is at the time, takes the writes; the others
  // are replicas that may answer reads.
  std::vector<DatabaseHost> hosts;
  std::string user;
  std::string password;
  std::string database;
  std::string dsn;  // If set, connections are made from this and the above is empty.
  SslMode ssl_mode = SslMode::kPrefer;
  std::string ssl_cert_file;
  std::string ssl_key_file;
  std::string ssl_root_cert_file;
  std::map<std::string, std::string> params;  // Further parameters of the driver.
  std::chrono::milliseconds connect_timeout{10'000};
  int max_open = 40;                            // Connections, the writer included.
  int max_idle = 5;                             // Kept open while nobody uses them.
  std::chrono::milliseconds max_lifetime{0};    // Of a connection; 0: no limit.
  std::vector<std::string> recoverable_errors;  // SQLSTATEs (PostgreSQL) or numbers (MySQL) that a
                                                // later try may not meet, beside the known ones.
};

}  // namespace pedia::storage
