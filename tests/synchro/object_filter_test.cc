#include "synchro/object_filter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace pedia::synchro {
namespace {

const GroupVersionResource kPods{"", "v1", "pods"};
const GroupVersionResource kDeployments{"apps", "v1", "deployments"};
const GroupVersionResource kEvents{"", "v1", "events"};

const LabelSelector kWeb = {{"app", LabelOperator::kIn, {"web"}}};
const LabelSelector kDb = {{"app", LabelOperator::kIn, {"db"}}};

ObjectFilter FilterOf(const std::vector<ObjectSelection>& selections) {
  ObjectFilter filter;
  for (const ObjectSelection& selection : selections) filter.Add(selection);
  return filter;
}

std::string PathOf(const std::vector<ObjectSelection>& selections,
                   const GroupVersionResource& gvr = kPods) {
  return FilterOf(selections).CollectionPath(gvr, true);
}

TEST(ObjectFilterTest, AsksTheServerForNoMoreThanItMust) {
  EXPECT_EQ(PathOf({{}}), "/api/v1/pods");
  EXPECT_EQ(PathOf({{{"shop"}, {}, {}, {}}}), "/api/v1/namespaces/shop/pods");
  EXPECT_EQ(PathOf({{{"shop"}, {}, {}, {}}}, kDeployments),
            "/apis/apps/v1/namespaces/shop/deployments");
  EXPECT_EQ(PathOf({{{}, {"a", "b"}, {}, {}}}),
            "/api/v1/pods?fieldSelector=metadata.namespace%21%3Da%2Cmetadata.namespace%21%3Db");
  EXPECT_EQ(PathOf({{{"shop"}, {}, kWeb, {}}}),
            "/api/v1/namespaces/shop/pods?labelSelector=app%3Dweb");
  EXPECT_EQ(PathOf({{{}, {"a"}, kWeb, {}}}),
            "/api/v1/pods?labelSelector=app%3Dweb&fieldSelector=metadata.namespace%21%3Da");
  EXPECT_EQ(PathOf({{{}, {}, {}, {"Pod"}}}, kEvents),
            "/api/v1/events?fieldSelector=involvedObject.kind%3DPod");
}

TEST(ObjectFilterTest, AsksForAllThatAnyRuleSelects) {
  EXPECT_EQ(PathOf({{{"a", "b"}, {}, {}, {}}}), "/api/v1/pods");
  EXPECT_EQ(PathOf({{{"a"}, {}, {}, {}}, {{"b"}, {}, kWeb, {}}}), "/api/v1/pods");
  EXPECT_EQ(PathOf({{{"a"}, {}, kDb, {}}, {{"a"}, {}, kWeb, {}}}), "/api/v1/namespaces/a/pods");
  EXPECT_EQ(PathOf({{{"a"}, {}, kWeb, {}}, {{"b"}, {}, kWeb, {}}}),
            "/api/v1/pods?labelSelector=app%3Dweb");
  EXPECT_EQ(PathOf({{{}, {"a", "b"}, kWeb, {}}, {{}, {"b", "c"}, kDb, {}}}),
            "/api/v1/pods?fieldSelector=metadata.namespace%21%3Db");
  EXPECT_EQ(PathOf({{{}, {}, kWeb, {}}, {{"a"}, {}, {}, {}}}), "/api/v1/pods");
  EXPECT_EQ(PathOf({{{}, {}, kWeb, {}}, {}}), "/api/v1/pods");
  EXPECT_EQ(PathOf({{{}, {}, {}, {"Pod"}}, {{}, {}, {}, {"Node"}}}, kEvents), "/api/v1/events");
}

TEST(ObjectFilterTest, LeavesToUsWhatServersMayNotUnderstand) {
  const ObjectFilter filter = FilterOf({{{"shop"}, {}, kWeb, {}}});
  EXPECT_EQ(filter.CollectionPath(kPods, false), "/api/v1/namespaces/shop/pods");
  std::vector<std::string> many;
  for (int i = 0; i < 200; ++i) many.push_back("namespace-" + std::to_string(1000 + i));
  EXPECT_EQ(PathOf({{{}, many, {}, {}}}), "/api/v1/pods");
  EXPECT_EQ(PathOf({{{}, {}, {}, {"Odd,Kind"}}}, kEvents), "/api/v1/events");
  EXPECT_EQ(PathOf({{{}, {}, {}, {"Pod"}}}, {"events.k8s.io", "v1", "events"}),
            "/apis/events.k8s.io/v1/events");
}

TEST(ObjectFilterTest, SelectsWhatAnySelectionSelects) {
  const std::string web = R"({"metadata":{"labels":{"app":"web"}}})";
  const std::string db = R"({"metadata":{"labels":{"app":"db"}}})";
  const ObjectFilter filter = FilterOf({{{"a", "b"}, {}, kWeb, {}}, {{}, {"a", "c"}, kDb, {}}});
  EXPECT_TRUE(filter.Selects("a", web));
  EXPECT_TRUE(filter.Selects("b", web));
  EXPECT_FALSE(filter.Selects("c", web));
  EXPECT_FALSE(filter.Selects("", web));
  EXPECT_FALSE(filter.Selects("a", db));
  EXPECT_TRUE(filter.Selects("b", db));
  EXPECT_FALSE(filter.Selects("c", db));
  EXPECT_TRUE(filter.Selects("", db));
  EXPECT_FALSE(ObjectFilter().Selects("a", web));
  EXPECT_TRUE(FilterOf({{}}).Selects("a", web));
}

TEST(ObjectFilterTest, SelectsEventsByWhatTheyAreAbout) {
  const ObjectFilter filter = FilterOf({{{}, {}, {}, {"Pod"}}, {{}, {}, {}, {"Node"}}});
  EXPECT_TRUE(filter.Selects("a", R"({"involvedObject":{"name":"x","kind":"Pod"}})"));
  EXPECT_TRUE(filter.Selects("a", R"({"note":"n","regarding":{"kind":"Node"}})"));
  EXPECT_FALSE(filter.Selects("a", R"({"involvedObject":{"kind":"Service"}})"));
  EXPECT_FALSE(filter.Selects("a", R"({"kind":"Pod","involvedObject":{}})"));
  EXPECT_FALSE(filter.Selects("a", R"({"involvedObject":null})"));
}

TEST(ObjectFilterTest, EqualSelectionsInAnyOrderAreEqual) {
  const ObjectSelection one{{"a"}, {}, {}, {}}, two{{}, {}, kWeb, {}};
  EXPECT_EQ(FilterOf({one, two}), FilterOf({two, one, two}));
  EXPECT_EQ(FilterOf({one, two, {}}), FilterOf({{}}));
  EXPECT_EQ(FilterOf({{}, one}), FilterOf({{}}));
  EXPECT_NE(FilterOf({one}), FilterOf({two}));
  EXPECT_EQ(FilterOf({{{}, {}, {}, {"A"}}, {{}, {}, {}, {"B"}}}),
            FilterOf({{{}, {}, {}, {"A", "B"}}}));
  EXPECT_EQ(FilterOf({{{"a"}, {}, {}, {"A"}}, {{"a"}, {}, {}, {}}}), FilterOf({one}));
}

}  // namespace
}  // namespace pedia::synchro
