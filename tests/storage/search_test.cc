// What the oracle cannot see: how a search is answered (index or scan), how it ends, and the forms
// of what a list says beside its rows.
#include <gmock/gmock.h>

#include <atomic>
#include <thread>
#include <utility>
#include <vector>

#include "query/list_options.h"
#include "storage/scan_slots.h"
#include "tests/storage/store_fixture.h"

namespace pedia::storage {
namespace {

using query::ListOptions;
using ::testing::ElementsAre;
using testing::FailsWith;
using ::testing::HasSubstr;
using testing::IsOk;
using ::testing::Pair;

class SearchTest : public StoreTest {
 protected:
  // The options that a query string means.
  static ListOptions Options(const std::string& text, const query::ListScope& scope = kAllPods) {
    const Result<query::UrlQuery> query = query::ParseUrlQuery(text);
    EXPECT_THAT(query, IsOk());
    Result<ListOptions> options = query::ParseListOptions(scope, *query);
    EXPECT_THAT(options, IsOk()) << text;
    return options.ok() ? *options : ListOptions();
  }
  std::vector<std::string> Search(const std::string& text) { return Names(Options(text)); }

  ListHead HeadOf(const std::string& text) {
    ListHead found;
    CollectingSink sink;
    EXPECT_THAT(store_->List(
                    kAllPods, Options(text), [&](const ListHead& head) { found = head; }, sink),
                IsOk());
    return found;
  }

  // 20 pods in two clusters; every fourth failed.
  void PutPods() {
    std::vector<TestObject> pods;
    for (int i = 0; i < 20; ++i) {
      TestObject pod;
      pod.cluster = i % 2 == 0 ? "a" : "b";
      pod.name = "p" + std::to_string(10 + i);
      pod.uid = "uid-" + std::to_string(i);
      pod.phase = i % 4 == 0 ? "Failed" : "Running";
      pod.node = "n" + std::to_string(i % 3);
      pod.labels = {{"size", std::to_string(i)}};
      pods.push_back(pod);
    }
    Put(pods);
  }

  inline static const query::ListScope kAllPods{kPodsGvr, "", "", {}, {}};
};

TEST_F(SearchTest, AnIndexedFieldIsNotScanned) {
  PutPods();
  EXPECT_THAT(Search("fieldSelector=status.phase%3DFailed&limit=2"),
              ElementsAre("a/default/p10", "a/default/p14"));
  const ListHead head = HeadOf("fieldSelector=status.phase%3DFailed");
  EXPECT_FALSE(head.scan);
  EXPECT_EQ(head.scanned, 0);
}

TEST_F(SearchTest, AnotherFieldIsScannedAndTheObjectsAreCounted) {
  PutPods();
  const std::string search =
      "fieldSelector=metadata.annotations%5B'shadow.clusterpedia.io/cluster-name'%5D%3Da";
  EXPECT_EQ(Search(search).size(), 10u);
  const ListHead head = HeadOf(search);
  EXPECT_TRUE(head.scan);
  EXPECT_TRUE(head.scan_done);
  EXPECT_EQ(head.scanned, 20);
  // An index narrows what is scanned.
  EXPECT_EQ(HeadOf(search + ",status.phase%3DFailed").scanned, 5);
  // A page ends the scan.
  EXPECT_EQ(HeadOf(search + "&limit=1").scanned, 2);
}

TEST_F(SearchTest, KubernetesOwnFieldsHaveDefaults) {
  PutPods();
  Put({{.cluster = "z", .name = "bare", .phase = "Pending"}});
  const Result<ObjectRow> row = EncodeObject(
      kPodsGvr,
      R"({"metadata":{"name":"none","annotations":{"shadow.clusterpedia.io/cluster-name":"z"}}})");
  ASSERT_THAT(row, IsOk());
  Apply({{Change::Action::kUpsert, "z", kPodsGvr, "Pod", *row}});
  EXPECT_THAT(Search("fieldSelector=spec.nodeName="), ElementsAre("z//none", "z/default/bare"));
  EXPECT_EQ(Search("fieldSelector=spec.nodeName!=").size(), 20u);
  EXPECT_THAT(Search("fieldSelector=status.phase in (Pending,)"),
              ElementsAre("z//none", "z/default/bare"));
  EXPECT_EQ(Search("fieldSelector=spec.hostNetwork=false").size(), 22u);
  EXPECT_TRUE(Search("fieldSelector=spec.hostNetwork!=false").empty());
  EXPECT_FALSE(HeadOf("fieldSelector=spec.nodeName=").scan);
  // No other field has one.
  EXPECT_TRUE(Search("fieldSelector=spec.paused=false").empty());
}

TEST_F(SearchTest, OrderedByAnIndexedFieldTheListNeedsNoScan) {
  PutPods();
  EXPECT_THAT(Search("orderby=spec.nodeName desc,name&limit=2&clusters=a"),
              ElementsAre("a/default/p12", "a/default/p18"));
  EXPECT_THAT(Search("orderby=metadata.labels['size'] desc&limit=3"),
              ElementsAre("b/default/p29", "a/default/p28", "b/default/p27"));
  EXPECT_FALSE(HeadOf("orderby=spec.nodeName desc").scan);
  EXPECT_TRUE(HeadOf("orderby=metadata.annotations.padding").scan);
}

TEST_F(SearchTest, FacetsCountWhatMatches) {
  PutPods();
  const Listed listed =
      List(Options("facets=cluster,status.phase,metadata.labels['none']&limit=1"));
  EXPECT_EQ(listed.bodies.size(), 1u);
  EXPECT_EQ(listed.result.total, 20);
  ASSERT_EQ(listed.result.facets.size(), 3u);
  EXPECT_THAT(listed.result.facets[0].values, ElementsAre(Pair("a", 10), Pair("b", 10)));
  EXPECT_THAT(listed.result.facets[1].values, ElementsAre(Pair("Running", 15), Pair("Failed", 5)));
  EXPECT_EQ(listed.result.facets[2].missing, 20);

  const Listed failed = List(Options("facets=cluster&limit=0&fieldSelector=status.phase=Failed"));
  EXPECT_TRUE(failed.bodies.empty());
  EXPECT_THAT(failed.heads, ElementsAre(failed.result.revision));
  EXPECT_THAT(failed.result.facets[0].values, ElementsAre(Pair("a", 5)));
}

TEST_F(SearchTest, AFacetWithTooManyValuesIsRefused) {
  std::vector<TestObject> pods;
  for (int i = 0; i < 10'001; ++i) {
    TestObject pod;
    pod.name = "p" + std::to_string(i);
    pods.push_back(pod);
  }
  Put(pods);
  CollectingSink sink;
  EXPECT_THAT(store_->List(
                  kAllPods, Options("facets=metadata.name"), [](const ListHead&) {}, sink),
              FailsWith(StatusReason::kBadRequest, HasSubstr("metadata.name")));
}

TEST_F(SearchTest, AListOfSeveralResourcesIsOneOrder) {
  TestObject pod;
  pod.name = "b";
  TestObject node;
  node.gvr = kNodesGvr;
  node.name_space = "";
  node.name = "n";
  TestObject other = node;
  other.gvr = {"x", "v1", "things"};
  Put({pod, node, other});
  query::ListScope scope;
  scope.collection = "any";
  scope.patterns = {{"", "", "", true}};
  std::vector<std::string> seen;
  ListOptions options;
  options.limit = 1;
  for (int page = 0; page < 3; ++page) {
    const Listed listed = List(options, scope);
    ASSERT_EQ(listed.bodies.size(), 1u);
    seen.push_back(NameOf(listed.bodies[0]));
    EXPECT_EQ(listed.result.next_key.empty(), page == 2);
    options.start.token_key = listed.result.next_key;
  }
  EXPECT_THAT(seen, ElementsAre("c1//n", "c1//n", "c1/default/b"));
  scope.patterns = {{"x", "", "", false}, {"", "v1", "pods", false}};
  EXPECT_EQ(List({}, scope).bodies.size(), 2u);
}

TEST_F(SearchTest, AClientThatLeavesEndsASearchThatFindsNothing) {
  std::vector<TestObject> pods;
  for (int i = 0; i < 3'000; ++i) {
    TestObject pod;
    pod.name = "p" + std::to_string(i);
    pods.push_back(pod);
  }
  Put(pods);
  class GoneSink : public CollectingSink {
   public:
    bool Cancelled() const override { return ++questions > 3; }
    mutable int questions = 0;
  };
  GoneSink sink;
  bool head = false;
  const Result<ListResult> result = store_->List(
      kAllPods, Options("fieldSelector=spec.nosuch=1"), [&](const ListHead&) { head = true; },
      sink);
  ASSERT_THAT(result, IsOk());
  EXPECT_TRUE(result->cancelled);
  EXPECT_FALSE(head);
  EXPECT_TRUE(sink.bodies.empty());
  // The connection is as good as new.
  EXPECT_EQ(Search("limit=1").size(), 1u);
}

const GroupVersionResource kEventsGvr{"", "v1", "events"};

Change EventOf(const std::string& uid, const std::string& cluster, const std::string& name,
               int second) {
  const std::string json = R"({"metadata":{"name":")" + name +
                           R"(","namespace":"default","creationTimestamp":"2026-01-01T00:00:0)" +
                           std::to_string(second) + R"(Z"},"involvedObject":{"uid":")" + uid +
                           R"("}})";
  Result<ObjectRow> row = EncodeObject(kEventsGvr, json);
  EXPECT_THAT(row, IsOk());
  return Change{Change::Action::kUpsert, cluster, kEventsGvr, "Event", *std::move(row)};
}

// How many events each row has.
class EventSink : public RowSink {
 public:
  bool Row(const ListRow& row) override {
    counts.push_back(row.events.size());
    return true;
  }
  std::vector<size_t> counts;
};

TEST_F(SearchTest, EventsComeFromTheObjectsOwnCluster) {
  TestObject pod;
  pod.uid = "u-1";
  TestObject same = pod;
  same.cluster = "c2";
  TestObject twin = pod;
  twin.name = "twin";
  Put({pod, same, twin});
  Apply({EventOf("u-1", "c1", "late", 5), EventOf("u-1", "c1", "early", 1),
         EventOf("u-1", "c2", "other", 3)});
  const query::AccessFilter all;
  const Result<StoredObject> object = store_->Get("c1", kPodsGvr, "default", "a", &all);
  ASSERT_THAT(object, IsOk());
  EXPECT_THAT(object->events, ElementsAre(HasSubstr("early"), HasSubstr("late")));
  EXPECT_TRUE(store_->Get("c1", kPodsGvr, "default", "a", nullptr)->events.empty());
  EventSink sink;
  EXPECT_THAT(store_->List(
                  kAllPods, Options("injectEvents=true"), [](const ListHead&) {}, sink),
              IsOk());
  EXPECT_THAT(sink.counts, ElementsAre(2u, 2u, 1u));
}

TEST_F(SearchTest, EveryObjectOfALongListHasItsEvents) {
  std::vector<TestObject> pods;
  std::vector<Change> events;
  std::vector<size_t> counts;
  for (int i = 0; i < 300; ++i) {
    TestObject pod;
    pod.name = "p" + std::to_string(1'000 + i);
    pod.uid = "u-" + std::to_string(i);
    pods.push_back(pod);
    counts.push_back(static_cast<size_t>(i * 7 % 4));
    for (size_t n = 0; n < counts.back(); ++n)
      events.push_back(EventOf(pod.uid, "c1", pod.name + "." + std::to_string(n), 1));
  }
  Put(pods);
  Apply(events);
  EventSink sink;
  EXPECT_THAT(store_->List(
                  kAllPods, Options("injectEvents=true"), [](const ListHead&) {}, sink),
              IsOk());
  EXPECT_EQ(sink.counts, counts);
}

TEST_F(SearchTest, AListOfSeveralValuesIsCompleteAndInOrder) {
  std::vector<TestObject> pods;
  std::vector<std::string> expected;
  for (int i = 0; i < 2'500; ++i) {
    TestObject pod;
    pod.name = "p" + std::to_string(10'000 + i);
    pod.labels = {{"tier", "t" + std::to_string(i % 3)}};
    pods.push_back(pod);
    if (i % 3 < 2) expected.push_back("c1/default/" + pod.name);
  }
  Put(pods);
  EXPECT_EQ(Names(Options("labelSelector=tier%20in%20(t0,t1)")), expected);
  expected.resize(1'200);
  EXPECT_EQ(Names(Options("limit=1200&labelSelector=tier%20in%20(t0,t1)")), expected);
}

TEST_F(SearchTest, ManyMatchesOfAScanAreStreamed) {
  std::vector<TestObject> pods;
  for (int i = 0; i < 10'050; ++i) {
    TestObject pod;
    pod.name = "p" + std::to_string(100'000 + i);
    pods.push_back(pod);
  }
  Put(pods);
  const ListHead head = HeadOf("fieldSelector=!spec.nosuch");
  EXPECT_FALSE(head.scan_done);
  EXPECT_EQ(head.scanned, 10'000);
  const std::vector<std::string> names = Search("fieldSelector=!spec.nosuch");
  EXPECT_EQ(names.size(), 10'050u);
  EXPECT_TRUE(std::is_sorted(names.begin(), names.end()));
}

TEST(ScanSlotsTest, WaitsForASlotUntilTheDeadlineOrTheClientLeaves) {
  using Outcome = ScanSlots::Outcome;
  ScanSlots slots(1);
  const auto soon = ScanSlots::Clock::now() + std::chrono::milliseconds(20);
  const auto late = ScanSlots::Clock::now() + std::chrono::seconds(60);
  ScanSlot first(slots);
  ASSERT_EQ(first.Take(soon, [] { return false; }), Outcome::kTaken);
  ASSERT_EQ(first.Take(soon, [] { return false; }), Outcome::kTaken);  // Held already.
  ScanSlot second(slots);
  EXPECT_EQ(second.Take(soon, [] { return false; }), Outcome::kGivenUp);
  EXPECT_EQ(second.Take(late, [] { return true; }), Outcome::kGivenUp);
  std::atomic<Outcome> outcome = Outcome::kGivenUp;
  std::jthread waiting([&] { outcome = second.Take(late, [] { return false; }); });
  first.GiveBack();
  waiting.join();
  EXPECT_EQ(outcome, Outcome::kTaken);
}

TEST(ScanSlotsTest, RefusesWhenTooManyWaitButNotWhatHasBegun) {
  using Outcome = ScanSlots::Outcome;
  const auto late = ScanSlots::Clock::now() + std::chrono::seconds(60);
  ScanSlots slots(1);
  ScanSlot begun(slots);
  ASSERT_EQ(begun.Take(late, [] { return false; }), Outcome::kTaken);
  begun.GiveBack();
  ASSERT_EQ(slots.Take(late, [] { return false; }), Outcome::kTaken);
  std::atomic<int> waiting = 0;
  std::atomic<bool> leave = false;
  std::vector<std::jthread> others;
  for (int i = 0; i < 4; ++i) {
    others.emplace_back([&] {
      bool counted = false;
      slots.Take(late, [&] {  // Asked while it waits.
        if (!std::exchange(counted, true)) ++waiting;
        return leave.load();
      });
    });
  }
  while (waiting < 4) std::this_thread::yield();
  ScanSlot late_comer(slots);
  EXPECT_EQ(late_comer.Take(late, [] { return false; }), Outcome::kCrowded);
  EXPECT_EQ(begun.Take(late, [] { return true; }), Outcome::kGivenUp);  // It waits.
  leave = true;
}

}  // namespace
}  // namespace pedia::storage
