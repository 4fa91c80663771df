#include "storage/sql_builder.h"

#include <gmock/gmock.h>

namespace pedia::storage {
namespace {

using query::OrderColumn;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr Dialect kWithHints = {.index_hint_before = " INDEXED BY ",
                                .index_hint_after = "",
                                .ordered_join = " CROSS JOIN ",
                                .needs_descending_index = false,
                                .limits_unions = false,
                                .merges_unions = true,
                                .seeks_in_recursion = true,
                                .merge_join = nullptr,
                                .ranges_at_once = 1,
                                .in_rows = " IN (VALUES ",
                                .synced_seconds = "o.synced/1000"};
constexpr Dialect kOfServer = {.index_hint_before = nullptr,
                               .index_hint_after = nullptr,
                               .ordered_join = " CROSS JOIN ",
                               .needs_descending_index = false,
                               .limits_unions = true,
                               .merges_unions = true,
                               .seeks_in_recursion = true,
                               .merge_join = " INNER JOIN ",
                               .ranges_at_once = 64,
                               .in_rows = " IN (VALUES ",
                               .synced_seconds = "o.synced/1000"};

// A query in which every value that a client can send is `evil`.
ListQuery QueryOf(const std::string& evil) {
  ListQuery query;
  query.type_id = 1;
  query.ranges = {KeyRange::Cluster(evil), KeyRange::Namespace(evil, evil)};
  query.clusters = {true, {evil, "x"}, {}};
  query.namespaces = {false, {}, {evil}};
  query.access = {true, {evil}, {evil, "x"}, {{evil, evil}}};
  query.names = {true, {evil, "y"}, {evil}};
  query.since = 5;
  query.owners = {evil, "u"};
  query.probes = {{{1, {evil}}, false}, {{2, {evil, "z"}}, true}};
  query.after = SortKey{{}, evil, evil};
  return query;
}

void ExpectOnlyParameters(const ListQuery& query, const std::string& evil) {
  const auto check = [&](const SqlQuery& statement) {
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
    const SqlBuilder builder(kWithHints, driven);
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

TEST(SqlBuilderTest, WhatMayBeSeenIsAConditionOfAWalk) {
  ListQuery query;
  query.ranges = {KeyRange::Cluster("a"), KeyRange::Cluster("b")};
  query.access = {true, {"a"}, {"n"}, {{"b", "m"}, {"b", "o"}, {"c", "m"}}};
  query.walk = query::OrderBy{OrderColumn::kName};
  EXPECT_EQ(SqlBuilder(kWithHints, query).Piece(0).text,
            "SELECT o.id AS id,o.okey AS okey FROM objects o INDEXED BY objects_name WHERE "
            "o.type_id=? AND (o.cluster IN (VALUES (?)) OR o.namespace IN (VALUES (?)) OR "
            "(o.cluster,o.namespace) IN (VALUES (?,?),(?,?),(?,?),(?,?))) IS TRUE AND o.name IS "
            "NOT NULL ORDER BY o.name,okey");
}

TEST(SqlBuilderTest, ManyRangesAreOneWithAConditionOnColumns) {
  ListQuery query;
  query.ranges = {KeyRange::Cluster("a"), KeyRange::Cluster("b"), KeyRange::Namespace("c", "n")};
  query.access = {true, {"a", "b"}, {}, {{"c", "n"}}};
  query.driver = {Driver::Kind::kEntries, {{7, {"web"}}}, 0};
  query.by_columns = true;
  query.after = SortKey{{}, "b!n!x", ""};
  const SqlBuilder builder(kWithHints, query);
  ASSERT_EQ(builder.piece_count(), 1u);
  const SqlQuery piece = builder.Piece(0);
  EXPECT_THAT(piece.text, HasSubstr("a.okey>? AND a.okey<? AND (o.cluster IN"));
  EXPECT_EQ(std::get<std::string>(piece.parameters[2]), "b!n!x");
  EXPECT_EQ(std::get<std::string>(piece.parameters[3]), "c!n\"");
  query.after_inclusive = true;  // The row itself is a piece of its own.
  const SqlBuilder inclusive(kWithHints, query);
  ASSERT_EQ(inclusive.piece_count(), 2u);
  EXPECT_THAT(inclusive.Piece(0).text, HasSubstr("a.okey=? AND (o.cluster IN"));
  query.after = SortKey{{}, "d", ""};
  EXPECT_EQ(SqlBuilder(kWithHints, query).piece_count(), 0u);
}

TEST(SqlBuilderTest, APageOfALabelIsARangeOfTheEntriesWithoutASort) {
  ListQuery query;
  query.ranges = {KeyRange{}};
  query.probes = {{{7, {"web"}}, false}};
  query.driver = {Driver::Kind::kEntries, {{7, {"web"}}}, 0};
  query.after = SortKey{{}, "c!n!x", ""};
  query.fetch_limit = 11;
  EXPECT_EQ(
      SqlBuilder(kWithHints, query).Piece(0).text,
      "SELECT a.id AS id,a.okey AS okey FROM entries a WHERE a.key_id=? AND a.value=? AND a.okey>? "
      "ORDER BY okey LIMIT ?");
}

TEST(SqlBuilderTest, FurtherConditionsAreScalarSubqueries) {
  ListQuery query;
  query.ranges = {KeyRange{}};
  query.probes = {{{7, {"web"}}, false}, {{8, {"a", "b"}}, true}};
  query.driver = {Driver::Kind::kEntries, {{7, {"web"}}}, 0};
  EXPECT_THAT(SqlBuilder(kWithHints, query).Piece(0).text,
              HasSubstr(" AND (SELECT e.id FROM entries e WHERE e.key_id=? AND e.value IN (?,?) "
                        "AND e.okey=a.okey) "
                        "IS NULL"));
}

TEST(SqlBuilderTest, SeveralValuesAreAUnionOfOrderedLists) {
  ListQuery query;
  query.ranges = {KeyRange{}};
  query.driver = {Driver::Kind::kEntries, {{7, {"a", "b"}}, {8, {"c"}}}, {}};
  const std::string text = SqlBuilder(kWithHints, query).Piece(0).text;
  EXPECT_THAT(text, HasSubstr(" UNION ALL "));
  EXPECT_EQ(text.rfind(" ORDER BY "), text.find(" ORDER BY "));
}

TEST(SqlBuilderTest, WhereAStatementIsARoundTripItReadsSeveralRanges) {
  ListQuery query;
  query.fetch_limit = 11;
  for (const char* cluster : {"a", "b", "c", "d", "e", "f"})
    query.ranges.push_back(KeyRange::Cluster(cluster));
  const SqlBuilder builder(kOfServer, query);
  ASSERT_EQ(builder.piece_count(), 2u);
  const std::string select =
      "(SELECT o.id AS id,o.okey AS okey FROM objects o WHERE o.type_id=? AND o.okey>? AND "
      "o.okey<? ORDER BY okey LIMIT ?)";
  EXPECT_EQ(builder.Piece(0).text, select + " UNION ALL " + select + " UNION ALL " + select +
                                       " UNION ALL " + select + " ORDER BY okey LIMIT ?");
  // The second one is for many: those that it does not have are empty ranges.
  const SqlQuery second = builder.Piece(1);
  EXPECT_EQ(std::count(second.text.begin(), second.text.end(), '('), 64);
  EXPECT_EQ(std::get<std::string>(second.parameters[1]), "e!");
  EXPECT_EQ(std::get<std::string>(second.parameters[9]), "\xff");
}

TEST(SqlBuilderTest, WhereUnionsAreSortedBodiesStayOutOfTheSort) {
  Dialect sorts = kOfServer;
  sorts.merges_unions = false;
  ListQuery query;
  query.ranges = {KeyRange{}};
  query.driver = {Driver::Kind::kEntries, {{7, {"a", "b"}}}, {}};
  query.columns = {query::OrderColumn::kOwnerUid};
  query.with_body = true;
  const auto select = [](const std::string& behind) {
    return "(SELECT a.id AS id,a.okey AS okey,o.owner_uid AS c0 FROM entries a CROSS JOIN objects "
           "o WHERE a.key_id=? AND a.value=?" +
           behind + " AND o.id=a.id ORDER BY okey LIMIT ?)";
  };
  const auto text = [&](const std::string& behind) {
    return "SELECT p.id,p.okey,p.c0,b.body FROM (" + select(behind) + " UNION ALL " +
           select(behind) + " ORDER BY okey LIMIT ?) p CROSS JOIN bodies b WHERE b.id=p.id ORDER " +
           "BY p.okey";
  };
  // All rows: in parts, so that no sort is of all.
  const SqlBuilder all(sorts, query);
  ASSERT_TRUE(all.HasParts(0));
  const SqlQuery part = all.Part(0, "c!n!x", 20);
  EXPECT_EQ(part.text, text(" AND a.okey>?"));
  EXPECT_EQ(std::get<std::string>(part.parameters[2]), "c!n!x");
  EXPECT_EQ(std::get<int64_t>(part.parameters.back()), 20);
  query.fetch_limit = 11;
  const SqlBuilder page(sorts, query);
  EXPECT_FALSE(page.HasParts(0));
  EXPECT_EQ(page.Piece(0).text, text(""));
  EXPECT_FALSE(SqlBuilder(kOfServer, query).HasParts(0));
}

TEST(SqlBuilderTest, RangesThatDescendAreNotMerged) {
  ListQuery query;
  query.fetch_limit = 11;
  for (const char* cluster : {"c", "b", "a"}) query.ranges.push_back(KeyRange::Cluster(cluster));
  EXPECT_EQ(SqlBuilder(kOfServer, query).piece_count(), 3u);
}

TEST(SqlBuilderTest, AListWithoutEndReadsItsRangesOneAfterTheOther) {
  ListQuery query;
  for (const char* cluster : {"a", "b", "c"}) query.ranges.push_back(KeyRange::Cluster(cluster));
  const SqlBuilder builder(kOfServer, query);
  EXPECT_EQ(builder.piece_count(), 3u);
  EXPECT_THAT(builder.Piece(0).text, Not(HasSubstr("UNION")));
}

}  // namespace
}  // namespace pedia::storage
