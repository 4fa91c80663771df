// That PostgreSQL executes what sql_builder writes as it is meant: from the driver's index, in
// order, reading little more than what is asked for. With the plans that prepared statements have,
// which do not know the parameters.
#include <gtest/gtest.h>

#include <charconv>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "storage/loose_scan.h"
#include "storage/postgres_database.h"
#include "storage/sql_builder.h"
#include "tests/testing/database_servers.h"
#include "tests/testing/matchers.h"

namespace pedia::storage {
namespace {

using pedia::testing::IsOk;
using pedia::testing::SharedPostgres;
using query::OrderBy;
using query::OrderColumn;

// Keys of labels in this world: how many objects have which values.
constexpr int64_t kApp = 11;     // app-0 to app-9, evenly.
constexpr int64_t kEnv = 12;     // "dev": three of eight, "prod": the rest.
constexpr int64_t kCanary = 13;  // "true": five objects.
constexpr int64_t kNode = 14;    // node-0 to node-199, evenly.

// As the writer leaves it: ten clusters with ten namespaces, two types that are not alike in size.
// {n}: the objects of the larger one.
constexpr char kWorld[] = R"sql(
INSERT INTO objects(id,type_id,okey,cluster,namespace,name,uid,owner_uid,rv,created,synced,revision)
SELECT i, CASE WHEN i>{n} THEN 2 ELSE 1 END, c||'\x21'||n||'\x21'||o, c, n, o, u,
       CASE WHEN i%10<>0 THEN ('owner-'||i/4)::bytea END, '1', 1700000000+(i::bigint*7919)%{n}, 1, 1
FROM (SELECT i, ('cluster-'||i%10)::bytea AS c, ('team-'||i/10%10)::bytea AS n,
             ('web-'||lpad((i/100)::text,5,'0'))::bytea AS o, ('uid-'||i)::bytea AS u
      FROM generate_series(1,{n}+500) i) x;
INSERT INTO bodies SELECT id,'e',convert_to(repeat('b',500),'UTF8') FROM objects;
INSERT INTO entries(key_id,value,okey,id)
SELECT k, v::bytea, okey, id FROM objects, LATERAL (VALUES
  (11, 'app-'||id%10), (12, CASE WHEN id%8<3 THEN 'dev' ELSE 'prod' END),
  (13, CASE WHEN id%({n}/5)=0 THEN 'true' END), (14, 'node-'||id*7%200)) AS e(k,v)
WHERE v IS NOT NULL AND type_id=1;
INSERT INTO scopes(type_id,cluster,namespace,n)
SELECT type_id,cluster,namespace,count(*) FROM objects GROUP BY 1,2,3;
)sql";

// PEDIA_COST_OBJECTS=n makes the world as large as that.
std::string World() {
  const char* const objects = std::getenv("PEDIA_COST_OBJECTS");
  std::string text = kWorld;
  for (size_t at; (at = text.find("{n}")) != std::string::npos;)
    text.replace(at, 3, objects == nullptr ? "20000" : objects);
  return text;
}

std::string Literal(const SqlValue& value) {
  if (const auto* number = std::get_if<int64_t>(&value)) return std::to_string(*number);
  const auto* text = std::get_if<std::string>(&value);
  if (text == nullptr) return "NULL";
  std::string hex = "'\\x";
  for (const char c : *text) {
    constexpr char kDigits[] = "0123456789abcdef";
    hex += kDigits[static_cast<unsigned char>(c) >> 4];
    hex += kDigits[static_cast<unsigned char>(c) & 15];
  }
  return hex + '\'';
}

// The first number behind `label`, 0 if there is none.
int64_t NumberBehind(const std::string& text, const std::string& label) {
  const size_t at = text.find(label);
  int64_t number = 0;
  if (at != std::string::npos)
    std::from_chars(text.data() + at + label.size(), text.data() + text.size(), number);
  return number;
}

// Pages that the whole plan touched.
int64_t PagesRead(const std::string& plan) {
  const size_t start = plan.find("Buffers: ");
  if (start == std::string::npos) return 0;
  const std::string line = plan.substr(start, plan.find('\n', start) - start);
  return NumberBehind(line, "hit=") + NumberBehind(line, "read=");
}

class PostgresPlanTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    options_ = new ServerOptions(SharedPostgres().CreateDatabase());
    Result<std::unique_ptr<Database>> database = MakePostgresDatabase(*options_);
    ASSERT_THAT(database, IsOk());
    ASSERT_THAT((*database)->Migrate(), IsOk());
    SharedPostgres().Sql(options_->database, World());
    SharedPostgres().Sql(options_->database, "VACUUM ANALYZE");
    Result<std::unique_ptr<SqlConnection>> connection =
        (*database)->Connect(Database::Role::kReader);
    ASSERT_THAT(connection, IsOk());
    connection_ = connection->release();
    database_ = database->release();
  }

  static void TearDownTestSuite() {
    delete connection_;
    delete database_;
    SharedPostgres().DropDatabase(options_->database);
    delete options_;
  }

  static ListQuery Page(int64_t limit) {
    ListQuery query;
    query.type_id = 1;
    query.ranges = {KeyRange{}};
    query.fetch_limit = limit;
    query.with_body = true;
    return query;
  }
  static Driver Labelled(int64_t key, std::vector<std::string> values) {
    return {Driver::Kind::kEntries, {{key, std::move(values)}}};
  }
  static SortKey Middle() { return {{}, "cluster-5!team-5!web-00100", ""}; }

  // The plan of a prepared statement, executed.
  static std::string Explain(const SqlQuery& query) {
    std::string types;
    std::string values;
    for (const SqlValue& value : query.parameters) {
      types += types.empty() ? "" : ",";
      types += std::holds_alternative<int64_t>(value) ? "bigint" : "bytea";
      values += (values.empty() ? "" : ",") + Literal(value);
    }
    const std::string name = "explained" + std::to_string(++statements_);
    const std::string list = types.empty() ? "" : '(' + types + ')';
    std::string text;  // Its placeholders are those of the statement that is explained.
    int number = 0;
    for (const char c : query.text) {
      if (c == '?') {
        text += '$' + std::to_string(++number);
      } else {
        text += c;
      }
    }
    EXPECT_THAT(connection_->Prepare("PREPARE " + name + list + " AS " + text).Run(), IsOk());
    SqlStatement explain = connection_->Prepare("EXPLAIN (ANALYZE,BUFFERS) EXECUTE " + name +
                                                (values.empty() ? "" : '(' + values + ')'));
    std::string plan;
    while (explain.Step()) plan.append(explain.Text(0)).append("\n");
    EXPECT_THAT(explain.status(), IsOk());
    if (std::getenv("PEDIA_SHOW_PLANS") != nullptr) printf("%s\n%s\n", text.c_str(), plan.c_str());
    return plan;
  }

  // Every piece is executed without a sort and with at most `buffers` pages touched.
  static void ExpectCheap(const ListQuery& query, int64_t rows, int64_t buffers) {
    const SqlBuilder builder(connection_->dialect(), query);
    for (size_t i = 0; i < builder.piece_count(); ++i) {
      const std::string plan = Explain(builder.Piece(i));
      EXPECT_EQ(plan.find("Sort  ("), std::string::npos) << plan;
      EXPECT_EQ(plan.find("Seq Scan"), std::string::npos) << plan;
      EXPECT_EQ(plan.find("Hash"), std::string::npos) << plan;
      EXPECT_LE(PagesRead(plan), buffers) << plan;
      const size_t actual = plan.find("(actual ");
      EXPECT_EQ(NumberBehind(plan.substr(actual), "rows="), rows) << plan;
    }
  }

  static inline ServerOptions* options_ = nullptr;
  static inline Database* database_ = nullptr;
  static inline SqlConnection* connection_ = nullptr;
  static inline int statements_ = 0;
};

TEST_F(PostgresPlanTest, APageInTheDefaultOrder) {
  ListQuery query = Page(50);
  ExpectCheap(query, 50, 300);
  query.after = Middle();
  ExpectCheap(query, 50, 300);
  query.after.reset();
  query.ranges = {KeyRange::Cluster("cluster-3")};
  ExpectCheap(query, 50, 300);
  query.ranges = {KeyRange::Namespace("cluster-3", "team-4")};
  ExpectCheap(query, 50, 300);
  query.ranges = {{"cluster-3!team-4!web-00034", "", true}};
  ExpectCheap(query, 1, 20);
}

TEST_F(PostgresPlanTest, APageOverSeveralRanges) {
  ListQuery query = Page(50);
  query.ranges.clear();
  for (const char* cluster : {"cluster-1", "cluster-3", "cluster-8"})
    query.ranges.push_back(KeyRange::Namespace(cluster, "team-4"));
  ExpectCheap(query, 50, 400);
  query.driver = Labelled(kEnv, {"dev"});
  ExpectCheap(query, 50, 400);
}

TEST_F(PostgresPlanTest, APageOfALabel) {
  ListQuery query = Page(50);
  query.driver = Labelled(kEnv, {"dev"});
  ExpectCheap(query, 50, 300);
  query.after = Middle();
  ExpectCheap(query, 50, 300);
  query.after.reset();
  query.driver = Labelled(kCanary, {"true"});
  ExpectCheap(query, 5, 50);
  query.driver = Labelled(kCanary, {"nothing"});
  ExpectCheap(query, 0, 10);
  query.driver = Labelled(kNode, {"node-7"});
  ExpectCheap(query, 50, 300);
}

TEST_F(PostgresPlanTest, APageOfOneOfSeveralValues) {
  ListQuery query = Page(50);
  query.driver = Labelled(kApp, {"app-1", "app-2", "app-7"});
  ExpectCheap(query, 50, 400);
}

TEST_F(PostgresPlanTest, FurtherConditionsAreLookedUp) {
  ListQuery query = Page(50);
  query.driver = Labelled(kNode, {"node-7"});
  query.probes = {{{kEnv, {"dev"}}, false}, {{kApp, {"app-2", "app-9"}}, true}};
  const SqlBuilder builder(connection_->dialect(), query);
  const std::string plan = Explain(builder.Piece(0));
  EXPECT_EQ(plan.find("Sort  ("), std::string::npos) << plan;
  EXPECT_LE(PagesRead(plan), 1'000) << plan;
  query.driver = Labelled(kCanary, {"true"});
  const SqlBuilder rare(connection_->dialect(), query);
  EXPECT_LE(PagesRead(Explain(rare.Piece(0))), 100);
}

TEST_F(PostgresPlanTest, TwoCommonLabelsAreWalkedAlongTogether) {
  ListQuery query = Page(50);
  query.driver = Labelled(kEnv, {"dev"});
  query.driver.merged = 0;
  query.probes = {{{kNode, {"node-7"}}, false}};
  query.ranges = {{"cluster-1!", "cluster-5!"}};
  const SqlQuery piece = SqlBuilder(connection_->dialect(), query).Piece(0);
  const auto scans = [] {
    SqlStatement count =
        connection_->Prepare("SELECT pg_stat_get_xact_numscans('entries_pkey'::regclass)::bigint");
    EXPECT_TRUE(count.Step());
    return count.Int(0);
  };
  ASSERT_THAT(connection_->BeginRead(), IsOk());
  const int64_t before = scans();
  SqlStatement rows = connection_->Prepare(piece.text);
  for (const SqlValue& value : piece.parameters) rows.Bind(value);
  int64_t found = 0;
  while (rows.Step()) ++found;
  EXPECT_THAT(rows.status(), IsOk());
  // Both lists, and the first row of each: nothing is looked up row by row.
  EXPECT_LE(scans() - before, 4);
  connection_->Rollback();
  query.driver.merged.reset();
  const SqlQuery probing = SqlBuilder(connection_->dialect(), query).Piece(0);
  SqlStatement same = connection_->Prepare(probing.text);
  for (const SqlValue& value : probing.parameters) same.Bind(value);
  while (same.Step()) --found;
  EXPECT_EQ(found, 0);
}

TEST_F(PostgresPlanTest, ADriverOfObjectsWithConditionsOnThem) {
  ListQuery query = Page(50);
  query.driver = Labelled(kNode, {"node-7"});
  query.since = 1;
  query.columns = {OrderColumn::kUid, OrderColumn::kOwnerUid};
  ExpectCheap(query, 50, 600);
}

TEST_F(PostgresPlanTest, APageInTheOrderOfAColumn) {
  for (const bool descending : {false, true}) {
    ListQuery query = Page(50);
    query.columns = {OrderColumn::kCreatedAt};
    query.walk = OrderBy{.column = OrderColumn::kCreatedAt, .descending = descending};
    const SqlBuilder builder(connection_->dialect(), query);
    const std::string plan = Explain(builder.Piece(0));
    EXPECT_LE(PagesRead(plan), 600) << plan;
    query.after = SortKey{{SqlValue(int64_t{1'700'010'000})}, "cluster-5!team-5!web-00100", ""};
    const SqlBuilder next(connection_->dialect(), query);
    for (size_t i = 0; i < next.piece_count(); ++i)
      EXPECT_LE(PagesRead(Explain(next.Piece(i))), 600);
    query.after.reset();
    query.columns = {OrderColumn::kName};
    query.walk = OrderBy{.column = OrderColumn::kName, .descending = descending};
    const SqlBuilder by_name(connection_->dialect(), query);
    EXPECT_LE(PagesRead(Explain(by_name.Piece(0))), 1'200);
  }
}

TEST_F(PostgresPlanTest, NamesAndOwners) {
  ListQuery query = Page(50);
  query.names = {true, {"web-00077"}, {}};
  query.driver = {Driver::Kind::kNames};
  ExpectCheap(query, 50, 500);
  query.names = {};
  query.owners = {"owner-77"};
  query.driver = {Driver::Kind::kOwners};
  ExpectCheap(query, 3, 60);
}

TEST_F(PostgresPlanTest, ACappedCountReadsNoTable) {
  const SqlBuilder builder(connection_->dialect(), Page(50));
  for (const Driver& driver : {Labelled(kEnv, {"dev"}), Labelled(kApp, {"app-1", "app-2"}),
                               Driver{Driver::Kind::kObjects}}) {
    const std::string plan = Explain(builder.CappedCount(driver, 1'000));
    EXPECT_NE(plan.find("Index Only Scan"), std::string::npos) << plan;
    EXPECT_LE(PagesRead(plan), 60) << plan;
  }
}

}  // namespace
}  // namespace pedia::storage
