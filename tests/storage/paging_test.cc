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

using query::OrderBy;

const GroupVersionResource kWidgetsGvr{"example.com", "v1", "widgets"};
constexpr int kStable = 400;

query::FieldPath Path(std::vector<std::string> names) {
  query::FieldPath path;
  for (std::string& name : names)
    path.steps.push_back({query::FieldStep::Kind::kMember, std::move(name), 0});
  return path;
}

OrderBy By(OrderColumn column, bool descending = false) { return {column, descending, {}}; }
OrderBy By(std::vector<std::string> names, bool descending = false) {
  return {OrderColumn::kField, descending, Path(std::move(names))};
}

class PagingTest : public StoreTest {
 protected:
  void SetUp() override {
    StoreTest::SetUp();
    std::vector<TestObject> objects;
    for (int i = 0; i < kStable; ++i) objects.push_back(Stable(i));
    Put(objects);
  }
  // Three of four are pods. Every value that a list may be ordered by is shared by some, and some
  // miss it.
  static TestObject Stable(int i) {
    TestObject object{.cluster = "c" + std::to_string(i % 3),
                      .gvr = i % 4 == 0 ? kWidgetsGvr : kPodsGvr,
                      .name_space = "n" + std::to_string(i % 7),
                      .name = "stable-" + std::to_string(i / 2),
                      .resource_version = std::to_string(i % 50),
                      .uid = "u" + std::to_string(i % 11),
                      .labels = {{"app", i % 2 == 0 ? "web" : "db"}},
                      .created = 1'000 + i % 13,
                      .phase = "phase " + std::to_string(i % 5),
                      .node = "node-" + std::to_string(i % 60)};
    if (i % 3 > 0) object.labels.emplace_back("weight", std::to_string(i % 12) + "Gi");
    if (i % 5 > 0) object.owner_uid = "o" + std::to_string(i % 8);
    if (i % 6 == 0) object.deleted = 2'000 + i % 4;
    if (i % 17 == 0) object.created.reset();
    return object;
  }
  // Inserts and deletes other objects, and updates the stable ones without moving them.
  void Churn(std::mt19937& random, bool updates) {
    std::vector<Change> changes;
    for (int k = 0; k < 20; ++k) {
      TestObject object = Stable(static_cast<int>(random() % kStable));
      object.padding = std::to_string(random());
      const bool other = !updates || random() % 2 == 0;
      if (other) object.name = (random() % 2 == 0 ? "a-" : "z-") + std::to_string(random() % 200);
      changes.push_back(other && random() % 2 == 0 ? Deletion(object) : Upsert(object));
    }
    Apply(changes);
  }
  void ExpectEachOnce(ListOptions options, const query::ListScope& scope, size_t expected,
                      bool updates = true) {
    std::mt19937 random(3);
    std::map<std::string, int> seen;
    int pages = 0;
    while (true) {
      const Listed page = List(options, scope);
      for (const std::string& body : page.bodies) {
        // Two stable objects of one name are of different types or clusters.
        if (NameOf(body).find("/stable-") != std::string::npos) ++seen[WithoutPadding(body)];
      }
      if (page.result.next_key.empty() || ++pages > 1'000) break;
      options.start.token_key = page.result.next_key;
      Churn(random, updates);
    }
    EXPECT_GT(pages, 5);
    EXPECT_EQ(seen.size(), expected);
    for (const auto& [name, count] : seen) EXPECT_EQ(count, 1) << name;
  }
  static std::string WithoutPadding(const std::string& body) {
    const std::string mark = R"("padding":")";
    const size_t start = body.find(mark) + mark.size();
    return body.substr(0, start) + body.substr(body.find('"', start));
  }
};

struct PagedOrder {
  std::string name;
  std::vector<OrderBy> order;
  bool updates = true;  // False: an update moves an object in this order.
};

std::vector<PagedOrder> Orders() {
  std::vector<PagedOrder> orders = {{"Default", {}}};
  const auto both = [&](const std::string& name, OrderBy up, bool updates = true) {
    orders.push_back({name + "Up", {up}, updates});
    up.descending = true;
    orders.push_back({name + "Down", {up}, updates});
  };
  both("Cluster", By(OrderColumn::kCluster));
  both("Namespace", By(OrderColumn::kNamespace));
  both("Name", By(OrderColumn::kName));
  both("CreatedAt", By(OrderColumn::kCreatedAt));
  both("ResourceVersion", By(OrderColumn::kResourceVersion));
  both("Uid", By(OrderColumn::kUid));
  both("OwnerUid", By(OrderColumn::kOwnerUid));
  both("SyncedAt", By(OrderColumn::kSyncedAt), false);
  both("DeletedAt", By(OrderColumn::kDeletedAt));
  both("Kind", By(OrderColumn::kKind));
  both("Resource", By(OrderColumn::kResource));
  both("Id", By(OrderColumn::kId));
  both("IndexedField", By({"spec", "nodeName"}));
  both("UnindexedField", By({"metadata", "uid"}));
  both("Label", By({"metadata", "labels", "weight"}));
  both("NoSuchField", By({"no", "such"}));
  orders.push_back({"SeveralColumns", {By(OrderColumn::kUid, true), By(OrderColumn::kNamespace)}});
  orders.push_back({"ColumnAndFields",
                    {By({"status", "phase"}, true), By({"metadata", "labels", "weight"}),
                     By(OrderColumn::kCreatedAt, true)}});
  return orders;
}

class PagedOrderTest : public PagingTest, public ::testing::WithParamInterface<PagedOrder> {};

TEST_P(PagedOrderTest, ShowsEachObjectThatStaysOnce) {
  ExpectEachOnce({.order_by = GetParam().order, .limit = 17}, {kPodsGvr, "", ""}, kStable * 3 / 4,
                 GetParam().updates);
}

TEST_P(PagedOrderTest, ShowsEachObjectOfACollectionThatStaysOnce) {
  const query::ListScope any{{}, "", "", "any", {{"", "", "", true}}};
  ExpectEachOnce({.order_by = GetParam().order, .limit = 17}, any, kStable, GetParam().updates);
}

TEST_P(PagedOrderTest, ShowsEachObjectThatMatchesAndStaysOnce) {
  ListOptions options{.order_by = GetParam().order, .limit = 7};
  options.label_selector = {{"app", query::SelectorOperator::kEquals, {"db"}}};
  options.field_selector = {
      {Path({"metadata", "namespace"}), query::SelectorOperator::kNotEquals, {"n3"}}};
  size_t expected = 0;
  for (int i = 0; i < kStable; ++i) expected += i % 4 != 0 && i % 2 != 0 && i % 7 != 3 ? 1 : 0;
  ExpectEachOnce(options, {kPodsGvr, "", ""}, expected, GetParam().updates);
}

// On a server each page is a few round trips, and what reads a page is the same code: some orders of
// each kind will do.
std::vector<PagedOrder> OrdersForDatabase() {
  std::vector<PagedOrder> orders = Orders();
  if (testing::TestDatabase::kind() == testing::TestDatabase::Kind::kSqlite) return orders;
  std::vector<PagedOrder> some;
  for (size_t i = 0; i < orders.size(); i += 3) some.push_back(std::move(orders[i]));
  return some;
}

INSTANTIATE_TEST_SUITE_P(Orders, PagedOrderTest, ::testing::ValuesIn(OrdersForDatabase()),
                         [](const auto& orders) { return orders.param.name; });

TEST_F(PagingTest, AListIsOneSnapshotWhateverIsWrittenMeanwhile) {
  class WritingSink : public RowSink {
   public:
    explicit WritingSink(Store* store) : store_(store) {}
    bool Row(const ListRow&) override {
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
      {kPodsGvr, "", ""}, {}, [](const ListHead&) {}, sink);
  ASSERT_THAT(result, testing::IsOk());
  EXPECT_FALSE(result->cancelled);
  EXPECT_EQ(sink.rows, kStable * 3 / 4);
  EXPECT_EQ(result->revision, 1);
}

TEST_F(PagingTest, ManyReadersAndAWriterAtOnce) {
  std::vector<std::jthread> readers;
  std::atomic<int> bad = 0;
  for (int i = 0; i < 12; ++i) {
    readers.emplace_back([&] {
      for (int k = 0; k < 10; ++k) {
        CollectingSink sink;
        const auto result = store_->List(
            {kPodsGvr, "", ""}, {}, [](const ListHead&) {}, sink);
        if (!result.ok() || sink.bodies.size() < kStable * 3 / 4) ++bad;
      }
    });
  }
  std::mt19937 random(5);
  for (int i = 0; i < 20; ++i) Churn(random, true);
  readers.clear();
  EXPECT_EQ(bad, 0);
}

}  // namespace
}  // namespace pedia::storage
