// Database servers of a test's own: PostgreSQL and MariaDB from Debian's packages, on a free port of
// 127.0.0.1 and a Unix socket, in a temporary folder.
//
//   const storage::ServerOptions options = SharedPostgres().CreateDatabase();
//
// Failures, missing programs included, are thrown as std::runtime_error, which fails the test.
#pragma once
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "storage/database_options.h"
#include "tests/testing/server_process.h"

namespace pedia::testing {

// Users of every server, from 127.0.0.1 and the socket.
inline constexpr char kTrustedUser[] = "pedia";        // Administrator, without a password.
inline constexpr char kPasswordUser[] = "secured";     // May use and make all databases, with
inline constexpr char kPassword[] = "s3cr#t p'w\"d";   // this password.
inline constexpr char kCertifiedUser[] = "certified";  // Only by TLS with a client certificate of
                                                       // the CA.

struct TlsSettings {
  std::string certificate;  // PEM, of the server.
  std::string key;          // PEM
  std::string ca;           // PEM, of the certificates of clients.
  bool required = false;    // Connections over TCP without TLS are refused.
};

struct DatabaseServerSettings {
  bool fsync = false;  // Without, only a crash of the whole machine loses data.
  TlsSettings tls;     // None if empty.
  // Further settings by name, e.g. {"max_connections", "5"}.
  std::map<std::string, std::string> more;
};

// One thread, which must live as long as the process.
class DatabaseServer {
 public:
  virtual ~DatabaseServer() = default;
  DatabaseServer(const DatabaseServer&) = delete;
  DatabaseServer& operator=(const DatabaseServer&) = delete;

  // A constructed server runs. The port remains the same for ever.
  void Start();
  void Stop();  // In order; open connections are ended.
  void Kill();  // As by a crash.
  void Restart() { Stop(), Start(); }
  void Freeze();  // SIGSTOP: connections stay open and nobody answers.
  void Thaw();
  bool running() { return process_.running(); }

  // Makes an empty database and says how kTrustedUser reaches it over TCP, without TLS. The name is
  // one of its own if none is given.
  storage::ServerOptions CreateDatabase(const std::string& name = "");
  void DropDatabase(const std::string& name);  // Its connections end.
  // Ends its connections and removes what is in it; CreateDatabase() may give it to another test,
  // which is cheaper than a new one.
  void GiveBack(const std::string& name);
  // Runs SQL as the administrator, and returns what it gives: a line per row, '|' between columns.
  virtual std::string Sql(const std::string& database, const std::string& sql) = 0;

  uint16_t port() const { return port_; }
  // What DatabaseHost::host takes for the Unix socket: its folder (PostgreSQL) or file (MariaDB).
  virtual std::string socket() const = 0;
  std::string log() const;  // What the server has written.
  const std::filesystem::path& folder() const { return folder_.path(); }

 protected:
  DatabaseServer(DatabaseServerSettings settings, const UnprivilegedUser& user);
  virtual std::vector<std::string> Command() = 0;
  virtual bool Ready() = 0;
  virtual int stop_signal() const = 0;
  virtual std::string CreateDatabaseSql(const std::string& name) const = 0;
  virtual std::string DropDatabaseSql(const std::string& name) const = 0;
  // Empties the database it runs in; "" if making a new one is as cheap.
  virtual std::string EmptyDatabaseSql() const { return ""; }
  virtual std::string administration_database() const = 0;
  std::filesystem::path DataFolder() const { return folder_.path() / "data"; }

  DatabaseServerSettings settings_;
  UnprivilegedUser user_;
  ServerFolder folder_;
  ServerProcess process_;
  uint16_t port_;

 private:
  int databases_ = 0;
  std::vector<std::string> free_;  // Empty databases.
};

class PostgresServer : public DatabaseServer {
 public:
  explicit PostgresServer(DatabaseServerSettings settings = {});
  ~PostgresServer() override;

  // A streaming replica, asynchronous, on a port of its own; it answers reads only.
  std::unique_ptr<PostgresServer> StartReplica();
  void Promote();  // Makes a replica a primary; returns when it takes writes.
  // Waits until this replica has replayed all that `primary` has written.
  void CatchUp(PostgresServer& primary);

  std::string Sql(const std::string& database, const std::string& sql) override;
  std::string socket() const override { return folder().string(); }

 private:
  PostgresServer(const PostgresServer& primary, const DatabaseServerSettings& settings);
  std::string Program(const std::string& name) const;
  void WriteAccess();
  std::vector<std::string> Command() override;
  bool Ready() override;
  int stop_signal() const override;
  std::string CreateDatabaseSql(const std::string& name) const override;
  std::string DropDatabaseSql(const std::string& name) const override;
  std::string EmptyDatabaseSql() const override;
  std::string administration_database() const override { return "postgres"; }
};

class MariadbServer : public DatabaseServer {
 public:
  explicit MariadbServer(DatabaseServerSettings settings = {});

  std::string Sql(const std::string& database, const std::string& sql) override;
  std::string socket() const override { return (folder() / "socket").string(); }

 private:
  void MakeDataFolder();
  std::vector<std::string> Command() override;
  bool Ready() override;
  int stop_signal() const override;
  std::string CreateDatabaseSql(const std::string& name) const override;
  std::string DropDatabaseSql(const std::string& name) const override;
  std::string administration_database() const override { return ""; }
};

// One server for all tests of a process that change nothing of the server itself; it starts when
// first asked for (1 to 2 seconds). Tests that stop or freeze a server start their own.
PostgresServer& SharedPostgres();
MariadbServer& SharedMariadb();

}  // namespace pedia::testing
