// What reaches SQLite of a statement.
#include "storage/sqlite_connection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include "meta/trace_context.h"
#include "tests/testing/matchers.h"

namespace pedia::storage {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Not;

constexpr char kTrace[] = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

class SqliteConnectionTest : public ::testing::Test {
 protected:
  int64_t Ask(std::string_view sql) {
    SqlStatement statement = connection_->Prepare(sql);
    EXPECT_TRUE(statement.Step()) << statement.status().ToString();
    return statement.Int(0);
  }
  std::vector<std::string> Prepared() {
    std::vector<std::string> texts;
    sqlite3_stmt* statement = nullptr;
    while ((statement = sqlite3_next_stmt(connection_->handle(), statement)) != nullptr)
      texts.emplace_back(sqlite3_sql(statement));
    return texts;
  }
  std::unique_ptr<SqliteConnection> connection_ =
      *SqliteConnection::Open(":memory:", SqliteConnection::Mode::kReadWrite, 1024);
};

TEST_F(SqliteConnectionTest, NamesASampledTraceInItsStatements) {
  const TraceScope trace(kTrace);
  EXPECT_EQ(Ask("SELECT 7"), 7);
  EXPECT_THAT(Prepared(), ElementsAre("SELECT 7 /*traceparent='00-0af7651916cd43dd8448eb211c80319c-"
                                      "b7ad6b7169203331-01'*/"));
}

TEST_F(SqliteConnectionTest, PreparesAStatementOnceForAllThatIsNotSampled) {
  Ask("SELECT 7");
  for (const char* trace : {"", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00",
                            "00-1af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00",
                            "*/ DROP TABLE objects; /* 0af7651916cd43dd8448eb211c80319c-01"}) {
    const TraceScope scope(trace);
    Ask("SELECT 7");
  }
  EXPECT_THAT(Prepared(), ElementsAre("SELECT 7"));
}

// Texts that never come back must not drive out those that do.
TEST_F(SqliteConnectionTest, KeepsWhatIsNotSampledPreparedBesideManyTraces) {
  for (int i = 1; i < 300; ++i) {
    Ask("SELECT 7");
    std::string trace = kTrace;
    trace.replace(trace.size() - 6, 3, std::to_string(100 + i));
    const TraceScope scope(trace);
    Ask("SELECT 8");
  }
  EXPECT_THAT(Prepared(), Contains("SELECT 7"));
  EXPECT_THAT(Prepared(), Not(Contains("SELECT 8")));
  EXPECT_LE(Prepared().size(), 64u);
}

}  // namespace
}  // namespace pedia::storage
