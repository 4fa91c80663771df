#include "storage/sort_key.h"

#include <gtest/gtest.h>

#include <random>

#include "tests/testing/matchers.h"

namespace pedia::storage {
namespace {

using query::OrderBy;
using query::OrderColumn;
using testing::FailsWith;
using ::testing::HasSubstr;
using testing::IsOk;

std::vector<OrderColumn> Columns(const std::vector<OrderBy>& order) {
  std::vector<OrderColumn> columns;
  for (const OrderBy& term : order) columns.push_back(term.column);
  return columns;
}

TEST(NormalizeOrderTest, DropsWhatChangesNothing) {
  using C = OrderColumn;
  EXPECT_EQ(Columns(NormalizeOrder({{C::kCluster}, {C::kNamespace}, {C::kName}})),
            std::vector<C>{});
  EXPECT_EQ(Columns(NormalizeOrder({{C::kCluster}, {C::kCluster, true}})), std::vector<C>{});
  EXPECT_EQ(Columns(NormalizeOrder({{C::kKind}, {C::kUid, true}, {C::kCluster}})),
            std::vector<C>{C::kUid});
  EXPECT_EQ(Columns(NormalizeOrder({{C::kId}, {C::kUid}})), std::vector<C>{C::kId});
  EXPECT_EQ(Columns(NormalizeOrder({{C::kCluster, true}})), std::vector<C>{C::kCluster});
  EXPECT_EQ(Columns(NormalizeOrder({{C::kNamespace}, {C::kName}})),
            (std::vector<C>{C::kNamespace, C::kName}));
}

TEST(SortKeyTest, GivesBackEveryKindOfValue) {
  const std::vector<OrderBy> order = {
      {OrderColumn::kCreatedAt}, {OrderColumn::kUid}, {OrderColumn::kDeletedAt}};
  const SortKey key{{int64_t{-5}, std::string("a\0b", 3), std::monostate()}, "c!n!x"};
  const Result<SortKey> parsed = ParseSortKey(FormatSortKey(key), order);
  ASSERT_THAT(parsed, IsOk());
  EXPECT_EQ(*parsed, key);
}

TEST(SortKeyTest, RefusesTheKeyOfAnotherOrder) {
  const std::string key = FormatSortKey({{int64_t{1}}, "c!n!x"});
  EXPECT_THAT(ParseSortKey(key, {{OrderColumn::kUid}}),
              FailsWith(StatusReason::kBadRequest, HasSubstr("continue")));
  EXPECT_THAT(ParseSortKey(key, {}), FailsWith(StatusReason::kBadRequest, HasSubstr("continue")));
  EXPECT_THAT(ParseSortKey("", {}), FailsWith(StatusReason::kBadRequest, HasSubstr("continue")));
}

TEST(SortKeyTest, SurvivesAnyBytes) {
  std::mt19937 random(7);
  size_t refused = 0;
  for (int i = 0; i < 20'000; ++i) {
    std::string bytes(random() % 24, '\0');
    for (char& c : bytes) c = static_cast<char>(random() % 4);
    refused += ParseSortKey(bytes, {{OrderColumn::kUid}, {OrderColumn::kCreatedAt}}).ok() ? 0 : 1;
  }
  EXPECT_GT(refused, 10'000u);
}

}  // namespace
}  // namespace pedia::storage
