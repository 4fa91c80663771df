#include <gmock/gmock.h>

#include "tests/apiserver/api_fixture.h"

namespace pedia::apiserver {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;

const std::string kV2 =
    "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json";

TEST_F(ApiTest, DiscoveryOfPediaItself) {
  EXPECT_EQ(Get("/apis").Json()["groups"][0]["name"], "clusterpedia.io");
  EXPECT_EQ(Get("/apis").Json()["groups"].size(), 1u);
  const nlohmann::json group = Get("/apis/clusterpedia.io").Json();
  EXPECT_EQ(group["kind"], "APIGroup");
  EXPECT_EQ(group["preferredVersion"]["groupVersion"], "clusterpedia.io/v1beta1");
  const nlohmann::json resources = Get("/apis/clusterpedia.io/v1beta1").Json();
  EXPECT_EQ(resources["resources"][0]["name"], "collectionresources");
  EXPECT_EQ(resources["resources"][0]["verbs"], nlohmann::json::parse(R"(["get","list"])"));
  EXPECT_EQ(resources["resources"][1]["name"], "resources");
  EXPECT_EQ(Get("/apis/nope.io").code, 404);
  EXPECT_EQ(Get("/apis/clusterpedia.io/v9").code, 404);
  EXPECT_EQ(Get("/api").code, 404);
}

TEST_F(ApiTest, AggregatedDiscoveryOfPediaItself) {
  const Answer answer = Get("/apis", kV2);
  EXPECT_EQ(answer.Header("Content-Type"),
            "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList");
  EXPECT_EQ(answer.Json()["kind"], "APIGroupDiscoveryList");
  EXPECT_EQ(answer.Json()["apiVersion"], "apidiscovery.k8s.io/v2");
  EXPECT_EQ(answer.Json()["items"][0]["versions"][0]["resources"].size(), 2u);
}

TEST_F(ApiTest, DiscoveryOfTheMembers) {
  EXPECT_EQ(GetBelow("/api").Json()["kind"], "APIVersions");
  EXPECT_EQ(GetBelow("/apis/").Json()["groups"][0]["name"], "apps");
  EXPECT_EQ(GetBelow("/apis/apps").Json()["kind"], "APIGroup");
  EXPECT_EQ(GetBelow("/apis/apps/v1").Json()["resources"][0]["name"], "deployments");
  EXPECT_EQ(GetBelow("/clusters/c1/api/v1/").Json()["resources"].size(), 3u);
}

TEST_F(ApiTest, DiscoveryOfWhatIsNotSyncedIsNotFound) {
  for (const char* path : {"/apis/nope.io", "/apis/nope.io/v1", "/apis/apps/v9",
                           "/clusters/c2/apis/apps", "/clusters/c2/apis/apps/v1"}) {
    const Answer answer = GetBelow(path);
    EXPECT_EQ(answer.code, 404) << path;
    EXPECT_EQ(answer.Reason(), "NotFound");
    EXPECT_EQ(answer.Message(), "the server could not find the requested resource");
  }
}

TEST_F(ApiTest, DiscoveryOfAnUnknownClusterIsABadRequest) {
  for (const char* path : {"/api", "/apis", "/apis/apps", "/api/v1", "/apis/apps/v1", "/version",
                           "/api/v1/pods", "/api/v1/foos"}) {
    const Answer answer = GetBelow("/clusters/nope" + std::string(path));
    EXPECT_EQ(answer.code, 400) << path;
    EXPECT_EQ(answer.Reason(), "BadRequest");
    EXPECT_EQ(answer.Message(), "the server could not find the requested cluster");
  }
}

TEST_F(ApiTest, AggregatedDiscoveryIsCachedByEntityTag) {
  const Answer answer = GetBelow("/apis", kV2);
  EXPECT_EQ(answer.Json()["kind"], "APIGroupDiscoveryList");
  const std::string tag = answer.Header("ETag");
  EXPECT_THAT(tag, MatchesRegex("\"[0-9A-F]+\""));
  const Answer again = Send("GET", kBelow + "/apis", {{"Accept", kV2}, {"If-None-Match", tag}});
  EXPECT_EQ(again.code, 304);
  EXPECT_EQ(again.body, "");
  EXPECT_EQ(again.Header("ETag"), tag);
  AddCluster("c3", "True", "Healthy");
  discovery::ClusterState more = *registry_.Get()->Find("c3");
  more.synced.resources.push_back(
      {{"batch", "v1", "jobs"}, "Job", "job", true, {}, {}, {"get", "list"}});
  registry_.Update(more);
  EXPECT_EQ(Send("GET", kBelow + "/apis", {{"Accept", kV2}, {"If-None-Match", tag}}).code, 200);
}

TEST_F(ApiTest, AggregatedDiscoveryKnowsEveryFormOfItsEntityTag) {
  const std::string old =
      "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList";
  const std::vector<std::string> paths = {"/apis", kBelow + "/apis", kBelow + "/api",
                                          kBelow + "/clusters/c1/apis"};
  for (const std::string& path : paths) {
    const std::string tag = Get(path, kV2).Header("ETag");
    const auto code = [&](const std::string& accept, const std::string& known) {
      return Send("GET", path, {{"Accept", accept}, {"If-None-Match", known}}).code;
    };
    EXPECT_EQ(code(kV2, tag), 304) << path;
    EXPECT_EQ(code(kV2, "W/" + tag), 304) << path;
    EXPECT_EQ(code(kV2, "\"other\", W/\"more\" ," + tag), 304) << path;
    EXPECT_EQ(code(kV2, "*"), 304) << path;
    EXPECT_EQ(code(kV2, "\"other\""), 200) << path;
    EXPECT_EQ(code(kV2, ""), 200) << path;
    EXPECT_EQ(code(old, tag), 200) << path;
    EXPECT_EQ(code(old, Get(path, old).Header("ETag")), 304) << path;
    EXPECT_EQ(code("application/json", tag), 200) << path;
  }
}

TEST_F(ApiTest, DiscoveryFallsBackFromProtobufToJson) {
  const std::string protobuf = "application/vnd.kubernetes.protobuf";
  for (const std::string path : {"/apis", "/apis/clusterpedia.io/v1beta1", "/version"}) {
    for (const std::string& base : {std::string(), kBelow, kBelow + "/clusters/c1"}) {
      if (base != "" && path == "/apis/clusterpedia.io/v1beta1") continue;
      const Answer answer = Get(base + path, protobuf + ",application/json");
      EXPECT_EQ(answer.code, 200) << base << path;
      EXPECT_EQ(answer.Header("Content-Type"), "application/json") << base << path;
      EXPECT_EQ(Get(base + path, protobuf).code, 406) << base << path;
      EXPECT_EQ(Get(base + path, protobuf).Message(),
                "only the following media types are accepted: application/json, application/yaml");
      EXPECT_EQ(Get(base + path, "application/yaml").Header("Content-Type"), "application/yaml");
    }
  }
}

TEST_F(ApiTest, AggregatedDiscoveryHasBothVersionsAndBothHalves) {
  EXPECT_EQ(GetBelow("/api", kV2).Json()["items"][0]["versions"][0]["version"], "v1");
  EXPECT_EQ(GetBelow("/clusters/c1/apis",
                     "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList")
                .Json()["apiVersion"],
            "apidiscovery.k8s.io/v2beta1");
  EXPECT_EQ(GetBelow("/apis/apps", kV2).Json()["kind"], "APIGroup");
}

}  // namespace
}  // namespace pedia::apiserver
