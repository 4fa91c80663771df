#include "tests/testing/database_servers.h"

#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <future>
#include <stdexcept>

namespace pedia::testing {
namespace {

using ::testing::HasSubstr;

// The same for both kinds.
template <typename Server>
class DatabaseServersTest : public ::testing::Test {};
using Servers = ::testing::Types<PostgresServer, MariadbServer>;
TYPED_TEST_SUITE(DatabaseServersTest, Servers);

TYPED_TEST(DatabaseServersTest, KeepsWhatWasWrittenThroughACrash) {
  TypeParam server;
  const std::string database = server.CreateDatabase().database;
  server.Sql(database, "CREATE TABLE t(a int, b int); INSERT INTO t VALUES (1,2),(3,4);");
  server.Kill();
  EXPECT_FALSE(server.running());
  EXPECT_THROW(server.Sql(database, "SELECT 1"), std::runtime_error);
  server.Start();
  EXPECT_EQ(server.Sql(database, "SELECT a,b FROM t ORDER BY a"), "1|2\n3|4\n");
  server.Restart();
  EXPECT_EQ(server.Sql(database, "SELECT count(*) FROM t"), "2\n");
}

TYPED_TEST(DatabaseServersTest, AnswersNobodyWhileItIsFrozen) {
  TypeParam server;
  const std::string database = server.CreateDatabase().database;
  server.Freeze();
  auto answer = std::async(std::launch::async, [&] { return server.Sql(database, "SELECT 7"); });
  EXPECT_EQ(answer.wait_for(std::chrono::milliseconds(300)), std::future_status::timeout);
  server.Thaw();
  EXPECT_EQ(answer.get(), "7\n");
}

TYPED_TEST(DatabaseServersTest, GivesEachTestADatabaseOfItsOwn) {
  TypeParam server;
  const storage::ServerOptions one = server.CreateDatabase();
  const storage::ServerOptions other = server.CreateDatabase();
  EXPECT_NE(one.database, other.database);
  server.Sql(one.database, "CREATE TABLE t(a int);");
  server.Sql(other.database, "CREATE TABLE t(a int);");
  EXPECT_EQ(one.hosts[0].port, server.port());
}

TYPED_TEST(DatabaseServersTest, GivesNobodyWhatWasInADatabaseThatWasGivenBack) {
  TypeParam server;
  const storage::ServerOptions one = server.CreateDatabase();
  server.Sql(one.database, "CREATE TABLE t(a int);");
  server.GiveBack(one.database);
  const storage::ServerOptions other = server.CreateDatabase();
  server.Sql(other.database, "CREATE TABLE t(a int);");
  EXPECT_NE(other.database, server.CreateDatabase().database);
}

// Whether a process works in `folder`.
bool SomethingRunsIn(const std::filesystem::path& folder) {
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    std::error_code error;
    const auto cwd = std::filesystem::read_symlink(entry.path() / "cwd", error);
    if (!error && cwd.string().starts_with(folder.string())) return true;
  }
  return false;
}

TYPED_TEST(DatabaseServersTest, LeavesNothingBehindWhenTheTestDies) {
  int folder_pipe[2];
  ASSERT_EQ(pipe(folder_pipe), 0);
  const pid_t child = fork();
  if (child == 0) {
    TypeParam server;
    server.Freeze();
    const std::string folder = server.folder();
    if (write(folder_pipe[1], folder.data(), folder.size()) < 0) _exit(2);
    abort();
  }
  close(folder_pipe[1]);
  char name[4096];
  const ssize_t size = read(folder_pipe[0], name, sizeof name);
  close(folder_pipe[0]);
  waitpid(child, nullptr, 0);
  ASSERT_GT(size, 0);
  const std::filesystem::path folder = std::string(name, static_cast<size_t>(size));
  WaitUntil([&] { return !std::filesystem::exists(folder) && !SomethingRunsIn(folder); },
            "the end of the server");
}

TEST(PostgresServerTest, StreamsToAReplicaThatCanTakeOver) {
  PostgresServer primary;
  const std::string database = primary.CreateDatabase().database;
  const auto replica = primary.StartReplica();
  primary.Sql(database, "CREATE TABLE t(a int); INSERT INTO t VALUES (1);");
  replica->CatchUp(primary);
  EXPECT_EQ(replica->Sql(database, "SELECT a FROM t"), "1\n");
  try {
    replica->Sql(database, "INSERT INTO t VALUES (2)");
    ADD_FAILURE() << "a replica took a write";
  } catch (const std::runtime_error& error) {
    EXPECT_THAT(error.what(), HasSubstr("read-only"));
  }
  primary.Kill();
  replica->Promote();
  replica->Sql(database, "INSERT INTO t VALUES (2)");
  EXPECT_EQ(replica->Sql(database, "SELECT count(*) FROM t"), "2\n");
}

TEST(FindProgramTest, NamesThePackageOfAProgramThatIsMissing) {
  try {
    FindProgram("no-such-program", {"/nowhere"}, "some-package");
    ADD_FAILURE();
  } catch (const std::runtime_error& error) {
    EXPECT_STREQ(error.what(),
                 "this test needs the program no-such-program of the package some-package");
  }
}

}  // namespace
}  // namespace pedia::testing
