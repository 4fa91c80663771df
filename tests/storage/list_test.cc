#include "storage/list.h"

#include <gtest/gtest.h>

#include "tests/storage/store_fixture.h"

namespace pedia::storage {
namespace {

using query::ListOptions;
using query::OrderColumn;
using query::SelectorOperator;
using ::testing::_;
using ::testing::ElementsAre;
using testing::FailsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::IsOk;

class StoreListTest : public StoreTest {
 protected:
  void SetUp() override {
    StoreTest::SetUp();
    Put({{.cluster = "c1",
          .name_space = "n1",
          .name = "a",
          .labels = {{"app", "web"}, {"w", "5"}},
          .created = 30},
         {.cluster = "c1",
          .name_space = "n2",
          .name = "b",
          .labels = {{"app", "db"}, {"w", "x"}},
          .created = 10},
         {.cluster = "c2",
          .name_space = "n1",
          .name = "a",
          .labels = {{"app", "web"}},
          .created = 20},
         {.cluster = "c2",
          .name_space = "n1",
          .name = "c",
          .labels = {{"w", "70"}},
          .created = 20}});
  }
  std::vector<std::string> WithLabel(SelectorOperator op, const std::string& key,
                                     std::vector<std::string> values) {
    ListOptions options;
    options.label_selector = {{key, op, std::move(values)}};
    return Names(options);
  }
};

TEST_F(StoreListTest, OrdersByClusterNamespaceAndName) {
  EXPECT_THAT(Names({}), ElementsAre("c1/n1/a", "c1/n2/b", "c2/n1/a", "c2/n1/c"));
}

TEST_F(StoreListTest, TheScopeRestrictsClusterAndNamespace) {
  EXPECT_THAT(Names({}, {kPodsGvr, "c2", ""}), ElementsAre("c2/n1/a", "c2/n1/c"));
  EXPECT_THAT(Names({}, {kPodsGvr, "", "n1"}), ElementsAre("c1/n1/a", "c2/n1/a", "c2/n1/c"));
  EXPECT_THAT(Names({}, {kPodsGvr, "c1", "n2"}), ElementsAre("c1/n2/b"));
  EXPECT_THAT(Names({}, {kPodsGvr, "c", ""}), IsEmpty());
  EXPECT_THAT(Names({}, {kNodesGvr, "", ""}), IsEmpty());
}

TEST_F(StoreListTest, SetsOfNamesRestrictAndExclude) {
  EXPECT_THAT(Names({.clusters = In({"c2", "c3"})}), ElementsAre("c2/n1/a", "c2/n1/c"));
  EXPECT_THAT(Names({.clusters = NotIn({"c2"})}), ElementsAre("c1/n1/a", "c1/n2/b"));
  EXPECT_THAT(Names({.namespaces = In({"n2"})}), ElementsAre("c1/n2/b"));
  EXPECT_THAT(Names({.namespaces = NotIn({"n1"})}), ElementsAre("c1/n2/b"));
  EXPECT_THAT(Names({.names = In({"a"})}), ElementsAre("c1/n1/a", "c2/n1/a"));
  EXPECT_THAT(Names({.names = NotIn({"a"})}), ElementsAre("c1/n2/b", "c2/n1/c"));
  EXPECT_THAT(Names({.clusters = In({"c2"}), .namespaces = In({"n1"}), .names = In({"a", "b"})}),
              ElementsAre("c2/n1/a"));
  EXPECT_THAT(Names({.names = {true, {}, {}}}), IsEmpty());
  EXPECT_THAT(Names({.clusters = In({"c2"})}, {kPodsGvr, "c1", ""}), IsEmpty());
}

TEST_F(StoreListTest, AnswersEveryLabelOperator) {
  EXPECT_THAT(WithLabel(SelectorOperator::kEquals, "app", {"web"}),
              ElementsAre("c1/n1/a", "c2/n1/a"));
  EXPECT_THAT(WithLabel(SelectorOperator::kNotEquals, "app", {"web"}),
              ElementsAre("c1/n2/b", "c2/n1/c"));
  EXPECT_THAT(WithLabel(SelectorOperator::kIn, "app", {"db", "web"}),
              ElementsAre("c1/n1/a", "c1/n2/b", "c2/n1/a"));
  EXPECT_THAT(WithLabel(SelectorOperator::kNotIn, "app", {"db", "web"}), ElementsAre("c2/n1/c"));
  EXPECT_THAT(WithLabel(SelectorOperator::kExists, "app", {}),
              ElementsAre("c1/n1/a", "c1/n2/b", "c2/n1/a"));
  EXPECT_THAT(WithLabel(SelectorOperator::kDoesNotExist, "app", {}), ElementsAre("c2/n1/c"));
  EXPECT_THAT(WithLabel(SelectorOperator::kGreaterThan, "w", {"10"}), ElementsAre("c2/n1/c"));
  EXPECT_THAT(WithLabel(SelectorOperator::kLessThan, "w", {"10"}), ElementsAre("c1/n1/a"));
}

TEST_F(StoreListTest, AKeyThatNoObjectHasMatchesOnlyNegativeConditions) {
  EXPECT_THAT(WithLabel(SelectorOperator::kEquals, "none", {""}), IsEmpty());
  EXPECT_THAT(WithLabel(SelectorOperator::kExists, "none", {}), IsEmpty());
  EXPECT_EQ(WithLabel(SelectorOperator::kNotEquals, "none", {"x"}).size(), 4u);
  EXPECT_EQ(WithLabel(SelectorOperator::kDoesNotExist, "none", {}).size(), 4u);
}

TEST_F(StoreListTest, OrdersByCreationWithNamesAsTieBreakers) {
  ListOptions options;
  options.order_by = {{OrderColumn::kCreatedAt}};
  EXPECT_THAT(Names(options), ElementsAre("c1/n2/b", "c2/n1/a", "c2/n1/c", "c1/n1/a"));
  options.order_by = {{OrderColumn::kCreatedAt, true}};
  EXPECT_THAT(Names(options), ElementsAre("c1/n1/a", "c2/n1/a", "c2/n1/c", "c1/n2/b"));
}

TEST_F(StoreListTest, ResourceVersionsOrderAsNumbersAndMissingOnesComeLast) {
  Put({{.name = "r10", .resource_version = "10"},
       {.name = "r9", .resource_version = "9"},
       {.name = "none", .resource_version = ""},
       {.name = "big", .resource_version = "9007199254740993"}});
  ListOptions options{.namespaces = In({"default"}), .order_by = {{OrderColumn::kResourceVersion}}};
  EXPECT_THAT(Names(options),
              ElementsAre("c1/default/r9", "c1/default/r10", "c1/default/big", "c1/default/none"));
  options.order_by = {{OrderColumn::kResourceVersion, true}};
  EXPECT_THAT(Names(options),
              ElementsAre("c1/default/big", "c1/default/r10", "c1/default/r9", "c1/default/none"));
}

TEST_F(StoreListTest, SinceIsInclusiveAndBeforeIsNot) {
  EXPECT_THAT(Names({.since = 20}), ElementsAre("c1/n1/a", "c2/n1/a", "c2/n1/c"));
  EXPECT_THAT(Names({.since = 20, .before = 30}), ElementsAre("c2/n1/a", "c2/n1/c"));
}

TEST_F(StoreListTest, APageEndsWithTheKeyOfTheNext) {
  ListOptions options{.limit = 3};
  Listed page = List(options);
  EXPECT_EQ(page.bodies.size(), 3u);
  ASSERT_FALSE(page.result.next_key.empty());
  options.start.token_key = page.result.next_key;
  page = List(options);
  EXPECT_EQ(page.bodies.size(), 1u);
  EXPECT_TRUE(page.result.next_key.empty());
}

TEST_F(StoreListTest, APageThatEndsWithTheListHasNoNextKey) {
  EXPECT_TRUE(List({.limit = 4}).result.next_key.empty());
}

TEST_F(StoreListTest, AnOffsetSkipsRows) {
  ListOptions options{.limit = 2};
  options.start.offset = 1;
  EXPECT_THAT(Names(options), ElementsAre("c1/n2/b", "c2/n1/a"));
  options.start.offset = 9;
  EXPECT_THAT(Names(options), IsEmpty());
}

TEST_F(StoreListTest, CountsWhatRemainsWhenAsked) {
  EXPECT_EQ(List({.limit = 1, .with_remaining_count = true}).result.remaining_count, 3);
  EXPECT_EQ(List({.limit = 4, .with_remaining_count = true}).result.remaining_count, 0);
  EXPECT_EQ(List({.limit = 1}).result.remaining_count, std::nullopt);
  ListOptions options{.limit = 1, .with_remaining_count = true};
  options.label_selector = {{"app", SelectorOperator::kExists, {}}};
  EXPECT_EQ(List(options).result.remaining_count, 2);
}

TEST_F(StoreListTest, TheHeadComesOnceWithTheRevisionAlsoWithoutRows) {
  EXPECT_THAT(List({}).heads, ElementsAre(1));
  EXPECT_THAT(List({.names = In({"none"})}).heads, ElementsAre(1));
  EXPECT_THAT(List({}, {kNodesGvr, "", ""}).heads, ElementsAre(1));
  EXPECT_EQ(List({}).result.revision, 1);
}

TEST_F(StoreListTest, EndsWhenTheSinkHasEnough) {
  CollectingSink sink;
  sink.stop_after = 2;
  const Result<ListResult> result = store_->List(
      {kPodsGvr, "", ""}, {}, [](const ListHead&) {}, sink);
  ASSERT_THAT(result, IsOk());
  EXPECT_TRUE(result->cancelled);
  EXPECT_EQ(sink.bodies.size(), 2u);
}

TEST_F(StoreListTest, RefusesADamagedKeyBeforeTheHead) {
  ListOptions options;
  options.start.token_key = "\x05garbage";
  CollectingSink sink;
  bool head = false;
  EXPECT_THAT(store_->List(
                  {kPodsGvr, "", ""}, options, [&](const ListHead&) { head = true; }, sink),
              FailsWith(StatusReason::kBadRequest, HasSubstr("continue")));
  EXPECT_FALSE(head);
}

TEST_F(StoreListTest, ValuesThatLookLikeSqlAreOnlyValues) {
  const std::string evil = "x' OR 1=1 --";
  EXPECT_THAT(Names({.clusters = In({evil})}), IsEmpty());
  EXPECT_THAT(Names({.names = In({evil})}), IsEmpty());
  EXPECT_THAT(Names({.namespaces = In({evil})}), IsEmpty());
  EXPECT_THAT(WithLabel(SelectorOperator::kEquals, "app", {evil}), IsEmpty());
  EXPECT_THAT(WithLabel(SelectorOperator::kEquals, evil, {"web"}), IsEmpty());
}

TEST_F(StoreListTest, TakesHundredsOfRequirementsAndThousandsOfValues) {
  ListOptions options;
  for (int i = 0; i < 1'500; ++i)
    options.label_selector.push_back(
        {"app", SelectorOperator::kNotEquals, {"v" + std::to_string(i)}});
  std::vector<std::string> many;
  for (int i = 10'000; i < 14'000; ++i) many.push_back(std::to_string(i));
  options.label_selector.push_back({"w", SelectorOperator::kNotIn, many});
  options.names = NotIn(many);
  options.clusters = NotIn(many);
  EXPECT_EQ(Names(options).size(), 4u);
  many.push_back("70");
  options.label_selector.back() = {"w", SelectorOperator::kIn, many};
  EXPECT_THAT(Names(options), ElementsAre("c2/n1/c"));
}

TEST_F(StoreListTest, TooManyValuesAreABadRequest) {
  std::vector<std::string> many;
  for (int i = 100'000; i < 130'000; ++i) many.push_back(std::to_string(i));
  CollectingSink sink;
  EXPECT_THAT(store_->List(
                  {kPodsGvr, "", ""}, {.names = In(many)}, [](const ListHead&) {}, sink),
              FailsWith(StatusReason::kBadRequest, HasSubstr("too many")));
}

TEST_F(StoreListTest, LongLabelValuesMatchWhole) {
  const std::string value(300, 'v');
  Put({{.name = "long", .labels = {{"long", value}}}});
  EXPECT_THAT(WithLabel(SelectorOperator::kEquals, "long", {value}),
              ElementsAre("c1/default/long"));
  EXPECT_THAT(WithLabel(SelectorOperator::kEquals, "long", {value + "v"}), IsEmpty());
}

}  // namespace
}  // namespace pedia::storage
