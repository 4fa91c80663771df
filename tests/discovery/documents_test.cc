#include "discovery/documents.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "discovery/cluster_catalog.h"
#include "tests/testing/matchers.h"

namespace pedia::discovery {
namespace {

using pedia::testing::IsOk;
using ::testing::Optional;

ApiResource Resource(std::string group, std::string version, std::string name, std::string kind,
                     bool namespaced = true) {
  ApiResource resource;
  resource.gvr = {std::move(group), std::move(version), std::move(name)};
  resource.kind = std::move(kind);
  resource.namespaced = namespaced;
  resource.verbs = {"get", "list", "watch", "delete"};
  return resource;
}

// Two clusters that agree on little, and one with nothing.
class DocumentsTest : public ::testing::Test {
 protected:
  DocumentsTest() {
    ApiResource pods = Resource("", "v1", "pods", "Pod");
    pods.singular_name = "pod";
    pods.short_names = {"po"};
    pods.categories = {"all"};
    Add("east", {pods, Resource("example.com", "v1beta1", "widgets", "Widget"),
                 Resource("apps", "v1", "deployments", "Deployment")});
    Add("west", {Resource("", "v1", "nodes", "Node", false),
                 Resource("example.com", "v1", "widgets", "Widget"),
                 Resource("example.com", "v1beta1", "widgets", "Other", false)});
    Add("bare", {});
    snapshot_ = registry_.Get();
  }

  void Add(std::string name, std::vector<ApiResource> resources) {
    ClusterState state;
    state.name = std::move(name);
    state.synced.resources = std::move(resources);
    registry_.Update(std::move(state));
  }

  Registry registry_;
  std::shared_ptr<const Snapshot> snapshot_;
};

TEST_F(DocumentsTest, ApiNamesTheCoreVersion) {
  EXPECT_EQ(ApiVersionsDocument(),
            R"({"kind":"APIVersions","versions":["v1"],"serverAddressByClientCIDRs":null})");
}

TEST_F(DocumentsTest, GroupListOfAllClustersIsTheirUnionInOrder) {
  EXPECT_EQ(ApiGroupListDocument(*snapshot_, ""),
            R"({"kind":"APIGroupList","apiVersion":"v1","groups":[)"
            R"({"name":"apps","versions":[{"groupVersion":"apps/v1","version":"v1"}],)"
            R"("preferredVersion":{"groupVersion":"apps/v1","version":"v1"}},)"
            R"({"name":"example.com","versions":[{"groupVersion":"example.com/v1","version":"v1"},)"
            R"({"groupVersion":"example.com/v1beta1","version":"v1beta1"}],)"
            R"("preferredVersion":{"groupVersion":"example.com/v1","version":"v1"}}]})");
}

TEST_F(DocumentsTest, AnEmptiedGroupIsTheLastToBeTaken) {
  Add("old", {Resource("extensions", "v1beta1", "ingresses", "Ingress"),
              Resource("networking.k8s.io", "v1", "ingresses", "Ingress")});
  const std::string groups = ApiGroupListDocument(*registry_.Get(), "");
  EXPECT_LT(groups.find("\"networking.k8s.io\""), groups.find("\"extensions\""));
  EXPECT_NE(groups.find("\"extensions\""), std::string::npos);
}

TEST_F(DocumentsTest, GroupListOfAClusterWithNothingIsEmpty) {
  EXPECT_EQ(ApiGroupListDocument(*snapshot_, "bare"),
            R"({"kind":"APIGroupList","apiVersion":"v1","groups":[]})");
}

TEST_F(DocumentsTest, GroupOfOneClusterHasItsVersionsOnly) {
  EXPECT_THAT(
      ApiGroupDocument(*snapshot_, "east", "example.com"),
      Optional(std::string(
          R"({"kind":"APIGroup","apiVersion":"v1","name":"example.com",)"
          R"("versions":[{"groupVersion":"example.com/v1beta1","version":"v1beta1"}],)"
          R"("preferredVersion":{"groupVersion":"example.com/v1beta1","version":"v1beta1"}})")));
}

TEST_F(DocumentsTest, WhatNobodySyncsHasNoDocument) {
  EXPECT_EQ(ApiGroupDocument(*snapshot_, "", "nope.io"), std::nullopt);
  EXPECT_EQ(ApiGroupDocument(*snapshot_, "", ""), std::nullopt);
  EXPECT_EQ(ApiGroupDocument(*snapshot_, "west", "apps"), std::nullopt);
  EXPECT_EQ(ApiResourceListDocument(*snapshot_, "", "apps", "v9"), std::nullopt);
  EXPECT_EQ(ApiResourceListDocument(*snapshot_, "bare", "", "v1"), std::nullopt);
}

TEST_F(DocumentsTest, CoreResourceListHasNoApiVersionAndItsEntriesEveryName) {
  EXPECT_THAT(
      ApiResourceListDocument(*snapshot_, "", "", "v1"),
      Optional(std::string(
          R"({"kind":"APIResourceList","groupVersion":"v1","resources":[)"
          R"({"name":"nodes","singularName":"","namespaced":false,"kind":"Node","verbs":["get","list"]},)"
          R"({"name":"pods","singularName":"pod","namespaced":true,"kind":"Pod","verbs":["get","list"],)"
          R"("shortNames":["po"],"categories":["all"]}]})")));
}

TEST_F(DocumentsTest, TheFirstClusterByNameWinsADisagreement) {
  EXPECT_THAT(
      ApiResourceListDocument(*snapshot_, "", "example.com", "v1beta1"),
      Optional(std::string(
          R"({"kind":"APIResourceList","apiVersion":"v1","groupVersion":"example.com/v1beta1",)"
          R"("resources":[{"name":"widgets","singularName":"","namespaced":true,)"
          R"("kind":"Widget","verbs":["get","list"]}]})")));
}

TEST_F(DocumentsTest, AggregatedDocumentsAreReadBackAsTheSameResources) {
  const auto core =
      ParseAggregatedDiscovery(AggregatedDocument(*snapshot_, "", true, AggregatedVersion::kV2));
  ASSERT_THAT(core, IsOk());
  ASSERT_EQ(core->size(), 2u);
  EXPECT_EQ((*core)[0].gvr.resource, "nodes");
  EXPECT_EQ((*core)[1].short_names, std::vector<std::string>{"po"});
  EXPECT_EQ((*core)[1].verbs, (std::vector<std::string>{"get", "list"}));

  const auto groups = ParseAggregatedDiscovery(
      AggregatedDocument(*snapshot_, "", false, AggregatedVersion::kV2Beta1));
  ASSERT_THAT(groups, IsOk());
  ASSERT_EQ(groups->size(), 3u);
  EXPECT_EQ((*groups)[0].gvr.ToString(), "apps/v1/deployments");
  EXPECT_EQ((*groups)[1].gvr.ToString(), "example.com/v1/widgets");
  EXPECT_EQ((*groups)[2].gvr.ToString(), "example.com/v1beta1/widgets");
}

TEST_F(DocumentsTest, AggregatedDocumentNamesItsVersion) {
  EXPECT_EQ(
      AggregatedDocument(*snapshot_, "bare", true, AggregatedVersion::kV2Beta1),
      R"({"kind":"APIGroupDiscoveryList","apiVersion":"apidiscovery.k8s.io/v2beta1","metadata":{},"items":[]})");
  EXPECT_EQ(
      AggregatedDocument(*snapshot_, "west", true, AggregatedVersion::kV2),
      R"({"kind":"APIGroupDiscoveryList","apiVersion":"apidiscovery.k8s.io/v2","metadata":{},"items":[)"
      R"({"metadata":{"creationTimestamp":null},"versions":[{"version":"v1","resources":[)"
      R"({"resource":"nodes","responseKind":{"group":"","version":"v1","kind":"Node"},"scope":"Cluster",)"
      R"("singularResource":"","verbs":["get","list"]}],"freshness":"Current"}]}]})");
}

TEST_F(DocumentsTest, FindsAResourceInOneClusterOrInAny) {
  const GroupVersionResource nodes{"", "v1", "nodes"};
  EXPECT_NE(FindResource(*snapshot_, "", nodes), nullptr);
  EXPECT_NE(FindResource(*snapshot_, "west", nodes), nullptr);
  EXPECT_EQ(FindResource(*snapshot_, "east", nodes), nullptr);
  EXPECT_EQ(FindResource(*snapshot_, "unknown", nodes), nullptr);
}

}  // namespace
}  // namespace pedia::discovery
