#include "cmd/storage_config.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <utility>

#include "cmd/data_directory.h"
#include "cmd/storage_keys.h"
#include "meta/log.h"
#include "storage/mysql_database.h"
#include "storage/postgres_database.h"
#include "storage/sqlite_database.h"

namespace pedia::cmd {
namespace {

using std::chrono::milliseconds;
using storage::DatabaseHost;
using storage::SslMode;

constexpr int kDefaultIdle = 5;
constexpr int kDefaultOpen = 40;
constexpr milliseconds kMinLifetime = std::chrono::hours(1);
constexpr milliseconds kRetry{1000};
constexpr int kTriesPerLine = 10;

void Override(const Environment& environment, const char* name, std::string* value) {
  if (std::string set = environment(name); !set.empty()) *value = std::move(set);
}

void ApplyEnvironment(const Environment& environment, StorageKeys* keys) {
  Override(environment, "DB_TYPE", &keys->type);
  Override(environment, "DB_DSN", &keys->dsn);
  Override(environment, "DB_NETWORK", &keys->network);
  Override(environment, "DB_USER", &keys->user);
  Override(environment, "DB_PASSWORD", &keys->password);
  Override(environment, "DB_DATABASE", &keys->database);
  if (!environment("DB_HOST").empty()) keys->hosts.clear();
  Override(environment, "DB_HOST", &keys->host);
  Override(environment, "DB_PORT", &keys->port);
}

// Both databases know more names than the other: each takes its own.
Result<SslMode> ParseSslMode(const std::string& text, StorageConfig::Kind kind) {
  const bool mysql = kind == StorageConfig::Kind::kMysql;
  if (text.empty()) return mysql ? SslMode::kDisable : SslMode::kPrefer;
  if (mysql && text == "false") return SslMode::kDisable;
  if (mysql && text == "skip-verify") return SslMode::kRequire;
  if (text == "disable") return SslMode::kDisable;
  if (text == "allow") return SslMode::kAllow;
  if (text == "prefer") return SslMode::kPrefer;
  if (text == "require") return SslMode::kRequire;
  if (text == "verify-ca") return SslMode::kVerifyCa;
  if (text == "verify-full") return SslMode::kVerifyFull;
  return BadRequest("sslmode is invalid: '" + text + "' is none of " +
                    (mysql ? "false, skip-verify, " : "") +
                    "disable, allow, prefer, require, verify-ca, verify-full");
}

Result<uint16_t> ParsePort(std::string_view text) {
  uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size() || port == 0)
    return BadRequest("port: '" + std::string(text) + "' is no port");
  return port;
}

// "db.example", "db.example:5432", "[::1]:5432", "::1", "/run/postgresql".
Result<DatabaseHost> ParseHost(const std::string& text) {
  if (text.empty()) return BadRequest("hosts: a host is empty");
  if (text[0] == '/') return DatabaseHost{text, 0};
  const size_t colon = text.rfind(':');
  const bool bracket = text[0] == '[';
  if (bracket ? text.find(']') == std::string::npos : text.find(':') != colon)
    return bracket ? Result<DatabaseHost>(BadRequest("hosts: '" + text + "' has no ']'"))
                   : Result<DatabaseHost>(DatabaseHost{text, 0});
  const size_t end = bracket ? text.find(']') + 1 : std::min(colon, text.size());
  DatabaseHost host{bracket ? text.substr(1, end - 2) : text.substr(0, end), 0};
  if (end == text.size()) return host;
  if (text[end] != ':' || host.host.empty()) return BadRequest("hosts: '" + text + "' is no host");
  const Result<uint16_t> port = ParsePort(std::string_view(text).substr(end + 1));
  if (!port.ok()) return BadRequest("hosts: '" + text + "': " + port.status().message());
  host.port = *port;
  return host;
}

std::vector<std::string> SplitCommas(const std::string& text) {
  std::vector<std::string> parts;
  for (size_t start = 0; start <= text.size();) {
    const size_t end = std::min(text.find(',', start), text.size());
    parts.push_back(text.substr(start, end - start));
    start = end + 1;
  }
  return parts;
}

// `hosts`, or `host` and `port`, which both may be lists with commas as libpq has them.
Result<std::vector<DatabaseHost>> HostsOf(const StorageKeys& keys) {
  std::vector<DatabaseHost> hosts;
  if (!keys.hosts.empty() && !keys.host.empty())
    return BadRequest("give either host or hosts, not both");
  for (const std::string& text : keys.hosts) {
    Result<DatabaseHost> host = ParseHost(text);
    if (!host.ok()) return host.status();
    hosts.push_back(*std::move(host));
  }
  std::vector<uint16_t> ports;
  if (!keys.port.empty()) {
    for (const std::string& text : SplitCommas(keys.port)) {
      const Result<uint16_t> port = ParsePort(text);
      if (!port.ok()) return port.status();
      ports.push_back(*port);
    }
  }
  if (hosts.empty() && !keys.host.empty()) {
    for (std::string& name : SplitCommas(keys.host)) hosts.push_back({std::move(name), 0});
  } else if (hosts.empty() && !ports.empty()) {
    hosts.push_back({"localhost", 0});
  }
  if (ports.size() > 1 && ports.size() != hosts.size())
    return BadRequest("port: there must be one port, or one for each host");
  for (size_t i = 0; i < hosts.size() && !ports.empty(); ++i) {
    if (hosts[i].port == 0) hosts[i].port = ports[ports.size() == 1 ? 0 : i];
  }
  return hosts;
}

Status ApplyPool(const StorageKeys& keys, StorageConfig* config) {
  storage::ServerOptions& server = config->server;
  server.max_idle = keys.max_idle > 0 ? keys.max_idle : kDefaultIdle;
  server.max_open = keys.max_open > 0 ? keys.max_open : kDefaultOpen;
  server.max_lifetime = keys.max_lifetime;
  if (server.max_lifetime > milliseconds(0) && server.max_lifetime < kMinLifetime) {
    server.max_lifetime = kMinLifetime;
    config->warnings.push_back("connPool.connMaxLifetime is made one hour, the least there is");
  }
  if (server.max_open < server.max_idle)
    return BadRequest("connPool maxIdleConns is bigger than maxOpenConns: " +
                      std::to_string(server.max_idle) + " and " + std::to_string(server.max_open));
  if (keys.max_open > 1) config->sqlite_readers = keys.max_open - 1;
  return Status();
}

// "pedia.db", "file:/var/lib/pedia.db?cache=shared".
Status ApplySqlite(const StorageKeys& keys, StorageConfig* config) {
  if (keys.dsn.empty()) return BadRequest("sqlite: dsn is required");
  std::string path = keys.dsn;
  if (path.starts_with("file:")) {
    path = path.substr(5);
    if (const size_t question = path.find('?'); question != std::string::npos) {
      path.resize(question);
      config->warnings.push_back("the parameters of the dsn have no effect");
    }
    if (path.starts_with("//")) path = path.substr(2);
  }
  if (path.empty() || path == ":memory:")
    return BadRequest("sqlite: the dsn must name a file; a database in memory cannot be shared");
  config->sqlite_path = path;
  return Status();
}

Status ApplyServer(const StorageKeys& keys, const Environment& environment, StorageConfig* config) {
  storage::ServerOptions& server = config->server;
  const bool mysql = config->kind == StorageConfig::Kind::kMysql;
  server.recoverable_errors = mysql ? keys.mysql_errors : keys.postgres_errors;
  if (!keys.dsn.empty()) {
    server.dsn = keys.dsn;
    server.password = environment("DB_PASSWORD");
    if (mysql) server.ssl_mode = SslMode::kDisable;  // Unless the DSN says otherwise.
    return Status();
  }
  if (keys.database.empty())
    return BadRequest(std::string(mysql ? "mysql" : "postgres") + ": database name is required");
  Result<std::vector<DatabaseHost>> hosts = HostsOf(keys);
  if (!hosts.ok()) return hosts.status();
  const Result<SslMode> ssl_mode = ParseSslMode(keys.ssl_mode, config->kind);
  if (!ssl_mode.ok()) return ssl_mode.status();
  if (keys.ssl_cert_file.empty() != keys.ssl_key_file.empty())
    return BadRequest("sslCertFile and sslKeyFile need each other");
  server.hosts = *std::move(hosts);
  server.user = keys.user;
  server.password = keys.password;
  server.database = keys.database;
  server.ssl_mode = *ssl_mode;
  // As libpq has it: whoever names a CA wants it to count.
  if (*ssl_mode == SslMode::kRequire && !keys.ssl_root_cert_file.empty() &&
      keys.ssl_mode == "require") {
    server.ssl_mode = SslMode::kVerifyCa;
  }
  server.ssl_cert_file = keys.ssl_cert_file;
  server.ssl_key_file = keys.ssl_key_file;
  server.ssl_root_cert_file = keys.ssl_root_cert_file;
  server.params = keys.params;
  if (mysql) server.params.insert(keys.mysql_params.begin(), keys.mysql_params.end());
  return Status();
}

Result<StorageConfig> Build(const StorageKeys& keys, const Environment& environment) {
  StorageConfig config;
  config.warnings = keys.warnings;
  if (keys.query_timeout > milliseconds(0)) config.store.query_deadline = keys.query_timeout;
  if (Status status = ApplyPool(keys, &config); !status.ok()) return status;
  Status status;
  if (keys.type == "sqlite" || keys.type == "sqlite3") {
    status = ApplySqlite(keys, &config);
  } else if (keys.type == "postgres" || keys.type == "mysql") {
    config.kind =
        keys.type == "mysql" ? StorageConfig::Kind::kMysql : StorageConfig::Kind::kPostgres;
    status = ApplyServer(keys, environment, &config);
  } else if (keys.type.empty()) {
    status = BadRequest("type is required: mysql, postgres or sqlite");
  } else {
    status = BadRequest("not support storage type: " + keys.type);
  }
  if (!status.ok()) return status;
  return config;
}

}  // namespace

Result<StorageConfig> ParseStorageConfig(std::string_view yaml, const Environment& environment) {
  Result<StorageKeys> keys = ParseStorageKeys(yaml);
  if (!keys.ok()) return keys.status();
  ApplyEnvironment(environment, &*keys);
  return Build(*keys, environment);
}

Result<StorageConfig> ReadStorageConfig(const std::string& path) {
  if (path.empty()) return BadRequest("configPath should not be empty");
  const Result<std::string> text = ReadFile(path);
  if (!text.ok()) return text.status();
  Result<StorageConfig> config = ParseStorageConfig(*text, [](const char* name) {
    const char* value = std::getenv(name);
    return std::string(value == nullptr ? "" : value);
  });
  if (!config.ok()) return BadRequest(path + ": " + config.status().message());
  for (const std::string& warning : config->warnings) LogWarning(path + ": " + warning);
  return config;
}

StorageConfig DefaultStorageConfig(const std::string& data_directory) {
  StorageConfig config;
  config.sqlite_path = data_directory + "/pedia.db";
  return config;
}

Result<std::unique_ptr<storage::Database>> MakeDatabase(const StorageConfig& config) {
  switch (config.kind) {
    case StorageConfig::Kind::kPostgres:
      return storage::MakePostgresDatabase(config.server);
    case StorageConfig::Kind::kMysql:
      return storage::MakeMysqlDatabase(config.server);
    case StorageConfig::Kind::kSqlite:
      break;
  }
  return storage::MakeSqliteDatabase(config.sqlite_path, config.sqlite_readers);
}

Result<std::unique_ptr<storage::Store>> OpenStoreWhenThere(const StorageConfig& config,
                                                           const StopWait& wait) {
  const bool server = config.kind != StorageConfig::Kind::kSqlite;
  std::unique_ptr<storage::Database> database;
  for (int tries = 0;; ++tries) {
    if (!database) {
      auto made = MakeDatabase(config);
      if (!made.ok()) return made.status();
      database = *std::move(made);
    }
    // Apart from OpenStore, which takes the database away, so that the next try has the same one.
    Status status = database->Migrate();
    if (status.ok()) {
      const std::string name = database->name();
      auto store = storage::OpenStore(std::move(database), config.store);
      if (store.ok() && server) LogInfo("the store is in " + name);
      if (store.ok()) return store;
      status = store.status();
    }
    if (!server || status.reason() != StatusReason::kServiceUnavailable) return status;
    if (tries % kTriesPerLine == 0) LogWarning("waiting for the database: " + status.message());
    if (wait(kRetry)) return std::unique_ptr<storage::Store>();
  }
}

}  // namespace pedia::cmd
