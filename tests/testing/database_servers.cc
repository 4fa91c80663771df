#include "tests/testing/database_servers.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstring>
#include <fstream>
#include <iterator>
#include <stdexcept>

namespace pedia::testing {
namespace {

namespace fs = std::filesystem;

std::string ReadAll(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// 'text' in SQL, for servers that know no backslash escapes or with text that has no backslash.
std::string Quoted(const std::string& text) {
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? "''" : std::string(1, c);
  return quoted + "'";
}

// Debian's folders of PostgreSQL, the newest version first.
std::vector<std::string> PostgresFolders() {
  std::vector<std::pair<int, std::string>> versions;
  std::error_code none;
  for (const auto& entry : fs::directory_iterator("/usr/lib/postgresql", none))
    versions.emplace_back(std::atoi(entry.path().filename().c_str()), entry.path() / "bin");
  std::sort(versions.rbegin(), versions.rend());
  std::vector<std::string> folders;
  for (const auto& [version, folder] : versions) folders.push_back(folder);
  return folders;
}

bool Listens(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path)
    throw std::runtime_error("the folder for temporary files has too long a name for a socket");
  std::memcpy(address.sun_path, path.c_str(), path.size());
  const int file = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const bool listens = connect(file, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  close(file);
  return listens;
}

}  // namespace

DatabaseServer::DatabaseServer(DatabaseServerSettings settings, const UnprivilegedUser& user)
    : settings_(std::move(settings)), user_(user), folder_(user), port_(FreePort()) {}

void DatabaseServer::Start() {
  if (running()) return;
  process_.Start(Command(), user_, folder() / "log");
  WaitUntil(
      [&] {
        if (running()) return Ready();
        throw std::runtime_error("the database server ended at once:\n" + log());
      },
      "the database server to start:\n" + log());
}

void DatabaseServer::Stop() { process_.Stop(stop_signal()); }
void DatabaseServer::Kill() { process_.Kill(); }
void DatabaseServer::Freeze() { process_.Freeze(); }
void DatabaseServer::Thaw() { process_.Thaw(); }
std::string DatabaseServer::log() const { return ReadAll(folder() / "log"); }

storage::ServerOptions DatabaseServer::CreateDatabase(const std::string& name) {
  storage::ServerOptions options;
  options.hosts = {{"127.0.0.1", port_}};
  options.user = kTrustedUser;
  options.ssl_mode = storage::SslMode::kDisable;
  if (name.empty() && !free_.empty()) {
    options.database = std::move(free_.back());
    free_.pop_back();
    return options;
  }
  options.database = name.empty() ? "test_" + std::to_string(++databases_) : name;
  Sql(administration_database(), CreateDatabaseSql(options.database));
  return options;
}

void DatabaseServer::GiveBack(const std::string& name) {
  if (EmptyDatabaseSql().empty()) return DropDatabase(name);
  Sql(name, EmptyDatabaseSql());
  free_.push_back(name);
}

void DatabaseServer::DropDatabase(const std::string& name) {
  Sql(administration_database(), DropDatabaseSql(name));
}

PostgresServer::PostgresServer(DatabaseServerSettings settings)
    : DatabaseServer(std::move(settings), UnprivilegedUser::Find({"postgres", "nobody"})) {
  RunProgram({Program("initdb"), "-D", DataFolder(), "-U", kTrustedUser, "-A", "trust", "-E",
              "UTF8", "--locale=C.UTF-8", "--no-sync", "--no-instructions"},
             user_);
  WriteAccess();
  Start();
  Sql("postgres", std::string("CREATE ROLE ") + kPasswordUser + " LOGIN CREATEDB PASSWORD " +
                      Quoted(kPassword) +
                      " IN ROLE pg_read_all_data,pg_write_all_data; CREATE ROLE " + kCertifiedUser +
                      " LOGIN SUPERUSER");
}

PostgresServer::PostgresServer(const PostgresServer& primary,
                               const DatabaseServerSettings& settings)
    : DatabaseServer(settings, primary.user_) {
  RunProgram(
      {Program("pg_basebackup"), "-h", primary.socket(), "-p", std::to_string(primary.port()), "-U",
       kTrustedUser, "-D", DataFolder(), "-R", "-X", "stream", "-c", "fast", "--no-sync"},
      user_);
  Start();
}

// Not killed: that would leave a segment of shared memory behind for ever.
PostgresServer::~PostgresServer() {
  Thaw();
  process_.Stop(SIGQUIT, std::chrono::seconds(10));
}

std::string PostgresServer::Program(const std::string& name) const {
  static const std::vector<std::string> folders = PostgresFolders();
  return FindProgram(name, folders, "postgresql");
}

// The first line that matches a connection decides.
void PostgresServer::WriteAccess() {
  const std::string loopback = " 127.0.0.1/32 ";
  std::string lines = "local all " + std::string(kPasswordUser) + " scram-sha-256\n";
  lines += "local all all trust\nlocal replication all trust\n";
  if (settings_.tls.required) lines += "hostnossl all all" + loopback + "reject\n";
  lines += "hostssl all " + std::string(kCertifiedUser) + loopback + "trust clientcert=verify-ca\n";
  lines += "host all " + std::string(kCertifiedUser) + loopback + "reject\n";
  lines += "host all " + std::string(kPasswordUser) + loopback + "scram-sha-256\n";
  lines += "host all all" + loopback + "trust\n";
  folder_.Write("data/pg_hba.conf", lines);
}

std::vector<std::string> PostgresServer::Command() {
  std::map<std::string, std::string> settings = {{"port", std::to_string(port_)},
                                                 {"listen_addresses", "127.0.0.1"},
                                                 {"unix_socket_directories", folder()},
                                                 {"timezone", "UTC"},
                                                 {"fsync", "on"},
                                                 {"dynamic_shared_memory_type", "mmap"},
                                                 {"max_wal_size", "1GB"},
                                                 {"hot_standby_feedback", "on"},
                                                 {"wal_receiver_status_interval", "1s"}};
  if (!settings_.fsync) {
    settings["fsync"] = "off";
    settings["full_page_writes"] = "off";
  }
  if (!settings_.tls.certificate.empty()) {
    settings["ssl"] = "on";
    settings["ssl_cert_file"] = folder_.Write("server.crt", settings_.tls.certificate);
    settings["ssl_key_file"] = folder_.Write("server.key", settings_.tls.key);
    settings["ssl_ca_file"] = folder_.Write("ca.crt", settings_.tls.ca);
  }
  for (const auto& [name, value] : settings_.more) settings[name] = value;
  std::vector<std::string> command = {Program("postgres"), "-D", DataFolder()};
  for (const auto& [name, value] : settings) {
    command.push_back("-c");
    command.push_back(name + "=" + value);
  }
  return command;
}

// The eighth line of postmaster.pid says how far the server is; the first one which server it is.
bool PostgresServer::Ready() {
  const std::string text = ReadAll(DataFolder() / "postmaster.pid");
  if (std::atoi(text.c_str()) != process_.pid()) return false;
  size_t start = 0;
  for (int line = 1; line < 8; ++line) {
    start = text.find('\n', start);
    if (start == std::string::npos) return false;
    ++start;
  }
  return text.compare(start, 5, "ready") == 0 || text.compare(start, 7, "standby") == 0;
}

int PostgresServer::stop_signal() const { return SIGINT; }

std::string PostgresServer::CreateDatabaseSql(const std::string& name) const {
  return "CREATE DATABASE \"" + name + "\" OWNER " + kPasswordUser;
}

std::string PostgresServer::DropDatabaseSql(const std::string& name) const {
  return "DROP DATABASE \"" + name + "\" WITH (FORCE)";
}

std::string PostgresServer::EmptyDatabaseSql() const {
  return "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE "
         "datname=current_database() AND pid<>pg_backend_pid(); SET client_min_messages=warning; "
         "DROP SCHEMA public CASCADE; CREATE SCHEMA public; GRANT ALL ON SCHEMA public TO public";
}

std::string PostgresServer::Sql(const std::string& database, const std::string& sql) {
  std::string output =
      RunProgram({Program("psql"), "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", socket(),
                  "-p", std::to_string(port_), "-U", kTrustedUser, "-d", database, "-f", "-"},
                 user_, sql);
  return output;
}

std::unique_ptr<PostgresServer> PostgresServer::StartReplica() {
  return std::unique_ptr<PostgresServer>(new PostgresServer(*this, settings_));
}

void PostgresServer::Promote() { Sql("postgres", "SELECT pg_promote(true, 60)"); }

void PostgresServer::CatchUp(PostgresServer& primary) {
  std::string position = primary.Sql("postgres", "SELECT pg_current_wal_lsn()");
  position.pop_back();
  WaitUntil(
      [&] {
        return Sql("postgres", "SELECT pg_last_wal_replay_lsn() >= " + Quoted(position)) == "t\n";
      },
      "the replica to catch up");
}

MariadbServer::MariadbServer(DatabaseServerSettings settings)
    : DatabaseServer(std::move(settings), UnprivilegedUser::Find({"mysql", "nobody"})) {
  MakeDataFolder();
  Start();
  const std::string any = "@'%' ";
  RunProgram({FindProgram("mariadb", {"/usr/bin"}, "mariadb-client"), "--no-defaults",
              "--socket=" + socket(), "--user=root"},
             user_,
             "CREATE USER pedia" + any + "; GRANT ALL ON *.* TO pedia" + any +
                 "WITH GRANT OPTION; CREATE USER secured" + any + "IDENTIFIED BY " +
                 Quoted(kPassword) + "; GRANT ALL ON *.* TO secured" + any +
                 "; CREATE USER certified" + any + "REQUIRE X509; GRANT ALL ON *.* TO certified" +
                 any + ";");
}

// In memory where that is possible: the program waits for the disk hundreds of times.
void MariadbServer::MakeDataFolder() {
  const bool memory = access("/dev/shm", W_OK) == 0;
  const ServerFolder draft(user_, memory ? "/dev/shm" : fs::temp_directory_path());
  RunProgram(
      {FindProgram("mariadb-install-db", {"/usr/bin"}, "mariadb-server"), "--no-defaults",
       "--datadir=" + (draft.path() / "data").string(), "--auth-root-authentication-method=normal",
       // Servers that start at once take away each other's files in a common folder.
       "--tmpdir=" + draft.path().string(), "--skip-test-db", "--skip-name-resolve",
       "--innodb-log-file-size=8M"},
      user_);
  RunProgram({"/bin/cp", "-R", draft.path() / "data", DataFolder()}, user_);
}

std::vector<std::string> MariadbServer::Command() {
  std::map<std::string, std::string> settings = {{"datadir", DataFolder()},
                                                 {"tmpdir", folder()},
                                                 {"port", std::to_string(port_)},
                                                 {"bind-address", "127.0.0.1"},
                                                 {"socket", socket()},
                                                 {"pid-file", folder() / "pid"},
                                                 {"skip-name-resolve", "ON"},
                                                 {"skip-log-bin", ""},
                                                 {"innodb-buffer-pool-size", "256M"},
                                                 {"innodb-log-file-size", "64M"},
                                                 {"innodb-buffer-pool-dump-at-shutdown", "OFF"},
                                                 {"innodb-buffer-pool-load-at-startup", "OFF"},
                                                 {"default-time-zone", "+00:00"}};
  if (!settings_.fsync) {
    settings["innodb-flush-log-at-trx-commit"] = "2";
    settings["innodb-doublewrite"] = "0";
    settings["innodb-flush-method"] = "nosync";
    settings["sync-binlog"] = "0";
  }
  if (!settings_.tls.certificate.empty()) {
    settings["ssl-cert"] = folder_.Write("server.crt", settings_.tls.certificate);
    settings["ssl-key"] = folder_.Write("server.key", settings_.tls.key);
    settings["ssl-ca"] = folder_.Write("ca.crt", settings_.tls.ca);
    if (settings_.tls.required) settings["require-secure-transport"] = "ON";
  }
  for (const auto& [name, value] : settings_.more) settings[name] = value;
  std::vector<std::string> command = {FindProgram("mariadbd", {"/usr/sbin"}, "mariadb-server"),
                                      "--no-defaults"};
  for (const auto& [name, value] : settings)
    command.push_back("--" + name + (value.empty() ? "" : "=" + value));
  return command;
}

bool MariadbServer::Ready() { return Listens(socket()); }
int MariadbServer::stop_signal() const { return SIGTERM; }

std::string MariadbServer::CreateDatabaseSql(const std::string& name) const {
  return "CREATE DATABASE `" + name + "`";
}

std::string MariadbServer::DropDatabaseSql(const std::string& name) const {
  return "DROP DATABASE `" + name + "`";
}

std::string MariadbServer::Sql(const std::string& database, const std::string& sql) {
  std::vector<std::string> command = {FindProgram("mariadb", {"/usr/bin"}, "mariadb-client"),
                                      "--no-defaults",
                                      "--socket=" + socket(),
                                      "--user=" + std::string(kTrustedUser),
                                      "--batch",
                                      "--skip-column-names"};
  if (!database.empty()) command.push_back(database);
  std::string output = RunProgram(command, user_, sql);
  std::replace(output.begin(), output.end(), '\t', '|');
  return output;
}

PostgresServer& SharedPostgres() {
  static PostgresServer server;
  return server;
}

MariadbServer& SharedMariadb() {
  static MariadbServer server;
  return server;
}

}  // namespace pedia::testing
