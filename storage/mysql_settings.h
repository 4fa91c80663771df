// MysqlSettings: how to reach MySQL or MariaDB, from the keys of the configuration or from a DSN as
// Go's driver has them: "user:password@tcp(db.example:3306)/pedia?timeout=5s&tls=skip-verify",
// "user@unix(/run/mysqld/mysqld.sock)/pedia".
// Source: https://github.com/go-sql-driver/mysql#dsn-data-source-name (the grammar).
#pragma once
#include <chrono>
#include <cstddef>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "meta/result.h"
#include "storage/database_options.h"

namespace pedia::storage {

struct MysqlSettings {
  std::vector<DatabaseHost> hosts;  // At least one. A host that begins with '/' is a Unix socket.
  std::string user;
  std::string password;
  std::string database;
  SslMode ssl_mode = SslMode::kPrefer;
  std::string ssl_cert_file;
  std::string ssl_key_file;
  std::string ssl_root_cert_file;
  std::chrono::milliseconds connect_timeout{10'000};
  // How long the server may say nothing while it is asked; 0: what fits the kind of use.
  std::chrono::milliseconds silence{0};
  // How long the server may take to end a statement that it is told to end, or a transaction. After
  // that the connection is given up.
  std::chrono::milliseconds grace{3'000};
  size_t max_packet = 0;  // Bytes of a statement; 0: what the server allows.
  bool clear_text_passwords = false;
  bool array_binding = true;  // Use it where the server can (MariaDB).
  std::set<unsigned> recoverable;
  int max_open = 40;

  std::string Name() const;  // "mysql://db.example:3306/pedia": without user and password.
};

// Errors: BadRequest, naming what is wrong. Parameters that mean nothing here are logged.
Result<MysqlSettings> MakeMysqlSettings(const ServerOptions& options);

}  // namespace pedia::storage
