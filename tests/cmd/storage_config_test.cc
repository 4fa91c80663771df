#include "cmd/storage_config.h"

#include <gmock/gmock.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>

#include "tests/testing/matchers.h"

namespace pedia::cmd {
namespace {

using ::pedia::testing::FailsWith;
using ::pedia::testing::IsOk;
using std::chrono::milliseconds;
using storage::SslMode;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;
using Kind = StorageConfig::Kind;

Result<StorageConfig> Parse(const std::string& yaml,
                            const std::map<std::string, std::string>& environment = {}) {
  return ParseStorageConfig(yaml, [&](const char* name) {
    const auto found = environment.find(name);
    return found == environment.end() ? std::string() : found->second;
  });
}

// Requires a valid configuration.
StorageConfig Parsed(const std::string& yaml,
                     const std::map<std::string, std::string>& environment = {}) {
  Result<StorageConfig> config = Parse(yaml, environment);
  EXPECT_THAT(config, IsOk());
  return config.ok() ? *std::move(config) : StorageConfig();
}

std::vector<std::string> Hosts(const StorageConfig& config) {
  std::vector<std::string> hosts;
  for (const storage::DatabaseHost& host : config.server.hosts)
    hosts.push_back(host.host + " " + std::to_string(host.port));
  return hosts;
}

TEST(ParseStorageConfigTest, ReadsEveryKeyOfAServer) {
  const StorageConfig config = Parsed(R"(
type: postgres
host: db.example
port: 5433
user: pedia
password: "00123"
database: inventory
sslMode: verify-full
sslCertFile: /tls/client.crt
sslKeyFile: /tls/client.key
sslRootCertFile: /tls/ca.crt
queryTimeout: 1m30s
connPool: {maxIdleConns: 3, maxOpenConns: 12, connMaxLifetime: 2h}
params: {application_name: pedia, keepalives: 1}
postgres: {recoverableErrCodes: ["53300", 57P03]}
)");
  EXPECT_EQ(config.kind, Kind::kPostgres);
  EXPECT_THAT(Hosts(config), ElementsAre("db.example 5433"));
  const storage::ServerOptions& server = config.server;
  EXPECT_EQ(server.user, "pedia");
  EXPECT_EQ(server.password, "00123");
  EXPECT_EQ(server.database, "inventory");
  EXPECT_EQ(server.ssl_mode, SslMode::kVerifyFull);
  EXPECT_EQ(server.ssl_cert_file, "/tls/client.crt");
  EXPECT_EQ(server.ssl_key_file, "/tls/client.key");
  EXPECT_EQ(server.ssl_root_cert_file, "/tls/ca.crt");
  EXPECT_EQ(config.store.query_deadline, milliseconds(90'000));
  EXPECT_EQ(server.max_idle, 3);
  EXPECT_EQ(server.max_open, 12);
  EXPECT_EQ(server.max_lifetime, std::chrono::hours(2));
  EXPECT_THAT(server.params,
              UnorderedElementsAre(Pair("application_name", "pedia"), Pair("keepalives", "1")));
  EXPECT_THAT(server.recoverable_errors, ElementsAre("53300", "57P03"));
  EXPECT_THAT(config.warnings, IsEmpty());
}

TEST(ParseStorageConfigTest, HasTheDefaultsOfClusterpedia) {
  const StorageConfig config = Parsed("{type: mysql, database: d}");
  EXPECT_EQ(config.kind, Kind::kMysql);
  EXPECT_THAT(config.server.hosts, IsEmpty());
  EXPECT_EQ(config.server.max_idle, 5);
  EXPECT_EQ(config.server.max_open, 40);
  EXPECT_EQ(config.server.max_lifetime, milliseconds(0));
  EXPECT_EQ(config.server.ssl_mode, SslMode::kDisable);
  EXPECT_EQ(config.store.query_deadline, milliseconds(300'000));
  EXPECT_EQ(Parsed("{type: postgres, database: d}").server.ssl_mode, SslMode::kPrefer);
}

TEST(ParseStorageConfigTest, TakesTheEnvironmentBeforeTheFile) {
  const StorageConfig config =
      Parsed("{type: sqlite, dsn: '', hosts: [old], user: u, password: p, database: d}",
             {{"DB_TYPE", "mysql"},
              {"DB_HOST", "db"},
              {"DB_PORT", "3307"},
              {"DB_USER", "eu"},
              {"DB_PASSWORD", "ep"},
              {"DB_DATABASE", "ed"},
              {"DB_NETWORK", "tcp"}});
  EXPECT_EQ(config.kind, Kind::kMysql);
  EXPECT_THAT(Hosts(config), ElementsAre("db 3307"));
  EXPECT_EQ(config.server.user, "eu");
  EXPECT_EQ(config.server.password, "ep");
  EXPECT_EQ(config.server.database, "ed");
}

TEST(ParseStorageConfigTest, IsCompleteWithTheEnvironmentAlone) {
  EXPECT_EQ(Parsed("", {{"DB_TYPE", "sqlite3"}, {"DB_DSN", "x.db"}}).sqlite_path, "x.db");
}

TEST(ParseStorageConfigTest, IgnoresOtherKeysBesideADsn) {
  const StorageConfig config = Parsed(
      "{type: postgres, dsn: 'host=a user=b', host: x, user: y, password: file, sslMode: nonsense}",
      {{"DB_PASSWORD", "secret"}});
  EXPECT_EQ(config.server.dsn, "host=a user=b");
  EXPECT_EQ(config.server.password, "secret");
  EXPECT_EQ(config.server.user, "");
  EXPECT_THAT(config.server.hosts, IsEmpty());
}

TEST(ParseStorageConfigTest, ReadsHostsInEachOfTheirSpellings) {
  const auto hosts = [](const std::string& lines) {
    return Hosts(Parsed("{type: postgres, database: d, " + lines + "}"));
  };
  EXPECT_THAT(hosts("hosts: [db1, 'db2:6000', '[::1]:7', '[::2]', '::3', /run/postgresql]"),
              ElementsAre("db1 0", "db2 6000", "::1 7", "::2 0", "::3 0", "/run/postgresql 0"));
  EXPECT_THAT(hosts("hosts: [db1, 'db2:6000'], port: 5433"), ElementsAre("db1 5433", "db2 6000"));
  EXPECT_THAT(hosts("host: 'a,b', port: '1,2'"), ElementsAre("a 1", "b 2"));
  EXPECT_THAT(hosts("host: 'a,b', port: 9"), ElementsAre("a 9", "b 9"));
  EXPECT_THAT(hosts("host: '::1'"), ElementsAre("::1 0"));
  EXPECT_THAT(hosts("port: 9"), ElementsAre("localhost 9"));
}

TEST(ParseStorageConfigTest, KnowsTheTlsModesOfBothDatabases) {
  const auto mode = [](const char* type, const std::string& text, const char* more = "") {
    return Parsed(std::string("{type: ") + type + ", database: d, sslMode: " + text + more + "}")
        .server.ssl_mode;
  };
  EXPECT_EQ(mode("mysql", "'false'"), SslMode::kDisable);
  EXPECT_EQ(mode("mysql", "false"), SslMode::kDisable);
  EXPECT_EQ(mode("mysql", "skip-verify"), SslMode::kRequire);
  EXPECT_EQ(mode("mysql", "skip-verify", ", sslRootCertFile: ca"), SslMode::kRequire);
  for (const char* type : {"mysql", "postgres"}) {
    EXPECT_EQ(mode(type, "disable"), SslMode::kDisable);
    EXPECT_EQ(mode(type, "allow"), SslMode::kAllow);
    EXPECT_EQ(mode(type, "prefer"), SslMode::kPrefer);
    EXPECT_EQ(mode(type, "require"), SslMode::kRequire);
    EXPECT_EQ(mode(type, "require", ", sslRootCertFile: ca"), SslMode::kVerifyCa);
    EXPECT_EQ(mode(type, "verify-ca"), SslMode::kVerifyCa);
    EXPECT_EQ(mode(type, "verify-full"), SslMode::kVerifyFull);
  }
}

TEST(ParseStorageConfigTest, HandsOnWhatMeansSomethingToMysqlAndWarnsOfTheRest) {
  const StorageConfig config = Parsed(R"(
type: mysql
database: d
mysql:
  dialTimeout: 3s
  readTimeout: 500ms
  writeTimeout: 2000000000
  maxAllowedPacket: 1048576
  allowCleartextPasswords: true
  parseTime: true
  serverPubKey:
  loc: Local
  recoverableErrNumbers: [1040, 1158]
log: {stdout: true, level: Info, slowThreshold: 1s, logger: {filename: /x, maxsize: 1}}
metrics: {disable: true}
)");
  EXPECT_THAT(
      config.server.params,
      UnorderedElementsAre(Pair("dialTimeout", "3000ms"), Pair("readTimeout", "500ms"),
                           Pair("writeTimeout", "2000ms"), Pair("maxAllowedPacket", "1048576"),
                           Pair("allowCleartextPasswords", "true")));
  EXPECT_THAT(config.server.recoverable_errors, ElementsAre("1040", "1158"));
  EXPECT_THAT(
      config.warnings,
      ElementsAre("mysql.parseTime has no effect in pedia", "mysql.loc has no effect in pedia",
                  "log has no effect in pedia", "metrics.disable has no effect in pedia"));
}

TEST(ParseStorageConfigTest, MakesAShortLifetimeOneHour) {
  const StorageConfig config =
      Parsed("{type: mysql, database: d, connPool: {connMaxLifetime: 5m, maxIdleConns: -1}}");
  EXPECT_EQ(config.server.max_lifetime, std::chrono::hours(1));
  EXPECT_EQ(config.server.max_idle, 5);
  EXPECT_THAT(config.warnings, ElementsAre(HasSubstr("connMaxLifetime")));
}

TEST(ParseStorageConfigTest, ReadsPathsOfSqlite) {
  EXPECT_EQ(Parsed("{type: sqlite, dsn: /a/b.db}").sqlite_path, "/a/b.db");
  EXPECT_EQ(Parsed("{type: sqlite3, dsn: 'file:/a/b.db?cache=shared'}").sqlite_path, "/a/b.db");
  EXPECT_EQ(Parsed("{type: sqlite, dsn: 'file:///a/b.db'}").sqlite_path, "/a/b.db");
  EXPECT_EQ(Parsed("{type: sqlite, dsn: a, connPool: {maxOpenConns: 17}}").sqlite_readers, 16);
}

struct Rejected {
  const char* yaml;
  const char* message;
};
class RejectedStorageConfigTest : public ::testing::TestWithParam<Rejected> {};

TEST_P(RejectedStorageConfigTest, SaysWhatIsWrong) {
  EXPECT_THAT(Parse(GetParam().yaml),
              FailsWith(StatusReason::kBadRequest, std::string(GetParam().message)));
}

INSTANTIATE_TEST_SUITE_P(
    Rows, RejectedStorageConfigTest,
    ::testing::Values(
        Rejected{"", "type is required: mysql, postgres or sqlite"},
        Rejected{"type: oracle", "not support storage type: oracle"},
        Rejected{"type: sqlite", "sqlite: dsn is required"},
        Rejected{"{type: sqlite, dsn: ':memory:'}",
                 "sqlite: the dsn must name a file; a database in memory cannot be shared"},
        Rejected{"type: mysql", "mysql: database name is required"},
        Rejected{"type: postgres", "postgres: database name is required"},
        Rejected{"- a", "must be a map"},
        Rejected{"type: postgres\nhots: x", "line 2: unknown key 'hots'"},
        Rejected{"type: postgres\npartitions: 8",
                 "line 2: partitions: the tables are not partitioned: every read would cost more, "
                 "see ARCHITECTURE.md"},
        Rejected{"mysql:\n  timeOut: 1s", "line 2: unknown key 'mysql.timeOut'"},
        Rejected{"log:\n  logger: {maxSize: 1}", "line 2: unknown key 'log.logger.maxSize'"},
        Rejected{"password: [hunter2]", "line 1: password: must be a string"},
        Rejected{"connPool: 5", "line 1: connPool: must be a map"},
        Rejected{"connPool: {maxOpenConns: many}",
                 "line 1: connPool.maxOpenConns: must be a number"},
        Rejected{"connPool:\n  connMaxLifetime: 5 minutes",
                 "line 2: connPool.connMaxLifetime: must be a duration, as in '30s' or '1h'"},
        Rejected{"queryTimeout: -5s",
                 "line 1: queryTimeout: must be a duration, as in '30s' or '1h'"},
        Rejected{"log: {level: info}",
                 "line 1: log.level: log level must be one of [Silent, Error, Warn, Info], Default "
                 "is 'Warn'"},
        Rejected{"{type: mysql, database: d, connPool: {maxOpenConns: 4}}",
                 "connPool maxIdleConns is bigger than maxOpenConns: 5 and 4"},
        Rejected{"{type: postgres, database: d, sslMode: skip-verify}",
                 "sslmode is invalid: 'skip-verify' is none of disable, allow, prefer, require, "
                 "verify-ca, verify-full"},
        Rejected{"{type: mysql, database: d, sslCertFile: x}",
                 "sslCertFile and sslKeyFile need each other"},
        Rejected{"{type: mysql, database: d, host: a, hosts: [b]}",
                 "give either host or hosts, not both"},
        Rejected{"{type: mysql, database: d, port: 70000}", "port: '70000' is no port"},
        Rejected{"{type: mysql, database: d, hosts: ['a:x']}",
                 "hosts: 'a:x': port: 'x' is no port"},
        Rejected{"{type: mysql, database: d, hosts: ['[::1']}", "hosts: '[::1' has no ']'"},
        Rejected{"{type: mysql, database: d, hosts: ['']}", "hosts: a host is empty"},
        Rejected{"{type: mysql, database: d, host: 'a,b', port: '1,2,3'}",
                 "port: there must be one port, or one for each host"},
        Rejected{"params: {x: [1]}", "line 1: params: 'x' must be a string"}));

TEST(ParseStorageConfigTest, NeverQuotesPasswordsOrDsns) {
  for (const char* yaml : {"{type: x, password: hunter2}", "{type: mysql, password: hunter2}",
                           "type: mysql\ndsn: u:hunter2@tcp(h)/d\nnope: 1",
                           "{password: hunter2, port: 0, type: mysql, database: d}"}) {
    const Result<StorageConfig> config = Parse(yaml);
    ASSERT_FALSE(config.ok()) << yaml;
    EXPECT_THAT(config.status().message(), Not(HasSubstr("hunter2")));
  }
}

class ReadStorageConfigTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = std::filesystem::temp_directory_path() / "pedia-config-XXXXXX";
    root_ = mkdtemp(name.data());
  }
  void TearDown() override { std::filesystem::remove_all(root_); }
  std::string Write(const std::string& text) {
    std::ofstream(root_ / "storage.yaml") << text;
    return root_ / "storage.yaml";
  }
  std::filesystem::path root_;
};

TEST_F(ReadStorageConfigTest, NamesTheFile) {
  const std::string file = Write("type: x");
  EXPECT_THAT(ReadStorageConfig(file),
              FailsWith(StatusReason::kBadRequest, file + ": not support storage type: x"));
  EXPECT_THAT(ReadStorageConfig(""),
              FailsWith(StatusReason::kBadRequest, "configPath should not be empty"));
  const auto missing = ReadStorageConfig(root_ / "missing.yaml");
  ASSERT_FALSE(missing.ok());
  EXPECT_THAT(missing.status().message(), HasSubstr("missing.yaml"));
}

TEST_F(ReadStorageConfigTest, MakesADatabaseOfEachKind) {
  for (const std::string type : {"postgres", "mysql"}) {
    const auto config = ReadStorageConfig(
        Write("{type: " + type +
              ", host: db.example, port: 77, user: u, password: hunter2, database: d}"));
    ASSERT_THAT(config, IsOk());
    const auto database = MakeDatabase(*config);
    ASSERT_THAT(database, IsOk());
    EXPECT_THAT((*database)->name(), AllOf(HasSubstr("db.example"), Not(HasSubstr("hunter2"))));
    EXPECT_GE((*database)->max_readers(), 1);
  }
  const auto config =
      ReadStorageConfig(Write("{type: sqlite, dsn: " + (root_ / "x.db").string() + "}"));
  ASSERT_THAT(config, IsOk());
  const auto database = MakeDatabase(*config);
  ASSERT_THAT(database, IsOk());
  EXPECT_THAT((*database)->name(), HasSubstr("x.db"));
}

TEST_F(ReadStorageConfigTest, GivesUpWaitingForADatabaseWhenToldTo) {
  const auto config = ReadStorageConfig(
      Write("{type: postgres, host: 127.0.0.1, port: 1, user: u, password: hunter2, database: d}"));
  ASSERT_THAT(config, IsOk());
  int waits = 0;
  const auto store = OpenStoreWhenThere(*config, [&](milliseconds) { return ++waits == 3; });
  ASSERT_THAT(store, IsOk());
  EXPECT_EQ(*store, nullptr);
  EXPECT_EQ(waits, 3);
}

}  // namespace
}  // namespace pedia::cmd
