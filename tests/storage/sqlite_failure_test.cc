// What the store does when the database cannot be used.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/resource.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <thread>

#include "meta/log.h"
#include "tests/storage/store_fixture.h"
#include "tests/storage/table_reader.h"

namespace pedia::storage {
namespace {

using ::testing::_;
using testing::FailsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::IsOk;
using namespace std::chrono_literals;

class SqliteFailureTest : public StoreTest {
 protected:
  void SetUp() override {
    SetLogSink([this](LogLevel, std::string_view message) { log_ += std::string(message) + "\n"; });
    StoreTest::SetUp();
  }
  void TearDown() override {
    store_.reset();
    SetLogSink([](LogLevel, std::string_view) {});
  }
  void RunSql(const char* sql) {
    sqlite3* db = nullptr;
    ASSERT_EQ(sqlite3_open(path().c_str(), &db), SQLITE_OK);
    ASSERT_EQ(sqlite3_exec(db, sql, nullptr, nullptr, nullptr), SQLITE_OK);
    sqlite3_close(db);
  }
  std::string log_;
};

TEST_F(SqliteFailureTest, RefusesTheSchemaOfANewerVersion) {
  store_.reset();
  RunSql("UPDATE meta SET schema_version=99");
  EXPECT_THAT(OpenSqliteStore({.path = path()}),
              FailsWith(StatusReason::kInternalError,
                        ::testing::AllOf(HasSubstr(path()), HasSubstr("newer pedia"))));
}

TEST_F(SqliteFailureTest, RefusesAFileThatIsNoDatabase) {
  store_.reset();
  std::ofstream(folder_.File("text")) << std::string(10'000, 'x');
  EXPECT_THAT(OpenSqliteStore({.path = folder_.File("text")}),
              FailsWith(StatusReason::kInternalError, HasSubstr("text")));
}

TEST_F(SqliteFailureTest, RefusesAFolderThatDoesNotExist) {
  EXPECT_THAT(OpenSqliteStore({.path = folder_.File("no/such/pedia.db")}),
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
  EXPECT_THAT(Inconsistencies(path()), IsEmpty());
}

TEST_F(SqliteFailureTest, ADamagedBodyIsAnErrorAndNotARow) {
  Put({{.name = "a", .padding = std::string(1'000, 'x')}});
  RunSql("UPDATE bodies SET body=x'0101'");
  CollectingSink sink;
  EXPECT_THAT(store_->List(
                  {kPodsGvr, "", ""}, {}, [](const ListHead&) {}, sink),
              FailsWith(StatusReason::kInternalError, _));
  EXPECT_THAT(sink.bodies, IsEmpty());
  EXPECT_THAT(store_->Get("c1", kPodsGvr, "default", "a", false),
              FailsWith(StatusReason::kInternalError, _));
}

TEST_F(SqliteFailureTest, AListThatTakesTooLongIsEnded) {
  std::vector<TestObject> objects;
  for (int i = 0; i < 100; ++i) objects.push_back({.name = "p" + std::to_string(i)});
  Put(objects);
  store_.reset();
  Result<std::unique_ptr<Store>> store = OpenSqliteStore({.path = path(), .query_deadline = 200ms});
  ASSERT_THAT(store, IsOk());
  class SlowSink : public RowSink {
   public:
    bool Row(const ListRow&) override {
      std::this_thread::sleep_for(20ms);
      return true;
    }
  } sink;
  EXPECT_THAT((*store)->List(
                  {kPodsGvr, "", ""}, {}, [](const ListHead&) {}, sink),
              FailsWith(StatusReason::kTimeout, _));
  EXPECT_THAT((*store)->Revision(), IsOk());
}

TEST_F(SqliteFailureTest, ALongStatementIsInterruptedAtTheDeadline) {
  std::vector<TestObject> objects;
  for (int i = 0; i < 3'000; ++i)
    objects.push_back({.name = "p" + std::to_string(i), .uid = std::to_string(i)});
  Put(objects);
  store_.reset();
  Result<std::unique_ptr<Store>> store = OpenSqliteStore({.path = path(), .query_deadline = 0ms});
  ASSERT_THAT(store, IsOk());
  CollectingSink sink;
  query::ListOptions options{.order_by = {{query::OrderColumn::kUid}}};
  EXPECT_THAT((*store)->List(
                  {kPodsGvr, "", ""}, options, [](const ListHead&) {}, sink),
              FailsWith(StatusReason::kTimeout, _));
  EXPECT_THAT(sink.bodies, IsEmpty());
}

TEST_F(SqliteFailureTest, AReaderThatIsNeverFreeIsServiceUnavailable) {
  Put({{.name = "a"}});
  store_.reset();
  Result<std::unique_ptr<Store>> store =
      OpenSqliteStore({.path = path(), .max_readers = 1, .query_deadline = 100ms});
  ASSERT_THAT(store, IsOk());
  class NestingSink : public RowSink {
   public:
    explicit NestingSink(Store* store) : store_(store) {}
    bool Row(const ListRow&) override {
      inner = testing::ToStatus(store_->Revision());
      return true;
    }
    Status inner;

   private:
    Store* store_;
  } sink(store->get());
  (void)(*store)->List(
      {kPodsGvr, "", ""}, {}, [](const ListHead&) {}, sink);
  EXPECT_THAT(sink.inner, FailsWith(StatusReason::kServiceUnavailable, HasSubstr("busy")));
  EXPECT_THAT((*store)->Revision(), IsOk());
}

}  // namespace
}  // namespace pedia::storage
