// What the SQLite store does when its file cannot be used.
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <filesystem>
#include <fstream>

#include "meta/log.h"
#include "tests/storage/store_fixture.h"
#include "tests/storage/table_reader.h"

namespace pedia::storage {
namespace {

using ::testing::_;
using testing::FailsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// Only where the tests run on SQLite.
class SqliteFailureTest : public StoreTest {
 protected:
  void SetUp() override {
    if (testing::TestDatabase::kind() != testing::TestDatabase::Kind::kSqlite) GTEST_SKIP();
    SetLogSink([this](LogLevel, std::string_view message) { log_ += std::string(message) + "\n"; });
    StoreTest::SetUp();
  }
  void TearDown() override {
    store_.reset();
    SetLogSink([](LogLevel, std::string_view) {});
  }
  std::string path() const { return database_.sqlite_path(); }
  std::string log_;
};

TEST_F(SqliteFailureTest, RefusesAFileThatIsNoDatabase) {
  store_.reset();
  std::ofstream(path() + ".text") << std::string(10'000, 'x');
  EXPECT_THAT(OpenSqliteStore({.path = path() + ".text"}),
              FailsWith(StatusReason::kInternalError, HasSubstr("text")));
}

TEST_F(SqliteFailureTest, RefusesAFolderThatDoesNotExist) {
  EXPECT_THAT(OpenSqliteStore({.path = path() + "/no/such/pedia.db"}),
              FailsWith(StatusReason::kInternalError, HasSubstr("no/such/pedia.db")));
}

TEST_F(SqliteFailureTest, AFullDiskFailsTheTransactionAndLosesNothing) {
  Put({{.name = "a"}});
  // A file size limit stands for the full disk.
  rlimit old{};
  getrlimit(RLIMIT_FSIZE, &old);
  std::signal(SIGXFSZ, SIG_IGN);
  const rlimit small{static_cast<rlim_t>(std::filesystem::file_size(path()) + 200'000),
                     old.rlim_max};
  setrlimit(RLIMIT_FSIZE, &small);
  std::string padding;
  for (int64_t i = 0; i < 200'000; ++i) padding += std::to_string(i * 7919);
  const std::vector<Change> changes = {
      Upsert({.name = "b", .labels = {{"new", "key"}}, .padding = padding})};
  const Result<ApplyResult> failed = store_->Apply(changes);
  setrlimit(RLIMIT_FSIZE, &old);
  EXPECT_THAT(failed, FailsWith(StatusReason::kServiceUnavailable, _));
  EXPECT_THAT(log_, HasSubstr("pedia.db"));
  EXPECT_EQ(*store_->Revision(), 1);
  EXPECT_EQ(Apply(changes).inserted, 1);
  EXPECT_THAT(Inconsistencies(database_), IsEmpty());
}

}  // namespace
}  // namespace pedia::storage
