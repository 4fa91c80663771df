// A list read page by page while others write: every object that was there throughout is seen
// exactly once.
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <thread>

#include "tests/storage/store_fixture.h"

namespace pedia::storage {
namespace {

using query::ListOptions;
using query::OrderColumn;

constexpr int kStable = 400;

class SqlitePagingTest : public StoreTest {
 protected:
  void SetUp() override {
    StoreTest::SetUp();
    std::vector<TestObject> objects;
    for (int i = 0; i < kStable; ++i) objects.push_back(Stable(i));
    Put(objects);
  }
  static TestObject Stable(int i) {
    return {.cluster = "c" + std::to_string(i % 3),
            .name_space = "n" + std::to_string(i % 7),
            .name = "stable-" + std::to_string(i),
            .uid = "u" + std::to_string(i % 11),
            .labels = {{"app", i % 2 == 0 ? "web" : "db"}},
            .created = 1'000 + i % 13};
  }
  // Inserts and deletes other objects, and updates the stable ones without moving them.
  void Churn(std::mt19937& random) {
    std::vector<Change> changes;
    for (int k = 0; k < 20; ++k) {
      TestObject object = Stable(static_cast<int>(random() % kStable));
      object.resource_version = std::to_string(random());
      if (random() % 3 == 0) object.padding = std::to_string(random());
      const bool other = random() % 2 == 0;
      if (other) object.name = "other-" + std::to_string(random() % 200);
      changes.push_back(other && random() % 2 == 0 ? Deletion(object) : Upsert(object));
    }
    Apply(changes);
  }
  void ExpectEachOnce(ListOptions options, size_t expected) {
    std::mt19937 random(3);
    std::map<std::string, int> seen;
    int pages = 0;
    while (true) {
      const Listed page = List(options);
      for (const std::string& body : page.bodies) {
        const std::string name = NameOf(body);
        if (name.find("/stable-") != std::string::npos) ++seen[name];
      }
      if (page.result.next_key.empty() || ++pages > 1'000) break;
      options.start.token_key = page.result.next_key;
      Churn(random);
    }
    EXPECT_GT(pages, 5);
    EXPECT_EQ(seen.size(), expected);
    for (const auto& [name, count] : seen) EXPECT_EQ(count, 1) << name;
  }
};

TEST_F(SqlitePagingTest, InTheDefaultOrder) { ExpectEachOnce({.limit = 17}, kStable); }

TEST_F(SqlitePagingTest, ByCreationDownwards) {
  ExpectEachOnce({.order_by = {{OrderColumn::kCreatedAt, true}}, .limit = 17}, kStable);
}

TEST_F(SqlitePagingTest, ByTwoColumnsThatNeedASort) {
  ExpectEachOnce({.order_by = {{OrderColumn::kUid, true}, {OrderColumn::kNamespace}}, .limit = 17},
                 kStable);
}

TEST_F(SqlitePagingTest, WithALabelSelector) {
  ListOptions options{.limit = 7};
  options.label_selector = {{"app", query::SelectorOperator::kEquals, {"web"}}};
  ExpectEachOnce(options, kStable / 2);
}

TEST_F(SqlitePagingTest, AListIsOneSnapshotWhateverIsWrittenMeanwhile) {
  class WritingSink : public RowSink {
   public:
    explicit WritingSink(Store* store) : store_(store) {}
    bool Row(std::string_view) override {
      ++rows;
      const TestObject late{.cluster = "z", .name = "late-" + std::to_string(rows)};
      const std::vector<Change> changes = {Upsert(late)};
      return store_->Apply(changes).ok();
    }
    int rows = 0;

   private:
    Store* store_;
  };
  WritingSink sink(store_.get());
  const Result<ListResult> result = store_->List(
      {kPodsGvr, "", ""}, {}, [](int64_t) {}, sink);
  ASSERT_THAT(result, testing::IsOk());
  EXPECT_FALSE(result->cancelled);
  EXPECT_EQ(sink.rows, kStable);
  EXPECT_EQ(result->revision, 1);
}

TEST_F(SqlitePagingTest, ManyReadersAndAWriterAtOnce) {
  std::vector<std::jthread> readers;
  std::atomic<int> bad = 0;
  for (int i = 0; i < 12; ++i) {
    readers.emplace_back([&] {
      for (int k = 0; k < 10; ++k) {
        CollectingSink sink;
        const auto result = store_->List(
            {kPodsGvr, "", ""}, {}, [](int64_t) {}, sink);
        if (!result.ok() || sink.bodies.size() < kStable) ++bad;
      }
    });
  }
  std::mt19937 random(5);
  for (int i = 0; i < 20; ++i) Churn(random);
  readers.clear();
  EXPECT_EQ(bad, 0);
}

}  // namespace
}  // namespace pedia::storage
