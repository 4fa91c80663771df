// Texts of objects that are longer than what an index of some database takes.
#include <gtest/gtest.h>

#include <random>

#include "tests/storage/store_audit.h"
#include "tests/storage/store_fixture.h"

namespace pedia::storage {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::IsOk;
using ::testing::SizeIs;

// Random, so that no database can compress it.
std::string LongText(size_t bytes, unsigned seed) {
  std::mt19937 random(seed);
  std::string text;
  while (text.size() < bytes) text += "abcdefghijklmnopqrstuvwxyz0123456789"[random() % 36];
  return text;
}

std::string Replaced(std::string text, std::string_view from, std::string_view to) {
  const size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

class LongTextsTest : public StoreTest {
 protected:
  void Store(const TestObject& object, const std::string& json) {
    Result<ObjectRow> row = EncodeObject(object.gvr, json);
    ASSERT_THAT(row, IsOk());
    Apply({{Change::Action::kUpsert, object.cluster, object.gvr, "Kind", *std::move(row)}});
  }
  std::vector<std::string> WithLabel(const std::string& key, const std::string& value) {
    query::ListOptions options;
    options.label_selector.push_back({key, query::SelectorOperator::kEquals, {value}});
    return Names(options);
  }
  std::vector<std::string> OwnedBy(query::OwnerCondition owner) {
    query::ListOptions options;
    options.owner = std::move(owner);
    return Names(options);
  }

  const std::string text_ = LongText(10'000, 1);
  // Ends otherwise.
  const std::string other_ = text_.substr(0, 9'999) + "!";
};

TEST_F(LongTextsTest, LabelsAreStoredAndFound) {
  Put({{.name = "a", .labels = {{"app", text_}}},
       {.name = "b", .labels = {{"app", other_}}},
       {.name = "c", .labels = {{text_, "1"}}},
       {.name = "d", .labels = {{other_, "1"}}}});
  EXPECT_THAT(WithLabel("app", text_), ElementsAre("c1/default/a"));
  EXPECT_THAT(WithLabel("app", other_), ElementsAre("c1/default/b"));
  EXPECT_THAT(WithLabel(text_, "1"), ElementsAre("c1/default/c"));
  EXPECT_THAT(WithLabel(other_, "1"), ElementsAre("c1/default/d"));
  EXPECT_THAT(DifferencesFromBodies(database_), IsEmpty());
}

TEST_F(LongTextsTest, OwnersAreStoredAndFound) {
  Put({{.name = "grandparent", .uid = text_},
       {.name = "parent", .uid = other_, .owner_uid = text_},
       {.name = "child", .uid = "u", .owner_uid = other_}});
  EXPECT_THAT(OwnedBy({.uid = text_}), ElementsAre("c1/default/parent"));
  EXPECT_THAT(OwnedBy({.uid = other_}), ElementsAre("c1/default/child"));
  EXPECT_THAT(OwnedBy({.uid = text_, .seniority = 1}), ElementsAre("c1/default/child"));
  EXPECT_THAT(OwnedBy({.name = "grandparent"}), ElementsAre("c1/default/parent"));
  EXPECT_THAT(OwnedBy({.name = "grandparent", .seniority = 1}), ElementsAre("c1/default/child"));
  EXPECT_THAT(OwnedBy({.name = text_}), IsEmpty());
  // Another owner, and none.
  Put({{.name = "parent", .resource_version = "2", .uid = other_, .owner_uid = other_},
       {.name = "child", .resource_version = "2", .uid = "u"}});
  EXPECT_THAT(OwnedBy({.uid = text_}), IsEmpty());
  EXPECT_THAT(OwnedBy({.uid = other_}), ElementsAre("c1/default/parent"));
  EXPECT_THAT(DifferencesFromBodies(database_), IsEmpty());
}

TEST_F(LongTextsTest, NamesOfOwnersVersionsAndAnnotationKeysAreStored) {
  const TestObject object{.name = "a", .resource_version = text_, .owner_uid = "o", .node = text_};
  std::string json = Replaced(object.Json(), R"("controller":true,)",
                              R"("controller":true,"name":")" + text_ + "\",");
  json = Replaced(json, R"("padding":)", '"' + LongText(1'000'000, 2) + "\":");
  Store(object, json);
  const Result<StoredObject> stored = store_->Get("c1", kPodsGvr, "default", "a", nullptr);
  ASSERT_THAT(stored, IsOk());
  EXPECT_EQ(stored->body, json);
  EXPECT_THAT(OwnedBy({.uid = "o"}), ElementsAre("c1/default/a"));
  EXPECT_THAT(DifferencesFromBodies(database_), IsEmpty());
  // It is known again.
  Result<ObjectRow> row = EncodeObject(kPodsGvr, json);
  EXPECT_EQ(Apply({{Change::Action::kUpsert, "c1", kPodsGvr, "Kind", *row}}).updated, 0);
}

TEST_F(LongTextsTest, AnObjectWithThousandsOfLabelsIsStoredAndFound) {
  TestObject object{.name = "a"};
  for (int i = 0; i < 5'000; ++i) object.labels.emplace_back("l" + std::to_string(i), "v");
  Put({object, {.name = "b"}});
  EXPECT_THAT(WithLabel("l4999", "v"), ElementsAre("c1/default/a"));
  query::ListOptions lacking;
  lacking.label_selector.push_back({"l17", query::SelectorOperator::kDoesNotExist, {}});
  EXPECT_THAT(Names(lacking), ElementsAre("c1/default/b"));
  EXPECT_THAT(DifferencesFromBodies(database_), IsEmpty());
  object.labels.pop_back();
  object.resource_version = "2";
  EXPECT_EQ(Put({object}).updated, 1);
  EXPECT_THAT(WithLabel("l4999", "v"), IsEmpty());
  EXPECT_EQ(Apply({Deletion(object)}).deleted, 1);
  EXPECT_THAT(Names({}), SizeIs(1));
  EXPECT_THAT(DifferencesFromBodies(database_), IsEmpty());
}

}  // namespace
}  // namespace pedia::storage
