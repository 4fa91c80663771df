// StorageKeys: the keys of the file of --storage-config as they are written there.
#pragma once
#include <chrono>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "meta/result.h"

namespace pedia::cmd {

// Texts are "" and numbers 0 where the file does not say.
struct StorageKeys {
  std::string type;
  std::string dsn;
  std::string network;
  std::string host;
  std::string port;
  std::vector<std::string> hosts;
  std::string user;
  std::string password;
  std::string database;
  std::string ssl_mode;
  std::string ssl_cert_file;
  std::string ssl_key_file;
  std::string ssl_root_cert_file;
  int max_idle = 0;
  int max_open = 0;
  std::chrono::milliseconds max_lifetime{0};
  std::chrono::milliseconds query_timeout{0};
  std::map<std::string, std::string> params;
  std::map<std::string, std::string> mysql_params;  // Those keys of `mysql` that mean something.
  std::vector<std::string> mysql_errors;
  std::vector<std::string> postgres_errors;
  std::vector<std::string> warnings;
};

// Errors: BadRequest, naming line and key, never a value that may be secret. Pure.
Result<StorageKeys> ParseStorageKeys(std::string_view yaml);

}  // namespace pedia::cmd
