#include "discovery/cluster_catalog.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/testing/matchers.h"

namespace pedia::discovery {
namespace {

using pedia::testing::FailsWith;
using pedia::testing::IsOk;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::vector<std::string> Names(const std::vector<ApiResource>& resources) {
  std::vector<std::string> names;
  for (const ApiResource& resource : resources) names.push_back(resource.gvr.ToString());
  return names;
}

constexpr std::string_view kAggregated =
    R"({"kind":"APIGroupDiscoveryList","apiVersion":"apidiscovery.k8s.io/v2","metadata":{},
"items":[{"metadata":{"name":"apps","creationTimestamp":null},"versions":[{"version":"v1","resources":[
 {"resource":"deployments","responseKind":{"group":"","version":"","kind":"Deployment"},"scope":"Namespaced",
  "singularResource":"deployment","verbs":["get","list","watch"],"shortNames":["deploy"],"categories":["all"],
  "subresources":[{"subresource":"status","responseKind":{"kind":"Deployment"},"verbs":["get"]}]},
 {"resource":"daemonsets","responseKind":{"kind":"DaemonSet"},"scope":"Namespaced","verbs":["list"]},
 {"resource":"odd","responseKind":null,"scope":"Cluster","verbs":["list"]}],"freshness":"Current"}]},
 {"metadata":{"name":"metrics.k8s.io"},"versions":[{"version":"v1beta1","freshness":"Stale"}]}]})";

TEST(ParseAggregatedDiscoveryTest, ReadsEveryFieldAndLeavesOutSubresources) {
  const auto discovery = ParseAggregatedDiscoveryList(kAggregated);
  ASSERT_THAT(discovery, IsOk());
  ASSERT_THAT(Names(discovery->resources),
              ElementsAre("apps/v1/daemonsets", "apps/v1/deployments"));
  const ApiResource& deployments = discovery->resources[1];
  EXPECT_EQ(deployments.kind, "Deployment");
  EXPECT_EQ(deployments.singular_name, "deployment");
  EXPECT_TRUE(deployments.namespaced);
  EXPECT_THAT(deployments.short_names, ElementsAre("deploy"));
  EXPECT_THAT(deployments.categories, ElementsAre("all"));
  EXPECT_THAT(deployments.verbs, ElementsAre("get", "list", "watch"));
}

TEST(ParseAggregatedDiscoveryTest, NamesTheGroupVersionsThatCouldNotBeAsked) {
  const auto discovery = ParseAggregatedDiscoveryList(kAggregated);
  ASSERT_THAT(discovery, IsOk());
  EXPECT_THAT(discovery->stale, ElementsAre("metrics.k8s.io/v1beta1"));
}

TEST(ParseAggregatedDiscoveryTest, ReadsTheCoreGroupWithoutAName) {
  const auto resources = ParseAggregatedDiscovery(
      R"({"items":[{"metadata":{"creationTimestamp":null},"versions":[{"version":"v1","resources":[
      {"resource":"nodes","responseKind":{"kind":"Node"},"scope":"Cluster","verbs":[]}]}]}],"kind":"APIGroupDiscoveryList"})");
  ASSERT_THAT(resources, IsOk());
  ASSERT_THAT(Names(*resources), ElementsAre("v1/nodes"));
  EXPECT_FALSE(resources->front().namespaced);
}

TEST(ParseApiResourceListTest, ReadsTheEntriesWithoutSubresources) {
  const auto resources = ParseApiResourceList(
      R"({"kind":"APIResourceList","apiVersion":"v1","resources":[
      {"name":"widgets/status","singularName":"","namespaced":true,"kind":"Widget","verbs":["get"]},
      {"name":"widgets","singularName":"widget","namespaced":true,"kind":"Widget","verbs":["list","watch"],
       "shortNames":["wi"],"categories":["all"],"storageVersionHash":"x="}],"groupVersion":"example.com/v1"})");
  ASSERT_THAT(resources, IsOk());
  EXPECT_THAT(*resources, ElementsAre(ApiResource{{"example.com", "v1", "widgets"},
                                                  "Widget",
                                                  "widget",
                                                  true,
                                                  {"wi"},
                                                  {"all"},
                                                  {"list", "watch"}}));
}

TEST(ParseApiResourceListTest, DropsNamesThatCannotStandInAPath) {
  const auto resources = ParseApiResourceList(
      R"({"kind":"APIResourceList","groupVersion":"v1","resources":[
      {"name":"../nodes","kind":"A"},{"name":"a?b","kind":"A"},{"name":"","kind":"A"},{"name":"pods","kind":""},
      {"name":"ok","kind":"Ok"}]})");
  ASSERT_THAT(resources, IsOk());
  EXPECT_THAT(Names(*resources), ElementsAre("v1/ok"));
}

TEST(ParseApiVersionsTest, GivesTheVersions) {
  const auto versions = ParseApiVersions(
      R"({"kind":"APIVersions","versions":["v1","v2"],"serverAddressByClientCIDRs":[{"clientCIDR":"0.0.0.0/0"}]})");
  ASSERT_THAT(versions, IsOk());
  EXPECT_THAT(*versions, ElementsAre("v1", "v2"));
}

TEST(ParseApiGroupListTest, PutsThePreferredVersionFirst) {
  const auto versions = ParseApiGroupList(
      R"({"kind":"APIGroupList","groups":[{"name":"a.io","versions":[{"groupVersion":"a.io/v1","version":"v1"},
      {"groupVersion":"a.io/v2","version":"v2"}],"preferredVersion":{"groupVersion":"a.io/v2","version":"v2"}},
      {"name":"b","versions":[{"groupVersion":"b/v1"},{"groupVersion":"b/../x"}]}]})");
  ASSERT_THAT(versions, IsOk());
  EXPECT_THAT(*versions, ElementsAre("a.io/v2", "a.io/v1", "b/v1"));
}

struct BadDocument {
  std::string_view name;
  std::string_view json;
};
class BadDocumentTest : public ::testing::TestWithParam<BadDocument> {};

TEST_P(BadDocumentTest, IsRefusedByEveryParser) {
  const std::string_view json = GetParam().json;
  EXPECT_THAT(ParseAggregatedDiscovery(json),
              FailsWith(StatusReason::kBadRequest, HasSubstr("APIGroupDiscoveryList")));
  EXPECT_THAT(ParseApiResourceList(json),
              FailsWith(StatusReason::kBadRequest, HasSubstr("APIResourceList")));
  EXPECT_THAT(ParseApiVersions(json),
              FailsWith(StatusReason::kBadRequest, HasSubstr("APIVersions")));
  EXPECT_THAT(ParseApiGroupList(json),
              FailsWith(StatusReason::kBadRequest, HasSubstr("APIGroupList")));
}

INSTANTIATE_TEST_SUITE_P(
    Documents, BadDocumentTest,
    ::testing::Values(BadDocument{"Empty", ""}, BadDocument{"NoJson", "<html>"},
                      BadDocument{"NoObject", "[]"}, BadDocument{"NoKind", "{}"},
                      BadDocument{"OtherKind", R"({"kind":"Status","items":[],"groups":[]})"},
                      BadDocument{"CutOff", R"({"kind":"APIGroupList","groups":[{"name":)"}),
    [](const auto& param) { return std::string(param.param.name); });

TEST(CatalogJsonTest, RoundTrips) {
  const ClusterCatalog catalog{{
      {{"", "v1", "pods"}, "Pod", "pod", true, {"po"}, {"all"}, {"get", "list"}},
      {{"example.com", "v1", "widgets"}, "Widget", "", false, {}, {}, {}},
  }};
  const auto copy = CatalogFromJson(CatalogToJson(catalog));
  ASSERT_THAT(copy, IsOk());
  EXPECT_EQ(*copy, catalog);
}

TEST(CatalogJsonTest, RefusesWhatIsNoCatalog) {
  EXPECT_THAT(CatalogFromJson("nonsense"),
              FailsWith(StatusReason::kBadRequest, HasSubstr("catalog")));
  EXPECT_THAT(CatalogFromJson(R"({"resources":[{)"),
              FailsWith(StatusReason::kBadRequest, HasSubstr("catalog")));
}

TEST(ClusterCatalogTest, FindsByGroupVersionAndName) {
  const ClusterCatalog catalog{
      {{{"apps", "v1", "deployments"}, "Deployment", "", true, {}, {}, {}}}};
  ASSERT_NE(catalog.Find({"apps", "v1", "deployments"}), nullptr);
  EXPECT_EQ(catalog.Find({"apps", "v2", "deployments"}), nullptr);
  EXPECT_THAT(ClusterCatalog{}.resources, IsEmpty());
}

}  // namespace
}  // namespace pedia::discovery
