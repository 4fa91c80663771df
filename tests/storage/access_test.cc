// What a reader may see: every list, page, count and facet is as if nothing else were there.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/storage/store_fixture.h"

namespace pedia::storage {
namespace {

using query::AccessFilter;
using query::ListOptions;
using query::OrderBy;
using query::OrderColumn;
using query::ResourceAccess;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::IsOk;
using ::testing::Not;

constexpr int kClusters = 14;
constexpr int kNamespaces = 4;
const GroupVersionResource kEventsGvr{"", "v1", "events"};

std::string Cluster(int i) { return "c" + std::to_string(10 + i); }
std::string Namespace(int i) { return "n" + std::to_string(i); }

std::string Name(int c, int n, int p) {
  return "p" + std::to_string((c * 11 + n * 3 + p * 5) % 10) + "-" + std::to_string(c) + "-" +
         std::to_string(n) + "-" + std::to_string(p);
}

query::FieldPath Phase() {
  return {{{query::FieldStep::Kind::kMember, "status", 0},
           {query::FieldStep::Kind::kMember, "phase", 0}}};
}

// The filter of the pods.
ListOptions With(AccessFilter filter, ListOptions options = {}) {
  options.access = ResourceAccess{{{{"", "pods"}, std::move(filter)}}};
  return options;
}

class AccessTest : public StoreTest {
 protected:
  void SetUp() override {
    StoreTest::SetUp();
    std::vector<TestObject> objects;
    for (int c = 0; c < kClusters; ++c) {
      for (int n = 0; n < kNamespaces; ++n) {
        for (int p = 0; p < 2; ++p) objects.push_back(Pod(c, n, p));
      }
      objects.push_back({.cluster = Cluster(c), .gvr = kNodesGvr, .name_space = "", .name = "n"});
    }
    Put(objects);
  }
  static TestObject Pod(int c, int n, int p) {
    TestObject pod{.cluster = Cluster(c), .name_space = Namespace(n), .name = Name(c, n, p)};
    pod.uid = "u-" + pod.name;
    pod.labels = {{"app", p == 0 ? "web" : "db"}, {"odd", c % 2 == 1 ? "yes" : "no"}};
    if (c == 3) pod.labels.emplace_back("rare", "1");
    pod.created = 1'000 + (c * 7 + n * 5 + p * 3) % 23;
    pod.phase = (c + n + p) % 3 == 0 ? "Failed" : "Running";
    return pod;
  }
  // Those of `names` that `filter` lets see.
  static std::vector<std::string> Seen(std::vector<std::string> names, const AccessFilter& filter) {
    std::erase_if(names, [&](const std::string& name) {
      const size_t slash = name.find('/');
      const size_t second = name.find('/', slash + 1);
      return !filter.Matches(name.substr(0, slash), name.substr(slash + 1, second - slash - 1));
    });
    return names;
  }
  std::vector<std::string> PageByPage(ListOptions options, const query::ListScope& scope,
                                      std::vector<int64_t>* remaining) {
    std::vector<std::string> names;
    options.with_remaining_count = true;
    do {
      const Listed page = List(options, scope);
      for (const std::string& body : page.bodies) names.push_back(NameOf(body));
      remaining->push_back(page.result.remaining_count.value_or(-1));
      options.start = {page.result.next_key, 0};
    } while (!options.start.token_key.empty() && remaining->size() < 1'000);
    return names;
  }
};

std::vector<AccessFilter> Filters() {
  AccessFilter many{true, {}, {}, {}};
  for (int i = 0; i < 500; ++i) many.cluster_namespaces.emplace_back("x" + std::to_string(i), "n");
  many.cluster_namespaces.emplace_back(Cluster(5), Namespace(1));
  many.cluster_namespaces.emplace_back(Cluster(2), Namespace(3));
  many.Normalize();
  AccessFilter more = many;  // Than a condition on columns holds.
  for (int i = 0; i < 3'000; ++i)
    more.cluster_namespaces.emplace_back("y" + std::to_string(i), "n");
  more.Normalize();
  AccessFilter checkered{true, {}, {}, {}};
  for (int c = 0; c < kClusters; ++c) {
    for (int n = c % 2; n < kNamespaces; n += 2)
      checkered.cluster_namespaces.emplace_back(Cluster(c), Namespace(n));
  }
  AccessFilter most{true, {}, {}, {}};
  for (int c = 1; c < kClusters; ++c) most.clusters.push_back(Cluster(c));
  return {{},
          AccessFilter::Nothing(),
          {true, {Cluster(4)}, {}, {}},
          {true, {}, {Namespace(2)}, {}},
          {true, {}, {}, {{Cluster(1), Namespace(1)}, {Cluster(9), Namespace(3)}}},
          {true, {Cluster(2)}, {Namespace(1)}, {{Cluster(2), Namespace(0)}, {Cluster(7), "n0"}}},
          {true, {"c1", "c1!n0", "", "zzz"}, {"", "n", "n1!"}, {{"", ""}, {Cluster(1), ""}}},
          checkered,
          most,
          many,
          more};
}

// Conditions and orders that lead to every kind of plan.
std::vector<ListOptions> Questions() {
  using query::SelectorOperator;
  const auto label = [](const char* key, const char* value) {
    return query::LabelSelector{{key, SelectorOperator::kEquals, {value}}};
  };
  const query::FieldSelector failed{{Phase(), SelectorOperator::kEquals, {"Failed"}, false}};
  return {{},
          {.label_selector = label("app", "web")},
          {.label_selector = label("rare", "1")},
          {.label_selector = {{"app", SelectorOperator::kIn, {"db", "web"}}}},
          {.label_selector = {{"odd", SelectorOperator::kExists, {}}}},
          {.field_selector = failed},
          {.names = In({Name(5, 1, 0), Name(6, 1, 0), Name(2, 3, 1)})},
          {.names = In({Name(5, 1, 0)})},
          {.fuzzy_names = {"5"}},
          {.since = 1'003, .before = 1'015},
          {.namespaces = NotIn({Namespace(1)})},
          {.clusters = NotIn({Cluster(4)}), .namespaces = In({"n1", "n2", "n3"})},
          {.clusters = In({Cluster(2), Cluster(5), Cluster(9)})},
          {.clusters = In({Cluster(1), Cluster(5)}), .namespaces = In({"n1", "n3"})}};
}

std::vector<std::vector<OrderBy>> Orders() {
  return {{},
          {{OrderColumn::kCreatedAt, true, {}}},
          {{OrderColumn::kName, false, {}}},
          {{OrderColumn::kCluster, true, {}}},
          {{OrderColumn::kField, false, Phase()}},
          {{OrderColumn::kUid, true, {}}}};
}

TEST_F(AccessTest, EveryListIsAsIfNothingElseWereThere) {
  const std::vector<AccessFilter> filters = Filters();
  size_t shown = 0;
  for (size_t q = 0; q < Questions().size(); ++q) {
    for (size_t o = 0; o < Orders().size(); ++o) {
      ListOptions question = Questions()[q];
      question.order_by = Orders()[o];
      const std::vector<std::string> all = Names(question);
      EXPECT_THAT(all, Not(IsEmpty()));
      // The last one takes its time.
      for (size_t f = 0; f < filters.size() - (q > 1 ? 1 : 0); ++f) {
        const std::vector<std::string> seen = Names(With(filters[f], question));
        EXPECT_EQ(seen, Seen(all, filters[f]))
            << "question " << q << " order " << o << " filter " << f;
        shown += seen.size();
      }
    }
  }
  EXPECT_GT(shown, 5'000u);
}

TEST_F(AccessTest, PagesOfEverySizeShowEachObjectThatMayBeSeenOnceAndCountTheRest) {
  const AccessFilter filter = Filters()[5];
  for (const auto& order : Orders()) {
    ListOptions options = With(filter);
    options.order_by = order;
    const std::vector<std::string> all = Names(options);
    ASSERT_EQ(all.size(), 36u);
    for (options.limit = 1; options.limit <= 37; options.limit += 3) {
      std::vector<int64_t> remaining;
      EXPECT_EQ(PageByPage(options, {kPodsGvr, "", ""}, &remaining), all);
      for (size_t i = 0; i < remaining.size(); ++i) {
        const auto shown = static_cast<int64_t>(i + 1) * options.limit;
        EXPECT_EQ(remaining[i], std::max<int64_t>(0, 36 - shown));
      }
    }
  }
}

// So many that a page is found by a walk along an index.
TEST_F(AccessTest, AWalkInTheOrderOfAColumnPassesOverWhatMayNotBeSeen) {
  const GroupVersionResource widgets{"example.com", "v1", "widgets"};
  std::vector<TestObject> objects;
  for (int i = 0; i < 2'700; ++i) {
    const char* name_space = i % 3 == 0 ? "" : i % 3 == 1 ? "n0" : "n1";
    objects.push_back({.cluster = "c" + std::to_string(1 + i / 3 % 3),
                       .gvr = widgets,
                       .name_space = name_space,
                       .name = "w" + std::to_string(i * 7 % 1'000),
                       .created = 1'000 + i * 5 % 77});
  }
  Put(objects);
  const query::ListScope scope{widgets, "", ""};
  const AccessFilter filter{true, {"c1"}, {"", "n1"}, {{"c2", "n0"}, {"c3", ""}}};
  for (const OrderColumn column : {OrderColumn::kCreatedAt, OrderColumn::kName}) {
    for (const bool descending : {false, true}) {
      ListOptions options{.order_by = {{column, descending, {}}}};
      const std::vector<std::string> want = Seen(Names(options, scope), filter);
      ASSERT_EQ(want.size(), 1'800u);
      options.limit = 400;
      options.access = ResourceAccess{{{{"example.com", "widgets"}, filter}}};
      std::vector<int64_t> remaining;
      EXPECT_EQ(PageByPage(options, scope, &remaining), want);
      EXPECT_THAT(remaining, ElementsAre(1'400, 1'000, 600, 200, 0));
    }
  }
}

TEST_F(AccessTest, FacetsCountOnlyWhatMayBeSeen) {
  ListOptions options = With({true, {Cluster(4)}, {}, {{Cluster(9), Namespace(3)}}});
  options.facets = {{"cluster", OrderColumn::kCluster, {}},
                    {"namespace", OrderColumn::kNamespace, {}},
                    {"status.phase", OrderColumn::kField, Phase()}};
  options.counts_only = true;
  const ListResult result = List(options).result;
  EXPECT_EQ(result.total, 10);
  using Values = std::vector<std::pair<std::string, int64_t>>;
  EXPECT_EQ(result.facets[0].values, (Values{{Cluster(4), 8}, {Cluster(9), 2}}));
  EXPECT_EQ(result.facets[1].values, (Values{{"n3", 4}, {"n0", 2}, {"n1", 2}, {"n2", 2}}));
  EXPECT_EQ(result.facets[2].values[0].second + result.facets[2].values[1].second, 10);
  options.facets.pop_back();  // Of the others every count is kept anyway.
  EXPECT_EQ(List(options).result.facets[0].values, (Values{{Cluster(4), 8}, {Cluster(9), 2}}));
  EXPECT_EQ(List(options).result.total, 10);
}

TEST_F(AccessTest, ObjectsWithoutANamespaceAreSeenOnlyInWholeClusters) {
  ListOptions options;
  options.access = ResourceAccess{
      {{{"", "nodes"}, {true, {Cluster(1)}, {"", "n1"}, {{Cluster(2), ""}, {Cluster(3), "n1"}}}}}};
  for (const auto& order : Orders()) {
    options.order_by = order;
    EXPECT_THAT(Names(options, {kNodesGvr, "", ""}), ElementsAre(Cluster(1) + "//n"));
  }
}

TEST_F(AccessTest, EachResourceOfACollectionHasItsOwnFilterAndOneWithoutIsLeftOut) {
  query::ListScope scope{{}, "", "", "any", {{"", "", "", true}}};
  ListOptions options;
  options.access = ResourceAccess{{{{"", "nodes"}, {true, {Cluster(7)}, {}, {}}},
                                   {{"", "pods"}, {true, {}, {}, {{Cluster(7), "n1"}}}}}};
  options.limit = 2;
  std::vector<int64_t> remaining;
  const std::string pods = Cluster(7) + "/n1/";
  EXPECT_THAT(PageByPage(options, scope, &remaining),
              ElementsAre(Cluster(7) + "//n", pods + Name(7, 1, 0), pods + Name(7, 1, 1)));
  EXPECT_THAT(remaining, ElementsAre(1, 0));
  options.access->resources.erase(options.access->resources.begin());
  EXPECT_EQ(Names(options, scope).size(), 2u);
  options.access->resources.clear();
  EXPECT_THAT(Names(options, scope), IsEmpty());
}

TEST_F(AccessTest, RightsThatChangeBetweenPagesCountFromTheNextPageOn) {
  ListOptions options = With({true, {Cluster(2), Cluster(4)}, {}, {}});
  options.limit = 3;
  const Listed first = List(options);
  options.start = {first.result.next_key, 0};
  options.access = With({true, {Cluster(1), Cluster(3)}, {}, {}}).access;
  options.limit = 0;
  const std::vector<std::string> rest = Names(options);
  EXPECT_EQ(rest.size(), 8u);
  for (const std::string& name : rest) EXPECT_TRUE(name.starts_with(Cluster(3))) << name;
}

class OwnerAccessTest : public AccessTest {
 protected:
  // A pod of a replica set of a deployment.
  void SetUp() override {
    StoreTest::SetUp();
    Put({{.gvr = kDeployments, .name_space = "n", .name = "web", .uid = "d"},
         {.gvr = kReplicaSets, .name_space = "n", .name = "web-1", .uid = "r", .owner_uid = "d"},
         {.name_space = "n", .name = "web-1-x", .uid = "p", .owner_uid = "r"}});
  }
  std::vector<std::string> PodsOf(query::OwnerCondition owner, bool deployments, bool sets) {
    ListOptions options;
    options.owner = std::move(owner);
    options.access = ResourceAccess();
    options.access->Set({"", "pods"}, {});
    options.access->Set({"apps", "deployments"}, {true, {}, {deployments ? "n" : "m"}, {}});
    options.access->Set({"apps", "replicasets"}, {true, {}, {}, {{"c1", sets ? "n" : "m"}}});
    return Names(options);
  }
  const GroupVersionResource kDeployments{"apps", "v1", "deployments"};
  const GroupVersionResource kReplicaSets{"apps", "v1", "replicasets"};
  const query::OwnerCondition by_name_{.name = "web", .seniority = 1};
  const query::OwnerCondition by_uid_{.uid = "d", .seniority = 1};
};

TEST_F(OwnerAccessTest, TheWayDownFromAnOwnerLeadsOnlyThroughWhatMayBeSeen) {
  const auto pod = ElementsAre("c1/n/web-1-x");
  EXPECT_THAT(PodsOf(by_name_, true, true), pod);
  EXPECT_THAT(PodsOf(by_name_, false, true), IsEmpty());
  EXPECT_THAT(PodsOf(by_name_, true, false), IsEmpty());
  EXPECT_THAT(PodsOf(by_uid_, false, true), pod);  // It is said by the replica set itself.
  EXPECT_THAT(PodsOf(by_uid_, true, false), IsEmpty());
  EXPECT_THAT(PodsOf({.uid = "r"}, false, false), pod);  // It is said by the pod itself.
  EXPECT_THAT(PodsOf({.name = "web-1"}, false, false), IsEmpty());
}

TEST_F(AccessTest, EventsAreInjectedAsFarAsTheyMayBeSeen) {
  const auto event = [](int c, const char* name_space, const std::string& uid) {
    const std::string json = R"({"metadata":{"name":"e","namespace":")" + std::string(name_space) +
                             R"("},"involvedObject":{"uid":")" + uid + R"("}})";
    Result<ObjectRow> row = EncodeObject(kEventsGvr, json);
    EXPECT_THAT(row, IsOk());
    return Change{Change::Action::kUpsert, Cluster(c), kEventsGvr, "Event", *std::move(row)};
  };
  const std::string uid = "u-" + Name(1, 0, 0);
  Apply({event(1, "n0", uid), event(1, "n1", uid)});
  const auto events = [&](const AccessFilter* filter) {
    ListOptions options = With({}, {.names = In({Name(1, 0, 0)}), .inject_events = true});
    if (filter != nullptr) options.access->Set({"", "events"}, *filter);
    struct Sink : RowSink {
      bool Row(const ListRow& row) override {
        count += row.events.size();
        return true;
      }
      size_t count = 0;
    } sink;
    EXPECT_THAT(store_->List(
                    {kPodsGvr, "", ""}, options, [](const ListHead&) {}, sink),
                IsOk());
    if (filter != nullptr) {
      const auto object = store_->Get(Cluster(1), kPodsGvr, "n0", Name(1, 0, 0), filter);
      EXPECT_EQ(object->events.size(), sink.count);
    }
    return sink.count;
  };
  const AccessFilter all, none = AccessFilter::Nothing();
  const AccessFilter one{true, {}, {"n0"}, {}}, other{true, {Cluster(2)}, {}, {}};
  EXPECT_EQ(events(&all), 2u);
  EXPECT_EQ(events(&one), 1u);
  EXPECT_EQ(events(&other), 0u);
  EXPECT_EQ(events(&none), 0u);
  EXPECT_EQ(events(nullptr), 0u);
}

}  // namespace
}  // namespace pedia::storage
