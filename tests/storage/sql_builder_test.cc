#include "storage/sql_builder.h"

#include <gmock/gmock.h>

namespace pedia::storage {
namespace {

using query::OrderColumn;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr Dialect kQuestionMarks = {false, " INDEXED BY ", "", " CROSS JOIN "};
constexpr Dialect kNumbered = {true, nullptr, nullptr, " JOIN "};

// A query in which every value that a client can send is `evil`.
ListQuery QueryOf(const std::string& evil) {
  ListQuery query;
  query.type_id = 1;
  query.ranges = {KeyRange::Cluster(evil), KeyRange::Namespace(evil, evil)};
  query.clusters = {true, {evil, "x"}, {}};
  query.namespaces = {false, {}, {evil}};
  query.names = {true, {evil, "y"}, {evil}};
  query.since = 5;
  query.owners = {evil, "u"};
  query.probes = {{{1, {evil}}, false}, {{2, {evil, "z"}}, true}};
  query.after = SortKey{{}, evil, evil};
  return query;
}

void ExpectOnlyParameters(const ListQuery& query, const std::string& evil) {
  const auto check = [&](const SqlStatement& statement) {
    EXPECT_THAT(statement.text, Not(HasSubstr(evil)));
    EXPECT_EQ(static_cast<size_t>(std::count(statement.text.begin(), statement.text.end(), '?')),
              statement.parameters.size());
  };
  for (const Driver& driver :
       {Driver{Driver::Kind::kObjects}, Driver{Driver::Kind::kNames}, Driver{Driver::Kind::kOwners},
        Driver{Driver::Kind::kCreated}, Driver{Driver::Kind::kEntries, {{1, {evil}}}, 0},
        Driver{Driver::Kind::kEntries, {{1, std::vector<std::string>(99, evil)}, {2, {evil}}}}}) {
    ListQuery driven = query;
    driven.driver = driver;
    const SqlBuilder builder(kQuestionMarks, driven);
    ASSERT_GT(builder.piece_count(), 0u);
    check(builder.CappedCount(driver, 5));
    for (size_t i = 0; i < builder.piece_count(); ++i) {
      check(builder.Piece(i));
      check(builder.CountPiece(i));
    }
  }
}

TEST(SqlBuilderTest, ValuesAreNeverPartOfTheText) {
  const std::string evil = "EVIL'";
  ListQuery query = QueryOf(evil);
  ExpectOnlyParameters(query, evil);
  query.ordered = false;
  query.columns = {OrderColumn::kUid, OrderColumn::kCreatedAt};
  query.with_body = query.with_entries = true;
  ExpectOnlyParameters(query, evil);
  query.ordered = true;
  query.walk = query::OrderBy{OrderColumn::kName};
  query.after = SortKey{{evil}, evil, ""};
  ExpectOnlyParameters(query, evil);
}

TEST(SqlBuilderTest, APageOfALabelIsARangeOfTheEntriesWithoutASort) {
  ListQuery query;
  query.ranges = {KeyRange{}};
  query.probes = {{{7, {"web"}}, false}};
  query.driver = {Driver::Kind::kEntries, {{7, {"web"}}}, 0};
  query.after = SortKey{{}, "c!n!x", ""};
  query.fetch_limit = 11;
  EXPECT_EQ(
      SqlBuilder(kQuestionMarks, query).Piece(0).text,
      "SELECT a.id AS id,a.okey AS okey FROM entries a WHERE a.key_id=? AND a.value=? AND a.okey>? "
      "ORDER BY okey LIMIT ?");
}

TEST(SqlBuilderTest, FurtherConditionsAreScalarSubqueries) {
  ListQuery query;
  query.ranges = {KeyRange{}};
  query.probes = {{{7, {"web"}}, false}, {{8, {"a", "b"}}, true}};
  query.driver = {Driver::Kind::kEntries, {{7, {"web"}}}, 0};
  EXPECT_THAT(SqlBuilder(kQuestionMarks, query).Piece(0).text,
              HasSubstr(" AND (SELECT e.id FROM entries e WHERE e.key_id=? AND e.value IN (?,?) "
                        "AND e.okey=a.okey) "
                        "IS NULL"));
}

TEST(SqlBuilderTest, SeveralValuesAreAUnionOfOrderedLists) {
  ListQuery query;
  query.ranges = {KeyRange{}};
  query.driver = {Driver::Kind::kEntries, {{7, {"a", "b"}}, {8, {"c"}}}, {}};
  const std::string text = SqlBuilder(kQuestionMarks, query).Piece(0).text;
  EXPECT_THAT(text, HasSubstr(" UNION ALL "));
  EXPECT_EQ(text.rfind(" ORDER BY "), text.find(" ORDER BY "));
}

TEST(SqlBuilderTest, NumbersItsPlaceholdersWhereTheDialectWantsIt) {
  ListQuery query;
  query.ranges = {KeyRange::Cluster("c")};
  EXPECT_EQ(SqlBuilder(kNumbered, query).Piece(0).text,
            "SELECT o.id AS id,o.okey AS okey FROM objects o WHERE o.type_id=$1 AND o.okey>$2 AND "
            "o.okey<$3 "
            "ORDER BY okey");
}

}  // namespace
}  // namespace pedia::storage
