#include "storage/postgres_database.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <thread>

#include "certs/key_pair.h"
#include "tests/testing/database_servers.h"
#include "tests/testing/matchers.h"

namespace pedia::storage {
namespace {

using pedia::testing::FailsWith;
using pedia::testing::IsOk;
using pedia::testing::PostgresServer;
using pedia::testing::SharedPostgres;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;
using std::chrono::seconds;
using enum Database::Role;

std::unique_ptr<Database> Make(const ServerOptions& options) {
  Result<std::unique_ptr<Database>> database = MakePostgresDatabase(options);
  EXPECT_THAT(database, IsOk());
  return *std::move(database);
}

// What a connection made anew says, "" if there is none.
std::string Ask(Database& database, Database::Role role, const std::string& sql) {
  const Result<std::unique_ptr<SqlConnection>> connection = database.Connect(role);
  EXPECT_THAT(connection, IsOk());
  if (!connection.ok()) return "";
  SqlStatement statement = (*connection)->Prepare(sql);
  EXPECT_TRUE(statement.Step()) << statement.status().ToString();
  return std::string(statement.Text(0));
}

constexpr char kPort[] = "SELECT setting FROM pg_settings WHERE name='port'";

template <typename Condition>
bool Eventually(Condition condition) {
  const auto give_up = Clock::now() + seconds(30);
  while (!condition()) {
    if (Clock::now() > give_up) return false;
    std::this_thread::sleep_for(milliseconds(20));
  }
  return true;
}

TEST(PostgresDatabaseTest, MigratesOnce) {
  const ServerOptions options = SharedPostgres().CreateDatabase();
  const std::unique_ptr<Database> database = Make(options);
  ASSERT_THAT(database->Migrate(), IsOk());
  SharedPostgres().Sql(options.database, "UPDATE meta SET revision=5");
  ASSERT_THAT(database->Migrate(), IsOk());
  EXPECT_EQ(SharedPostgres().Sql(options.database,
                                 "SELECT schema_version,revision,encoded_to,next_object FROM meta"),
            "5|5|0|1\n");
  EXPECT_GT(database->SizeBytes(), 1'000'000);
  EXPECT_THAT(database->name(), HasSubstr(options.database));
  EXPECT_FALSE(database->has_replicas());
}

TEST(PostgresDatabaseTest, FiveProcessesMigrateAtTheSameTime) {
  const ServerOptions options = SharedPostgres().CreateDatabase();
  int start[2];
  ASSERT_EQ(pipe(start), 0);
  std::vector<pid_t> children;
  for (int i = 0; i < 5; ++i) {
    const pid_t child = fork();
    if (child == 0) {
      char go;
      close(start[1]);
      if (read(start[0], &go, 1) < 0) _exit(2);
      const Status status = Make(options)->Migrate();
      if (!status.ok()) fprintf(stderr, "%s\n", status.ToString().c_str());
      _exit(status.ok() ? 0 : 1);
    }
    children.push_back(child);
  }
  close(start[0]);
  close(start[1]);  // All of them read the end.
  for (const pid_t child : children) {
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFEXITED(status));
    EXPECT_EQ(WEXITSTATUS(status), 0);
  }
  EXPECT_EQ(SharedPostgres().Sql(options.database, "SELECT count(*),min(schema_version) FROM meta"),
            "1|5\n");
}

TEST(PostgresDatabaseTest, ADatabaseOfVersion3KeepsAllRowsAndGetsTheNewTables) {
  const ServerOptions options = SharedPostgres().CreateDatabase();
  const auto sql = [&](const char* text) { return SharedPostgres().Sql(options.database, text); };
  ASSERT_THAT(Make(options)->Migrate(), IsOk());
  sql("DROP TABLE documents,cluster_documents,claims; ALTER TABLE meta DROP COLUMN last_claim");
  sql("UPDATE meta SET schema_version=3,revision=7");
  ASSERT_THAT(Make(options)->Migrate(), IsOk());
  EXPECT_EQ(sql("SELECT schema_version,revision FROM meta"), "5|7\n");
  EXPECT_EQ(sql("SELECT count(*) FROM documents"), "0\n");
  EXPECT_EQ(sql("SELECT count(*) FROM cluster_documents"), "0\n");
}

TEST(PostgresDatabaseTest, ADatabaseOfVersion4GetsTheClaims) {
  const ServerOptions options = SharedPostgres().CreateDatabase();
  const auto sql = [&](const char* text) { return SharedPostgres().Sql(options.database, text); };
  ASSERT_THAT(Make(options)->Migrate(), IsOk());
  sql("DROP TABLE claims; ALTER TABLE meta DROP COLUMN last_claim");
  sql("UPDATE meta SET schema_version=4,revision=7");
  ASSERT_THAT(Make(options)->Migrate(), IsOk());
  EXPECT_EQ(sql("SELECT schema_version,revision,last_claim FROM meta"), "5|7|0\n");
  EXPECT_EQ(sql("SELECT count(*) FROM claims"), "0\n");
}

TEST(PostgresDatabaseTest, RefusesTheSchemaOfANewerPedia) {
  const ServerOptions options = SharedPostgres().CreateDatabase();
  const std::unique_ptr<Database> database = Make(options);
  ASSERT_THAT(database->Migrate(), IsOk());
  SharedPostgres().Sql(options.database, "UPDATE meta SET schema_version=4711");
  EXPECT_THAT(database->Migrate(),
              FailsWith(StatusReason::kInternalError,
                        AllOf(HasSubstr(options.database), HasSubstr("4711"), HasSubstr("newer"))));
}

TEST(PostgresDatabaseTest, SaysWhyItCannotMigrate) {
  const ServerOptions options = SharedPostgres().CreateDatabase();
  SharedPostgres().Sql(options.database, "CREATE TABLE bodies(x int)");
  EXPECT_THAT(Make(options)->Migrate(), FailsWith(StatusReason::kInternalError,
                                                  AllOf(HasSubstr(options.database),
                                                        HasSubstr("\"bodies\" already exists"))));
  // Nothing was left half made.
  EXPECT_EQ(SharedPostgres().Sql(options.database,
                                 "SELECT count(*) FROM pg_tables WHERE tablename='meta'"),
            "0\n");
}

TEST(PostgresDatabaseTest, TellsRefusalsFromAServerThatIsNotThereYet) {
  ServerOptions options = SharedPostgres().CreateDatabase();
  ServerOptions wrong = options;
  wrong.database = "nobody_made_this";
  EXPECT_THAT(Make(wrong)->Migrate(), FailsWith(StatusReason::kInternalError,
                                                HasSubstr("\"nobody_made_this\" does not exist")));
  wrong = options;
  wrong.user = pedia::testing::kPasswordUser;
  wrong.password = "guessed";
  const Status refused = Make(wrong)->Migrate();
  EXPECT_THAT(refused, FailsWith(StatusReason::kInternalError,
                                 AllOf(HasSubstr("password"), Not(HasSubstr("guessed")))));
  wrong.password = pedia::testing::kPassword;
  EXPECT_THAT(Make(wrong)->Connect(kReader), IsOk());
  wrong = options;
  wrong.hosts[0].port = 1;
  EXPECT_THAT(Make(wrong)->Migrate(),
              FailsWith(StatusReason::kServiceUnavailable, HasSubstr("refused")));
}

TEST(PostgresDatabaseTest, AnUnknownParameterOfTheServerIsAnError) {
  ServerOptions options = SharedPostgres().CreateDatabase();
  options.params = {{"no_such_setting", "1"}};
  EXPECT_THAT(Make(options)->Connect(kReader),
              FailsWith(StatusReason::kInternalError, HasSubstr("no_such_setting")));
  options.params = {{"search_path", "other,public"}};
  EXPECT_EQ(Ask(*Make(options), kReader, "SHOW search_path"), "other,public");
}

TEST(PostgresDatabaseTest, WaitsNoLongerThanItIsTold) {
  PostgresServer server;
  ServerOptions options = server.CreateDatabase();
  options.connect_timeout = milliseconds(300);
  server.Freeze();
  const auto start = Clock::now();
  EXPECT_THAT(Make(options)->Connect(kReader),
              FailsWith(StatusReason::kServiceUnavailable, HasSubstr("does not answer")));
  EXPECT_LT(Clock::now() - start, seconds(30));
  server.Thaw();
}

TEST(PostgresDatabaseTest, WritesToThePrimaryAndReadsFromReplicas) {
  PostgresServer primary;
  ServerOptions options = primary.CreateDatabase();
  const std::unique_ptr<PostgresServer> replica = primary.StartReplica();
  options.hosts = {{"127.0.0.1", replica->port()}, {"127.0.0.1", primary.port()}};
  const std::unique_ptr<Database> database = Make(options);
  ASSERT_THAT(database->Migrate(), IsOk());
  replica->CatchUp(primary);
  EXPECT_TRUE(database->has_replicas());
  const std::string primary_port = std::to_string(primary.port());
  const std::string replica_port = std::to_string(replica->port());
  EXPECT_EQ(Ask(*database, kWriter, kPort), primary_port);
  EXPECT_EQ(Ask(*database, kPrimaryReader, kPort), primary_port);
  EXPECT_EQ(Ask(*database, kReader, kPort), replica_port);
  const Result<std::unique_ptr<SqlConnection>> reader = database->Connect(kReader);
  ASSERT_THAT(reader, IsOk());
  EXPECT_THAT((*reader)->BeginRead(), IsOk());

  // Without its replica, the primary reads; without a primary, nobody writes.
  replica->Kill();
  EXPECT_EQ(Ask(*database, kReader, kPort), primary_port);
  replica->Start();
  primary.Kill();
  EXPECT_THAT(database->Connect(kWriter),
              FailsWith(StatusReason::kServiceUnavailable, HasSubstr("")));
  EXPECT_EQ(Ask(*database, kReader, kPort), replica_port);
  replica->Promote();
  EXPECT_EQ(Ask(*database, kWriter, kPort), replica_port);
}

TEST(PostgresDatabaseTest, AReplicaIsNoPrimary) {
  PostgresServer primary;
  ServerOptions options = primary.CreateDatabase();
  const std::unique_ptr<PostgresServer> replica = primary.StartReplica();
  options.hosts = {{"127.0.0.1", replica->port()}};
  EXPECT_THAT(Make(options)->Migrate(),
              FailsWith(StatusReason::kServiceUnavailable, HasSubstr("read-only")));
}

TEST(PostgresDatabaseTest, VacuumsAfterALoad) {
  const ServerOptions options = SharedPostgres().CreateDatabase();
  const std::unique_ptr<Database> database = Make(options);
  ASSERT_THAT(database->Migrate(), IsOk());
  Result<std::unique_ptr<SqlConnection>> writer = database->Connect(kWriter);
  ASSERT_THAT(writer, IsOk());
  ASSERT_THAT((*writer)->BeginWrite(), IsOk());
  std::vector<SqlParameter> rows;
  std::vector<std::string> okeys;
  okeys.reserve(210'000);
  for (int64_t i = 0; i < 210'000; ++i)
    rows.insert(rows.end(),
                {i % 3, TextView{"v"}, TextView{okeys.emplace_back(std::to_string(i))}, i});
  ASSERT_THAT((*writer)->Insert(kEntriesTable, rows), IsOk());
  ASSERT_THAT((*writer)->Commit(), IsOk());
  const auto is = [&](const std::string& condition) {
    return SharedPostgres().Sql(options.database,
                                "SELECT " + condition + " FROM pg_class WHERE relname='entries'") ==
           "t\n";
  };
  EXPECT_TRUE(Eventually([&] { return is("reltuples=210000"); }));
  EXPECT_TRUE(is("relallvisible=0"));
  database->Tidy(**writer);
  EXPECT_TRUE(Eventually([&] { return is("relallvisible=relpages"); }));
}

class PostgresTlsTest : public ::testing::Test {
 protected:
  PostgresTlsTest()
      : folder_(std::filesystem::path(::testing::TempDir()) /
                ("pedia-tls-" + std::to_string(getpid()))) {
    std::filesystem::create_directories(folder_);
    ca_ = *certs::MakeCertificateAuthority("test CA", 3600);
    const certs::KeyPair other = *certs::MakeCertificateAuthority("another CA", 3600);
    const certs::KeyPair pair = *certs::IssueCertificate(ca_, {.common_name = "db",
                                                               .organizations = {},
                                                               .dns_names = {"localhost"},
                                                               .ip_addresses = {},
                                                               .usage = certs::Usage::kServer});
    const certs::KeyPair client = *certs::IssueCertificate(ca_, {.common_name = "certified",
                                                                 .organizations = {},
                                                                 .dns_names = {},
                                                                 .ip_addresses = {},
                                                                 .usage = certs::Usage::kClient});
    Write("ca.crt", ca_.certificate_pem);
    Write("other.crt", other.certificate_pem);
    Write("client.crt", client.certificate_pem);
    Write("client.key", client.key_pem);
    pedia::testing::DatabaseServerSettings settings;
    settings.tls = {pair.certificate_pem, pair.key_pem, ca_.certificate_pem, /*required=*/true};
    server_ = std::make_unique<PostgresServer>(settings);
    options_ = server_->CreateDatabase();
    options_.connect_timeout = seconds(5);
  }
  ~PostgresTlsTest() override { std::filesystem::remove_all(folder_); }

  void Write(const std::string& name, const std::string& text) {
    std::ofstream(folder_ / name) << text;
    std::filesystem::permissions(folder_ / name, std::filesystem::perms::owner_read);
  }
  Status Connect(SslMode mode, const std::string& root = "",
                 const std::string& host = "127.0.0.1") {
    ServerOptions options = options_;
    options.ssl_mode = mode;
    if (!root.empty()) options.ssl_root_cert_file = folder_ / root;
    options.hosts[0].host = host;
    return pedia::testing::ToStatus(Make(options)->Connect(kReader));
  }

  std::filesystem::path folder_;
  certs::KeyPair ca_;
  std::unique_ptr<PostgresServer> server_;
  ServerOptions options_;
};

TEST_F(PostgresTlsTest, HasTheModesOfLibpq) {
  const auto refused = Not(IsOk());
  EXPECT_THAT(Connect(SslMode::kDisable), refused);
  EXPECT_THAT(Connect(SslMode::kAllow), IsOk());
  EXPECT_THAT(Connect(SslMode::kPrefer), IsOk());
  EXPECT_THAT(Connect(SslMode::kRequire), IsOk());
  EXPECT_THAT(Connect(SslMode::kVerifyCa, "ca.crt"), IsOk());
  EXPECT_THAT(Connect(SslMode::kVerifyCa, "other.crt"),
              FailsWith(StatusReason::kServiceUnavailable, HasSubstr("certificate verify failed")));
  EXPECT_THAT(Connect(SslMode::kVerifyFull, "ca.crt", "localhost"), IsOk());
  EXPECT_THAT(Connect(SslMode::kVerifyFull, "ca.crt", "127.0.0.1"),
              FailsWith(StatusReason::kServiceUnavailable, HasSubstr("does not match")));
}

TEST_F(PostgresTlsTest, ShowsACertificateOfItsOwn) {
  options_.user = pedia::testing::kCertifiedUser;
  EXPECT_THAT(Connect(SslMode::kRequire), Not(IsOk()));
  options_.ssl_cert_file = folder_ / "client.crt";
  options_.ssl_key_file = folder_ / "client.key";
  EXPECT_THAT(Connect(SslMode::kVerifyCa, "ca.crt"), IsOk());
}

TEST_F(PostgresTlsTest, MigratesAndReadsMuch) {
  options_.ssl_mode = SslMode::kRequire;
  const std::unique_ptr<Database> database = Make(options_);
  ASSERT_THAT(database->Migrate(), IsOk());
  EXPECT_EQ(Ask(*database, kReader, "SELECT ssl::text FROM pg_stat_ssl WHERE pid=pg_backend_pid()"),
            "true");
  const Result<std::unique_ptr<SqlConnection>> reader = database->Connect(kReader);
  ASSERT_THAT((*reader)->BeginRead(), IsOk());
  SqlStatement rows =
      (*reader)->Prepare("SELECT convert_to(repeat('x',3000),'UTF8') FROM generate_series(1,5000)",
                         RowCount::kUnbounded);
  int seen = 0;
  while (rows.Step()) seen += rows.Text(0).size() == 3'000 ? 1 : 0;
  EXPECT_THAT(rows.status(), IsOk());
  EXPECT_EQ(seen, 5'000);
}

}  // namespace
}  // namespace pedia::storage
