#include <gmock/gmock.h>

#include "apiserver/pedia_cluster_handler.h"
#include "tests/apiserver/api_fixture.h"

namespace pedia::apiserver {
namespace {

using ::testing::HasSubstr;

const std::string kPediaClusters = "/apis/cluster.clusterpedia.io/v1alpha2/pediaclusters";

class PediaClusterTest : public ApiTest {
 protected:
  PediaClusterTest() {
    discovery::ClusterState state = *registry_.Get()->Find("c1");
    state.conditions.push_back({"Ready", "True", "Ready", "", 1'700'000'000});
    state.resources = {
        {kPods, "Syncing", "", "", true, 1'700'000'000},
        {kDeployments, "Error", "ResourceWatchFailed", "forbidden", false, 1'700'000'000}};
    registry_.Update(state);
  }
};

TEST_F(PediaClusterTest, ShowsTheStateOfACluster) {
  const nlohmann::json cluster = Get(kPediaClusters + "/c1").Json();
  EXPECT_EQ(cluster["kind"], "PediaCluster");
  EXPECT_EQ(cluster["apiVersion"], "cluster.clusterpedia.io/v1alpha2");
  EXPECT_EQ(cluster["metadata"]["name"], "c1");
  EXPECT_EQ(cluster["status"]["apiserver"], "https://c1:6443");
  EXPECT_EQ(cluster["status"]["version"], "v1.32.13");
  EXPECT_EQ(cluster["status"]["conditions"][0]["type"], "ClusterHealthy");
  EXPECT_EQ(cluster["status"]["conditions"][0]["lastTransitionTime"], "2023-11-14T22:13:20Z");
  const nlohmann::json& groups = cluster["status"]["syncResources"];
  EXPECT_EQ(groups[0]["group"], "");
  EXPECT_EQ(groups[0]["resources"][0]["name"], "pods");
  EXPECT_EQ(groups[0]["resources"][0]["kind"], "Pod");
  EXPECT_EQ(groups[0]["resources"][0]["namespaced"], true);
  EXPECT_EQ(groups[0]["resources"][0]["syncConditions"][0]["status"], "Syncing");
  EXPECT_EQ(groups[1]["resources"][0]["syncConditions"][0]["reason"], "ResourceWatchFailed");
}

TEST_F(PediaClusterTest, ListsAllClusters) {
  const nlohmann::json list = Get(kPediaClusters).Json();
  EXPECT_EQ(list["kind"], "PediaClusterList");
  ASSERT_EQ(list["items"].size(), 2u);
  EXPECT_EQ(list["items"][1]["metadata"]["name"], "c2");
}

TEST_F(PediaClusterTest, PrintsTheColumnsOfTheCustomResource) {
  const nlohmann::json table = Get(kPediaClusters, kTableAccept).Json();
  EXPECT_EQ(table["kind"], "Table");
  EXPECT_EQ(table["columnDefinitions"][1]["name"], "Ready");
  EXPECT_EQ(table["rows"][0]["cells"],
            nlohmann::json::parse(R"(["c1","True","v1.32.13","https://c1:6443","","","Healthy"])"));
  EXPECT_EQ(table["rows"][1]["cells"][6], "NotReachable");
}

TEST_F(PediaClusterTest, RefusesWhatItCannotDo) {
  EXPECT_EQ(Get(kPediaClusters + "/nope").Message(),
            "pediaclusters.cluster.clusterpedia.io \"nope\" not found");
  EXPECT_EQ(Get(kPediaClusters + "/c1/status").code, 404);
  EXPECT_EQ(Get(kPediaClusters + "?watch=true").code, 405);
  EXPECT_EQ(Get(kPediaClusters + "?labelSelector=a%3Db").code, 400);
  EXPECT_EQ(Send("POST", kPediaClusters).code, 405);
}

TEST_F(PediaClusterTest, HasMetadataOnly) {
  const std::string one = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";
  const std::string list = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1beta1";
  const nlohmann::json object = Get(kPediaClusters + "/c1", one).Json();
  EXPECT_EQ(object["kind"], "PartialObjectMetadata");
  EXPECT_EQ(object["apiVersion"], "meta.k8s.io/v1");
  EXPECT_EQ(object["metadata"]["name"], "c1");
  const nlohmann::json objects = Get(kPediaClusters, list).Json();
  EXPECT_EQ(objects["kind"], "PartialObjectMetadataList");
  EXPECT_EQ(objects["apiVersion"], "meta.k8s.io/v1beta1");
  EXPECT_EQ(objects["items"][1]["metadata"]["name"], "c2");
  EXPECT_EQ(Get(kPediaClusters, one).code, 406);
  EXPECT_EQ(Get(kPediaClusters + "/c1", list).code, 406);
}

TEST_F(PediaClusterTest, IsFoundByDiscovery) {
  EXPECT_EQ(Get("/apis/cluster.clusterpedia.io").Json()["kind"], "APIGroup");
  EXPECT_EQ(Get("/apis/cluster.clusterpedia.io/v1alpha2").Json()["resources"][0]["kind"],
            "PediaCluster");
}

TEST(PediaClusterToJsonTest, SurvivesStatesThatAreNotKnownYet) {
  discovery::ClusterState state;
  state.name = "new\xff";
  state.version_json = "[";
  const std::string json = PediaClusterToJson(state);
  EXPECT_THAT(json, HasSubstr(R"("conditions":[])"));
  EXPECT_THAT(json, HasSubstr(R"("version":"")"));
}

}  // namespace
}  // namespace pedia::apiserver
