#include <gmock/gmock.h>

#include "meta/json_reader.h"
#include "tests/apiserver/api_fixture.h"

namespace pedia::apiserver {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class ListTest : public ApiTest {
 protected:
  static std::vector<std::string> Names(const Answer& answer) {
    std::vector<std::string> names;
    const nlohmann::json document = answer.Json();
    for (const auto& item : document["items"]) {
      const auto& metadata = item["metadata"];
      names.push_back(
          metadata["annotations"]["shadow.clusterpedia.io/cluster-name"].get<std::string>() + "/" +
          metadata["namespace"].get<std::string>() + "/" + metadata["name"].get<std::string>());
    }
    return names;
  }
  // Enough for more than the 32 KB that are held back.
  void AddManyPods() {
    for (int i = 0; i < 1000; ++i) AddPod("c1", "many", "pod-" + std::to_string(1000 + i));
  }
};

TEST_F(ListTest, SplicesStoredBytesIntoATypedList) {
  const Answer answer = GetBelow("/api/v1/pods");
  EXPECT_EQ(answer.code, 200);
  EXPECT_EQ(answer.Header("Content-Type"), "application/json");
  EXPECT_EQ(answer.body, R"({"kind":"PodList","apiVersion":"v1","items":[)" +
                             PodBody("c1", "shop", "web-0") + "," + PodBody("c1", "shop", "web-1") +
                             "," + PodBody("c2", "shop", "web-0") +
                             "],\"metadata\":{\"resourceVersion\":\"42\"}}\n");
  EXPECT_EQ(answer.content_length, answer.body.size());
  EXPECT_TRUE(answer.finished);
}

TEST_F(ListTest, ListsByClusterAndNamespace) {
  AddPod("c1", "infra", "dns");
  EXPECT_THAT(Names(GetBelow("/clusters/c1/api/v1/pods")),
              ElementsAre("c1/infra/dns", "c1/shop/web-0", "c1/shop/web-1"));
  EXPECT_THAT(Names(GetBelow("/api/v1/namespaces/shop/pods")),
              ElementsAre("c1/shop/web-0", "c1/shop/web-1", "c2/shop/web-0"));
  EXPECT_THAT(Names(GetBelow("/clusters/c2/api/v1/namespaces/infra/pods")), IsEmpty());
}

TEST_F(ListTest, GivesAnEmptyListItsItems) {
  EXPECT_EQ(GetBelow("/apis/apps/v1/deployments").body,
            "{\"kind\":\"DeploymentList\",\"apiVersion\":\"apps/"
            "v1\",\"items\":[],\"metadata\":{\"resourceVersion\":\"42\"}}\n");
}

TEST_F(ListTest, ContinuesWhereThePageEnded) {
  const Answer first = GetBelow("/api/v1/pods?limit=2&withRemainingCount=true");
  EXPECT_THAT(Names(first), ElementsAre("c1/shop/web-0", "c1/shop/web-1"));
  EXPECT_EQ(first.Json()["metadata"]["remainingItemCount"], 1);
  const std::string token = first.Json()["metadata"].value("continue", "");
  ASSERT_THAT(token, Not(IsEmpty()));
  const Answer second = GetBelow("/api/v1/pods?limit=2&continue=" + token);
  EXPECT_THAT(Names(second), ElementsAre("c2/shop/web-0"));
  EXPECT_FALSE(second.Json()["metadata"].contains("continue"));
}

TEST_F(ListTest, LeavesContinueOutWhenToldTo) {
  EXPECT_FALSE(
      GetBelow("/api/v1/pods?limit=2&withContinue=false").Json()["metadata"].contains("continue"));
  EXPECT_TRUE(
      GetBelow("/api/v1/pods?limit=2&withContinue=true").Json()["metadata"].contains("continue"));
}

TEST_F(ListTest, RefusesBadOptionsBeforeAnythingElse) {
  const Answer answer = GetBelow("/api/v1/pods?limit=abc");
  EXPECT_EQ(answer.code, 400);
  EXPECT_EQ(answer.Reason(), "BadRequest");
  EXPECT_THAT(answer.Message(), HasSubstr("limit"));
  EXPECT_EQ(GetBelow("/api/v1/pods?labelSelector=a%20b%20c").code, 400);
  EXPECT_EQ(GetBelow("/api/v1/pods?continue=abc").code, 400);
  EXPECT_EQ(GetBelow("/api/v1/pods?limit=%zz").code, 400);
}

TEST_F(ListTest, AnswersAFailureBeforeTheFirstBytesWithAStatus) {
  store_.FailAfter(0, ServiceUnavailable("the store is away"));
  EXPECT_EQ(GetBelow("/api/v1/pods").code, 503);
  store_.FailAfter(2, Timeout("too slow"));
  const Answer answer = GetBelow("/api/v1/pods");
  EXPECT_EQ(answer.code, 504);
  EXPECT_EQ(answer.Reason(), "Timeout");
  EXPECT_EQ(answer.Message(), "too slow");
}

TEST_F(ListTest, ClosesTheConnectionAtAFailureInTheMiddle) {
  AddManyPods();
  store_.FailAfter(900, Timeout("too slow"));
  const Answer answer = GetBelow("/api/v1/pods");
  EXPECT_EQ(answer.code, 200);
  EXPECT_TRUE(answer.aborted);
  EXPECT_FALSE(answer.finished);
  EXPECT_FALSE(IsValidJson(answer.body));
}

TEST_F(ListTest, EndsWhenTheClientIsGone) {
  AddManyPods();
  client_leaves_after_ = 40'000;
  const Answer answer = GetBelow("/api/v1/pods");
  EXPECT_TRUE(answer.aborted);
  EXPECT_LE(answer.body.size(), 40'000u);
}

TEST_F(ListTest, StreamsLongLists) {
  AddManyPods();
  const Answer answer = GetBelow("/api/v1/namespaces/many/pods");
  EXPECT_EQ(answer.content_length, std::nullopt);
  EXPECT_TRUE(answer.finished);
  EXPECT_EQ(answer.Json()["items"].size(), 1000u);
}

TEST_F(ListTest, GivesMetadataOnly) {
  const nlohmann::json item = GetBelow("/api/v1/pods?onlyMetadata=true&limit=1").Json()["items"][0];
  EXPECT_EQ(item["kind"], "Pod");
  EXPECT_EQ(item["apiVersion"], "v1");
  EXPECT_EQ(item["metadata"]["name"], "web-0");
  EXPECT_FALSE(item.contains("spec"));
}

TEST_F(ListTest, GivesPartialObjectMetadataLists) {
  const nlohmann::json document =
      GetBelow("/api/v1/pods", "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1")
          .Json();
  EXPECT_EQ(document["kind"], "PartialObjectMetadataList");
  EXPECT_EQ(document["apiVersion"], "meta.k8s.io/v1");
  EXPECT_EQ(document["items"][0]["kind"], "PartialObjectMetadata");
  EXPECT_EQ(document["items"][0]["apiVersion"], "meta.k8s.io/v1");
  EXPECT_FALSE(document["items"][0].contains("spec"));
}

TEST_F(ListTest, RefusesToMixSingleAndListTransforms) {
  const Answer list =
      GetBelow("/api/v1/pods",
               "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json");
  EXPECT_EQ(list.code, 406);
  EXPECT_EQ(list.Message(),
            "you requested PartialObjectMetadata, but the requested object is a list");
  EXPECT_EQ(GetBelow("/clusters/c1/api/v1/namespaces/shop/pods/web-0",
                     "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1")
                .code,
            406);
}

TEST_F(ListTest, GivesTables) {
  const nlohmann::json table = GetBelow("/api/v1/pods?limit=2", kTableAccept).Json();
  EXPECT_EQ(table["kind"], "Table");
  EXPECT_EQ(table["apiVersion"], "meta.k8s.io/v1");
  EXPECT_EQ(table["columnDefinitions"][0]["name"], "Cluster");
  ASSERT_EQ(table["rows"].size(), 2u);
  EXPECT_EQ(table["rows"][0]["cells"].size(), table["columnDefinitions"].size());
  EXPECT_EQ(table["rows"][0]["cells"][0], "c1");
  EXPECT_EQ(table["rows"][0]["object"]["kind"], "PartialObjectMetadata");
  EXPECT_EQ(table["rows"][0]["object"]["metadata"]["name"], "web-0");
  EXPECT_TRUE(table["metadata"].contains("continue"));
}

TEST_F(ListTest, GivesOldTablesTheirOwnVersion) {
  const nlohmann::json table =
      GetBelow("/api/v1/pods", "application/json;as=Table;v=v1beta1;g=meta.k8s.io").Json();
  EXPECT_EQ(table["apiVersion"], "meta.k8s.io/v1beta1");
  EXPECT_EQ(table["rows"][0]["object"]["apiVersion"], "meta.k8s.io/v1beta1");
}

TEST_F(ListTest, IncludesInTablesWhatIsAskedFor) {
  EXPECT_EQ(GetBelow("/api/v1/pods?includeObject=None", kTableAccept).Json()["rows"][0]["object"],
            nullptr);
  const nlohmann::json object =
      GetBelow("/api/v1/pods?includeObject=Object", kTableAccept).Json()["rows"][0]["object"];
  EXPECT_EQ(object["kind"], "Pod");
  EXPECT_EQ(object["spec"]["nodeName"], "n1");
  const Answer bad = GetBelow("/api/v1/pods?includeObject=Bad", kTableAccept);
  EXPECT_EQ(bad.code, 400);
  EXPECT_EQ(bad.Message(),
            "Unable to convert to Table as requested: includeObject: Invalid value: \"Bad\": must "
            "be 'Metadata', 'Object', 'None', "
            "or empty");
  EXPECT_EQ(GetBelow("/api/v1/pods?includeObject=Bad").code, 200);
}

TEST_F(ListTest, GivesOneObjectAsATable) {
  const nlohmann::json table =
      GetBelow("/clusters/c1/api/v1/namespaces/shop/pods/web-1", kTableAccept).Json();
  EXPECT_EQ(table["rows"].size(), 1u);
  EXPECT_EQ(table["metadata"]["resourceVersion"], "7");
}

TEST_F(ListTest, GetsOneObjectWithItsType) {
  const Answer answer = GetBelow("/clusters/c2/api/v1/namespaces/shop/pods/web-0");
  EXPECT_EQ(answer.code, 200);
  EXPECT_THAT(answer.body,
              HasSubstr(R"({"kind":"Pod","apiVersion":"v1","metadata":{"name":"web-0")"));
  EXPECT_EQ(answer.Json()["metadata"]["annotations"]["shadow.clusterpedia.io/cluster-name"], "c2");
}

TEST_F(ListTest, WritesYaml) {
  const Answer one = GetBelow("/clusters/c1/api/v1/namespaces/shop/pods/web-0", "application/yaml");
  EXPECT_EQ(one.Header("Content-Type"), "application/yaml");
  EXPECT_THAT(one.body, HasSubstr("kind: Pod\n"));
  EXPECT_THAT(one.body, HasSubstr("  phase: Running\n"));
  const Answer list = GetBelow("/api/v1/pods", "application/yaml");
  EXPECT_THAT(list.body, HasSubstr("kind: PodList\n"));
  EXPECT_THAT(list.body, HasSubstr("items:\n"));
}

TEST_F(ListTest, IndentsWhenAskedTo) {
  EXPECT_THAT(GetBelow("/api/v1/pods?pretty=true").body,
              HasSubstr("{\n  \"kind\": \"PodList\",\n"));
  EXPECT_THAT(GetBelow("/api/v1/pods?pretty=false").body, HasSubstr("{\"kind\":\"PodList\""));
  EXPECT_EQ(GetBelow("/api/v1/pods?pretty=1").Json(), GetBelow("/api/v1/pods").Json());
}

TEST_F(ListTest, CompressesLongBodiesOnly) {
  const HeaderFields headers = {{"Accept-Encoding", "gzip"}};
  EXPECT_EQ(Send("GET", kBelow + "/api/v1/pods", headers).Header("Content-Encoding"), "");
  AddManyPods();
  const Answer answer = Send("GET", kBelow + "/api/v1/pods", headers);
  EXPECT_EQ(answer.Header("Content-Encoding"), "gzip");
  EXPECT_THAT(answer.Header("Vary"), HasSubstr("Accept-Encoding"));
  EXPECT_EQ(answer.body.substr(0, 2), "\x1f\x8b");
  EXPECT_TRUE(answer.finished);
  EXPECT_LT(answer.body.size(), GetBelow("/api/v1/pods").body.size() / 4);
}

}  // namespace
}  // namespace pedia::apiserver
