// That a list which has an index reads little more than the rows it gives, however many objects
// there are. PEDIA_COST_OBJECTS=n makes the world as large as that; 1,000,000 take some minutes.
#include <gmock/gmock.h>
#include <sqlite3.h>

#include <cstdlib>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "query/list_options.h"
#include "storage/list.h"
#include "storage/sqlite_connection.h"
#include "tests/storage/store_fixture.h"

namespace pedia::storage {
namespace {

using testing::IsOk;
using testing::TestDatabase;

int Objects() {
  const char* text = std::getenv("PEDIA_COST_OBJECTS");
  return text == nullptr ? 20'000 : std::atoi(text);
}

// Ten clusters with twenty namespaces; objects of a namespace are of one team, else what they have
// is spread evenly.
TestObject ObjectOf(int i, int objects) {
  const int cluster = i * 10 / objects;
  const int within = i - cluster * objects / 10;
  const int name_space = within * 20 / (objects / 10);
  // A number that has nothing to do with the order of keys.
  const auto mixed = static_cast<uint64_t>(i) * 0x9e3779b97f4a7c15u >> 20;
  TestObject object;
  object.cluster = "cluster-" + std::to_string(cluster);
  object.name_space = "space-" + std::to_string(10 + name_space);
  object.name = "object-" + std::to_string(10'000'000 + i);
  object.uid = "uid-" + std::to_string(i);
  object.owner_uid = "owner-" + std::to_string(i / 4);
  object.created = 1'600'000'000 + static_cast<int64_t>(mixed % 50'000'000);
  object.node = "node-" + std::to_string(i * 200LL / objects);
  object.phase = mixed % 50 == 0 ? "Failed" : "Running";
  object.labels = {{"app", "app-" + std::to_string(mixed / 50 % 10)},
                   {"env", mixed / 500 % 8 < 3 ? "dev" : "prod"},
                   {"team", "team-" + std::to_string(name_space / 2)}};
  if (mixed / 4'000 % 10 == 0) object.labels.emplace_back("tier", "web");
  if (i % (objects / 20) == 7) object.labels.emplace_back("canary", "true");
  return object;
}

constexpr size_t kSome = SIZE_MAX;

struct Request {
  std::string text;   // The query string; "DEEP" stands for a token in the last tenth.
  size_t rows;        // That it gives, or kSome.
  int64_t most_read;  // Rows of indexes and tables, or lookups in them.
};

void PrintTo(const Request& request, std::ostream* out) { *out << request.text; }

class ReadCostTest : public ::testing::TestWithParam<Request> {
 protected:
  static void SetUpTestSuite() {
    database_ = new TestDatabase();
    {
      const auto store = OpenStore(database_->Open());
      ASSERT_THAT(store, IsOk());
      Fill(**store);
    }
    if (TestDatabase::kind() == TestDatabase::Kind::kPostgres) database_->Sql("VACUUM ANALYZE");
    if (TestDatabase::kind() == TestDatabase::Kind::kMysql)
      database_->Sql("ANALYZE TABLE objects,bodies,entries");
    opened_ = database_->Open().release();
    Result<std::unique_ptr<SqlConnection>> connection = opened_->Connect(Database::Role::kReader);
    ASSERT_THAT(connection, IsOk());
    connection_ = connection->release();
  }

  static void TearDownTestSuite() {
    delete connection_;
    delete opened_;
    delete database_;
  }

  static void Fill(Store& store) {
    std::vector<Change> changes;
    const int objects = Objects();
    for (int i = 0; i < objects; ++i) {
      changes.push_back(Upsert(ObjectOf(i, objects)));
      if (changes.size() < 2'000 && i + 1 < objects) continue;
      ASSERT_THAT(store.Apply(changes), IsOk());
      changes.clear();
    }
  }

  static query::ListOptions Options(const std::string& text) {
    const Result<query::UrlQuery> query = query::ParseUrlQuery(text);
    EXPECT_THAT(query, IsOk());
    Result<query::ListOptions> options = query::ParseListOptions(kPods, *query);
    EXPECT_THAT(options, IsOk()) << text;
    return options.ok() ? *options : query::ListOptions();
  }

  // What the database has read on this connection, in rows.
  static int64_t RowsRead() {
    switch (TestDatabase::kind()) {
      case TestDatabase::Kind::kSqlite:
        return SqliteSteps() / kStepsPerRow;
      case TestDatabase::Kind::kPostgres:
        return Number(
            "SELECT sum(pg_stat_get_xact_tuples_returned(oid)+pg_stat_get_xact_numscans(oid))"
            "::bigint FROM pg_class WHERE relname ~ '^(objects|entries|bodies|scopes)'");
      case TestDatabase::Kind::kMysql:
        return Number(
            "SELECT CAST(sum(variable_value) AS SIGNED) FROM information_schema.session_status "
            "WHERE variable_name LIKE 'Handler\\_read\\_%'");
    }
    return 0;
  }

  static int64_t SqliteSteps() {
    sqlite3* const db = dynamic_cast<SqliteConnection&>(*connection_).handle();
    int64_t steps = 0;
    for (sqlite3_stmt* s = nullptr; (s = sqlite3_next_stmt(db, s)) != nullptr;)
      steps += sqlite3_stmt_status(s, SQLITE_STMTSTATUS_VM_STEP, 0);
    return steps;
  }

  static int64_t Number(const char* sql) {
    SqlStatement number = connection_->Prepare(sql);
    EXPECT_TRUE(number.Step()) << number.status().ToString();
    return number.Int(0);
  }

  static ListResult List(const query::ListOptions& options, CollectingSink* sink) {
    connection_->StartRead();
    SqlList list(*connection_, dictionaries_, slots_, ListLimits(), kPods, options);
    (void)RowsRead();
    const int64_t nothing = RowsRead();
    const int64_t before = RowsRead();
    const int64_t own = before - nothing;  // What reading the counter costs.
    Result<ListResult> result = list.Run(/*ahead=*/false, [](const ListHead&) {}, *sink);
    EXPECT_THAT(result, IsOk());
    read_ = RowsRead() - before - own;
    connection_->Rollback();
    return result.ok() ? *std::move(result) : ListResult();
  }

  static constexpr int64_t kStepsPerRow = 16;
  inline static const query::ListScope kPods{kPodsGvr, "", "", {}, {}};
  static inline TestDatabase* database_ = nullptr;
  static inline Database* opened_ = nullptr;
  static inline SqlConnection* connection_ = nullptr;
  static inline DictionaryCache dictionaries_;
  static inline ScanSlots slots_{1};
  static inline int64_t read_ = 0;  // By the last List.
};

TEST_P(ReadCostTest, ReadsLittleMoreThanItGives) {
  std::string text = GetParam().text;
  const bool deep = text.starts_with("DEEP&");
  if (deep) text.erase(0, 5);
  query::ListOptions options = Options(text);
  if (deep) {
    query::ListOptions last = Options(text + "&clusters=cluster-9");
    last.limit = 1;
    CollectingSink sink;
    options.start.token_key = List(last, &sink).next_key;
    ASSERT_FALSE(options.start.token_key.empty());
  }
  CollectingSink warm;  // The dictionary is read once; statements are prepared.
  List(options, &warm);
  CollectingSink sink;
  List(options, &sink);
  if (GetParam().rows != kSome) {
    EXPECT_EQ(sink.bodies.size(), GetParam().rows);
  }
  // MariaDB also counts the rows of what it keeps in between.
  const int64_t times = TestDatabase::kind() == TestDatabase::Kind::kMysql ? 2 : 1;
  EXPECT_LE(read_, times * GetParam().most_read);
  if (std::getenv("PEDIA_COST_OBJECTS") != nullptr)
    printf("%-75s %6zu rows %8ld read\n", GetParam().text.c_str(), sink.bodies.size(),
           static_cast<long>(read_));
}

// A page of 51 rows is read with their bodies: two rows each. Where several conditions might drive, a
// thousand rows of each are counted first.
constexpr int64_t kPage = 350;
constexpr int64_t kPageOfOneChosen = 2'500;
constexpr int64_t kPageOfTwoConditions = 4'500;

INSTANTIATE_TEST_SUITE_P(
    Requests, ReadCostTest,
    ::testing::Values(
        Request{"limit=50", 50, kPage}, Request{"DEEP&limit=50", 50, kPage},
        Request{"limit=50&clusters=cluster-7", 50, kPage},
        Request{"limit=50&namespaces=space-17", 50, kPage},
        Request{"limit=50&clusters=cluster-7&namespaces=space-17", 50, kPage},
        Request{"limit=50&names=object-10000012", 1, kPage},
        // A label: of a third, of few, of none.
        Request{"limit=50&labelSelector=env=dev", 50, kPage},
        Request{"DEEP&limit=50&labelSelector=env=dev", 50, kPage},
        Request{"limit=50&labelSelector=canary=true", 20, kPage},
        Request{"limit=50&labelSelector=canary=never", 0, kPage},
        Request{"limit=50&labelSelector=app in (app-1,app-2,app-3)", 50, kPage},
        Request{"limit=50&labelSelector=env!=dev", 50, kPage},
        Request{"limit=50&labelSelector=canary", 20, kPage},
        Request{"limit=50&labelSelector=!tier", 50, kPage},
        Request{"limit=50&labelSelector=!env", 0, kPage},
        // Several.
        Request{"limit=50&labelSelector=app=app-3,env=dev", 50, kPageOfTwoConditions},
        Request{"limit=50&labelSelector=env=dev,app=app-3", 50, kPageOfTwoConditions},
        Request{"DEEP&limit=50&labelSelector=env=dev,app=app-3", 50, kPageOfTwoConditions},
        Request{"limit=5&labelSelector=env=dev,app=app-3,team=team-4", 5, kPageOfTwoConditions},
        Request{"limit=50&labelSelector=env=dev,canary=true", kSome, kPageOfTwoConditions},
        Request{"limit=50&labelSelector=app=app-3,env!=dev", 50, kPageOfTwoConditions},
        Request{"limit=50&labelSelector=env=dev&clusters=cluster-7", 50, kPageOfOneChosen},
        // Fields.
        Request{"limit=50&fieldSelector=spec.nodeName=node-77", 50, kPage},
        Request{"limit=50&fieldSelector=status.phase=Failed", 50, kPage},
        Request{"limit=50&fieldSelector=status.phase=Failed&labelSelector=env=dev", 50,
                kPageOfTwoConditions},
        // Orders.
        Request{"limit=50&orderby=created_at", 50, kPage},
        Request{"limit=50&orderby=created_at desc", 50, kPage},
        Request{"DEEP&limit=50&orderby=created_at desc", 50, kPage},
        Request{"limit=50&orderby=name", 50, kPage},
        Request{"limit=50&orderby=name desc", 50, kPage},
        Request{"limit=50&orderby=.spec.nodeName", 50, 1'500},
        Request{"limit=50&orderby=.spec.nodeName desc", 50, 1'500},
        Request{"limit=50&orderby=created_at desc&labelSelector=canary=true", 20, kPageOfOneChosen},
        // Owners.
        Request{
            "limit=50&clusters=cluster-0&labelSelector=search.clusterpedia.io/owner-uid=owner-77",
            4, kPage}));

}  // namespace
}  // namespace pedia::storage
