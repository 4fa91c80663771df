#include "storage/sort_key.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <random>
#include <tuple>

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
  const auto columns = [](const std::vector<OrderBy>& order) {
    return Columns(NormalizeOrder(order, /*one_type=*/true));
  };
  EXPECT_EQ(columns({{C::kCluster}, {C::kNamespace}, {C::kName}}), std::vector<C>{});
  EXPECT_EQ(columns({{C::kCluster}, {C::kCluster, true}}), std::vector<C>{});
  EXPECT_EQ(columns({{C::kKind}, {C::kUid, true}, {C::kCluster}}), std::vector<C>{C::kUid});
  EXPECT_EQ(columns({{C::kId}, {C::kUid}}), std::vector<C>{C::kId});
  EXPECT_EQ(columns({{C::kCluster, true}}), std::vector<C>{C::kCluster});
  EXPECT_EQ(columns({{C::kNamespace}, {C::kName}}), (std::vector<C>{C::kNamespace, C::kName}));
}

TEST(NormalizeOrderTest, KeepsDifferentFieldsAndDropsRepeatedOnes) {
  const OrderBy a{OrderColumn::kField, false, {{{query::FieldStep::Kind::kMember, "a"}}}};
  const OrderBy b{OrderColumn::kField, true, {{{query::FieldStep::Kind::kMember, "b"}}}};
  EXPECT_EQ(NormalizeOrder({a, b, a}, true), (std::vector<OrderBy>{a, b}));
}

TEST(NormalizeOrderTest, KeepsTheTypeInAListOfSeveralResources) {
  EXPECT_EQ(Columns(NormalizeOrder({{OrderColumn::kKind}, {OrderColumn::kCluster}}, false)),
            std::vector<OrderColumn>{OrderColumn::kKind});
}

const std::vector<OrderBy> kMixedOrder = {
    {OrderColumn::kCreatedAt}, {OrderColumn::kUid, true}, {OrderColumn::kDeletedAt, true}};

TEST(SortKeyTest, GivesBackEveryKindOfValue) {
  for (const SortKey& key :
       {SortKey{{int64_t{-5}, std::string("a\0b", 3), std::monostate()}, "c!n!x", ""},
        SortKey{{std::monostate(), std::string("\0\xff\1", 3), int64_t{7}}, "c!n!", "t"},
        SortKey{{int64_t{INT64_MIN}, std::string(), int64_t{INT64_MAX}}, "c!!x", "a!b"}}) {
    const Result<SortKey> parsed = ParseSortKey(FormatSortKey(key, kMixedOrder), kMixedOrder);
    ASSERT_THAT(parsed, IsOk());
    EXPECT_EQ(*parsed, key);
  }
}

// The bytes of `key` compare as the keys do: checked against a comparison of the values.
bool ComesBefore(const SortKey& a, const SortKey& b) {
  for (size_t i = 0; i < kMixedOrder.size(); ++i) {
    const bool a_missing = std::holds_alternative<std::monostate>(a.values[i]);
    const bool b_missing = std::holds_alternative<std::monostate>(b.values[i]);
    if (a_missing != b_missing) return b_missing;
    if (a_missing || a.values[i] == b.values[i]) continue;
    return kMixedOrder[i].descending ? b.values[i] < a.values[i] : a.values[i] < b.values[i];
  }
  return std::tie(a.okey, a.type) < std::tie(b.okey, b.type);
}

TEST(SortKeyTest, BytesAreInTheOrderOfTheKeys) {
  std::mt19937 random(11);
  const auto text = [&] {
    std::string out(random() % 4, '\0');
    for (char& c : out) c = "\0\1a\xff"[random() % 4];
    return out;
  };
  const auto number = [&]() -> SqlValue {
    if (random() % 3 == 0) return {};
    return static_cast<int64_t>(random() % 5) - 2;
  };
  for (int i = 0; i < 20'000; ++i) {
    const SortKey a{
        {number(), random() % 3 == 0 ? SqlValue() : SqlValue(text()), number()}, text(), text()};
    SortKey b = a;
    b.values[random() % 3] = random() % 2 == 0 ? SqlValue() : b.values[0];
    if (random() % 2 == 0) b = {{number(), SqlValue(text()), number()}, text(), text()};
    if (std::holds_alternative<std::string>(b.values[0]) ||
        std::holds_alternative<std::string>(b.values[2]) ||
        std::holds_alternative<int64_t>(b.values[1]))
      continue;
    ASSERT_EQ(FormatSortKey(a, kMixedOrder) < FormatSortKey(b, kMixedOrder), ComesBefore(a, b));
  }
}

TEST(SortKeyTest, RefusesTheKeyOfAnotherOrder) {
  const std::string key = FormatSortKey({{int64_t{1}}, "c!n!x", ""}, {{OrderColumn::kCreatedAt}});
  EXPECT_THAT(ParseSortKey(key, {{OrderColumn::kUid}, {OrderColumn::kCreatedAt}}),
              FailsWith(StatusReason::kBadRequest, HasSubstr("continue")));
  EXPECT_THAT(ParseSortKey("", {}), FailsWith(StatusReason::kBadRequest, HasSubstr("continue")));
  EXPECT_THAT(ParseSortKey("c!n!x", {}),
              FailsWith(StatusReason::kBadRequest, HasSubstr("continue")));
}

TEST(SortKeyTest, SurvivesAnyBytes) {
  std::mt19937 random(7);
  size_t refused = 0;
  for (int i = 0; i < 20'000; ++i) {
    std::string bytes(random() % 24, '\0');
    for (char& c : bytes) c = static_cast<char>(random() % 4);
    refused += ParseSortKey(bytes, {{OrderColumn::kUid}, {OrderColumn::kCreatedAt}}).ok() ? 0 : 1;
  }
  EXPECT_GT(refused, 1'000u);
}

}  // namespace
}  // namespace pedia::storage
