#include <gmock/gmock.h>

#include "apiserver/collection_manifest.h"
#include "tests/apiserver/api_fixture.h"

namespace pedia::apiserver {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

const std::string kCollections = "/apis/clusterpedia.io/v1beta1/collectionresources";
const std::string kAnyPods = kCollections + "/any?resources=%2Fpods";

class CollectionTest : public ApiTest {
 protected:
  CollectionTest() {
    store_.SetKind(kPods, "Pod");
    store_.SetKind(kDeployments, "Deployment");
    AddDeployment("c1", "shop", "api");
    AddDeployment("c1", "shop", "web-0");
  }

  void AddDeployment(const std::string& cluster, const std::string& name_space,
                     const std::string& name) {
    std::string body = PodBody(cluster, name_space, name);
    body.insert(1, R"("kind":"Deployment","apiVersion":"apps/v1",)");
    store_.Add(kDeployments, {cluster, name_space, name}, body);
  }

  Answer GetCollection(const std::string& rest, const std::string& accept = "application/json") {
    return Get(kCollections + "/" + rest, accept);
  }

  // "Deployment c1/shop/api"
  static std::vector<std::string> Items(const Answer& answer) {
    std::vector<std::string> items;
    const nlohmann::json document = answer.Json();
    for (const auto& item : document["items"]) {
      const auto& metadata = item["metadata"];
      items.push_back(
          item["kind"].get<std::string>() + " " +
          metadata["annotations"]["shadow.clusterpedia.io/cluster-name"].get<std::string>() + "/" +
          metadata["namespace"].get<std::string>() + "/" + metadata["name"].get<std::string>());
    }
    return items;
  }
};

TEST_F(CollectionTest, ListsTheDefinitions) {
  const nlohmann::json list = Get(kCollections).Json();
  EXPECT_EQ(list["kind"], "CollectionResourceList");
  EXPECT_EQ(list["apiVersion"], "clusterpedia.io/v1beta1");
  ASSERT_EQ(list["items"].size(), 3u);
  EXPECT_EQ(list["items"][0].dump(),
            R"({"metadata":{"creationTimestamp":null,"name":"any"},"resourceTypes":[]})");
  EXPECT_EQ(list["items"][1]["metadata"]["name"], "workloads");
  EXPECT_EQ(list["items"][1]["resourceTypes"][2],
            nlohmann::json::parse(R"({"group":"apps","version":"v1","resource":"statefulsets"})"));
  EXPECT_EQ(list["items"][2]["metadata"]["name"], "kuberesources");
  EXPECT_EQ(list["items"][2]["resourceTypes"].size(), 26u);
  EXPECT_EQ(list["items"][2]["resourceTypes"][0],
            nlohmann::json::parse(R"({"group":"","version":"","resource":""})"));
}

TEST_F(CollectionTest, ListsTheDefinitionsInOtherForms) {
  const nlohmann::json table = Get(kCollections, kTableAccept).Json();
  EXPECT_EQ(table["kind"], "Table");
  EXPECT_EQ(table["columnDefinitions"][1]["name"], "Resources");
  EXPECT_EQ(table["rows"][0]["cells"], nlohmann::json::parse(R"(["any","*"])"));
  EXPECT_EQ(table["rows"][1]["cells"],
            nlohmann::json::parse(
                R"(["workloads","apps.deployments,apps.daemonsets,apps.statefulsets"])"));
  EXPECT_THAT(table["rows"][2]["cells"][1].get<std::string>(),
              ::testing::StartsWith(".*,admission.k8s.io.*,"));
  EXPECT_EQ(table["rows"][0]["object"]["kind"], "PartialObjectMetadata");
  const nlohmann::json partial =
      Get(kCollections, "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1").Json();
  EXPECT_EQ(partial["kind"], "PartialObjectMetadataList");
  EXPECT_EQ(partial["items"][2]["metadata"]["name"], "kuberesources");
  EXPECT_THAT(Get(kCollections, "application/yaml").body, HasSubstr("  - group: apps\n"));
  EXPECT_THAT(Get(kCollections + "?pretty=true").body, HasSubstr("{\n  \"kind\""));
  EXPECT_EQ(Get(kCollections, "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1").code,
            406);
}

TEST_F(CollectionTest, SelectsAmongTheDefinitions) {
  const auto names = [&](const std::string& query) {
    std::vector<std::string> found;
    const nlohmann::json list = Get(kCollections + "?" + query).Json();
    for (const auto& item : list["items"]) found.push_back(item["metadata"]["name"]);
    return found;
  };
  EXPECT_THAT(names("fieldSelector=metadata.name%3Dany"), ElementsAre("any"));
  EXPECT_THAT(names("names=workloads,nope"), ElementsAre("workloads"));
  EXPECT_THAT(names("labelSelector=app%3Dweb"), IsEmpty());
  EXPECT_THAT(names("limit=500"), ElementsAre("any", "workloads", "kuberesources"));
  EXPECT_EQ(Get(kCollections + "?limit=abc").code, 400);
}

TEST_F(CollectionTest, GivesTheObjectsOfAllItsResources) {
  const Answer answer = GetCollection("workloads");
  EXPECT_EQ(answer.code, 200);
  std::string first = PodBody("c1", "shop", "api");
  std::string second = PodBody("c1", "shop", "web-0");
  const std::string type = R"("kind":"Deployment","apiVersion":"apps/v1",)";
  EXPECT_EQ(
      answer.body,
      R"({"kind":"CollectionResource","apiVersion":"clusterpedia.io/v1beta1","items":[)" +
          first.insert(1, type) + "," + second.insert(1, type) +
          R"(],"metadata":{"name":"workloads","creationTimestamp":null},"resourceTypes":[)" +
          R"({"group":"apps","version":"v1","kind":"Deployment","resource":"deployments"}]})" +
          "\n");
  EXPECT_EQ(store_.scope().collection, "workloads");
  EXPECT_EQ(store_.scope().patterns[0], (query::ResourcePattern{"apps", "", "deployments"}));
}

TEST_F(CollectionTest, TellsTheTypesInTheOrderOfTheItems) {
  const Answer answer = GetCollection("kuberesources?pretty=false");
  EXPECT_THAT(Items(answer),
              ElementsAre("Deployment c1/shop/api", "Deployment c1/shop/web-0", "Pod c1/shop/web-0",
                          "Pod c1/shop/web-1", "Pod c2/shop/web-0"));
  const nlohmann::json types = answer.Json()["resourceTypes"];
  ASSERT_EQ(types.size(), 2u);
  EXPECT_EQ(types[0]["kind"], "Deployment");
  EXPECT_EQ(types[1].dump(), R"({"group":"","kind":"Pod","resource":"pods","version":"v1"})");
}

TEST_F(CollectionTest, GivesItsObjectsTheirType) {
  // As stored, the pods have neither.
  const nlohmann::json pod = Get(kAnyPods + "&limit=1").Json()["items"][0];
  EXPECT_EQ(pod["kind"], "Pod");
  EXPECT_EQ(pod["apiVersion"], "v1");
  EXPECT_EQ(pod["spec"]["nodeName"], "n1");
  const nlohmann::json partial = Get(kAnyPods + "&limit=1&onlyMetadata=true").Json()["items"][0];
  EXPECT_EQ(partial["kind"], "Pod");
  EXPECT_EQ(partial["apiVersion"], "v1");
  EXPECT_FALSE(partial.contains("spec"));
}

TEST_F(CollectionTest, GivesEmptyListsForNothing) {
  const nlohmann::json document = GetCollection("workloads?names=nope").Json();
  EXPECT_EQ(document["items"], nlohmann::json::array());
  EXPECT_EQ(document["resourceTypes"], nlohmann::json::array());
  EXPECT_FALSE(document.contains("continue"));
  EXPECT_THAT(GetCollection("workloads?names=nope", "application/yaml").body,
              HasSubstr("resourceTypes: []\n"));
}

TEST_F(CollectionTest, PagesAtTheTopLevel) {
  const nlohmann::json first =
      GetCollection("kuberesources?limit=2&withRemainingCount=true").Json();
  EXPECT_EQ(first["remainingItemCount"], 3);
  const std::string token = first.value("continue", "");
  ASSERT_THAT(token, Not(IsEmpty()));
  EXPECT_FALSE(first["metadata"].contains("continue"));
  EXPECT_THAT(Items(GetCollection("kuberesources?limit=3&continue=" + token)),
              ElementsAre("Pod c1/shop/web-0", "Pod c1/shop/web-1", "Pod c2/shop/web-0"));
  // Other resources are another list.
  EXPECT_EQ(GetCollection("workloads?limit=3&continue=" + token).code, 400);
}

TEST_F(CollectionTest, GivesTables) {
  const nlohmann::json table = GetCollection("workloads?limit=1", kTableAccept).Json();
  EXPECT_EQ(table["kind"], "Table");
  std::vector<std::string> columns;
  for (const auto& column : table["columnDefinitions"]) {
    columns.push_back(column["name"]);
    EXPECT_EQ(column["type"], "string");
    EXPECT_EQ(column["format"], column["name"] == "Name" ? "name" : "");
    EXPECT_EQ(column["priority"], 0);
  }
  EXPECT_THAT(columns,
              ElementsAre("Cluster", "Group", "Version", "Kind", "Namespace", "Name", "Age"));
  nlohmann::json cells = table["rows"][0]["cells"];
  ASSERT_EQ(cells.size(), 7u);
  cells.erase(6);
  EXPECT_EQ(cells.dump(), R"(["c1","apps","v1","Deployment","shop","api"])");
  EXPECT_EQ(table["rows"][0]["object"]["kind"], "PartialObjectMetadata");
  EXPECT_THAT(table["metadata"].value("continue", ""), Not(IsEmpty()));
}

TEST_F(CollectionTest, KeepsAllAnnotationsInTables) {
  std::string body = PodBody("c1", "infra", "agent");
  body.insert(body.find("\"shadow"), R"("deprecated.daemonset.template.generation":"1",)");
  body.insert(1, R"("kind":"DaemonSet","apiVersion":"apps/v1",)");
  store_.Add({"apps", "v1", "daemonsets"}, {"c1", "infra", "agent"}, body);
  const nlohmann::json row = GetCollection("workloads?names=agent", kTableAccept).Json()["rows"][0];
  EXPECT_EQ(row["object"]["metadata"]["annotations"].size(), 2u);
}

TEST_F(CollectionTest, RefusesTheFormsThatItCannotHave) {
  for (const char* form : {"PartialObjectMetadata", "PartialObjectMetadataList"}) {
    const Answer answer =
        GetCollection("workloads", "application/json;v=v1;g=meta.k8s.io;as=" + std::string(form) +
                                       ",application/json");
    EXPECT_EQ(answer.code, 406) << form;
    EXPECT_EQ(answer.Reason(), "NotAcceptable");
    EXPECT_THAT(answer.Message(), HasSubstr("you requested " + std::string(form) + ","));
  }
  EXPECT_EQ(GetCollection("workloads", "text/html").code, 406);
}

TEST_F(CollectionTest, AsksForTheResourcesOfAny) {
  for (const char* query : {"any", "any?limit=3", "any?x=/pods"}) {
    const Answer answer = GetCollection(query);
    EXPECT_EQ(answer.code, 400) << query;
    EXPECT_EQ(answer.Message(), "url query - `groups` or `resources` is required");
  }
  EXPECT_EQ(GetCollection("any?groups=a%2Fb%2Fc").Message(),
            "groups query: unexpected GroupVersion string: a/b/c, expect <group> or "
            "<group>/<version>");
  EXPECT_THAT(Items(GetCollection("any?groups=apps&resources=%2Fv1%2Fnodes")),
              ElementsAre("Deployment c1/shop/api", "Deployment c1/shop/web-0"));
  // Those of the others are what they are.
  EXPECT_EQ(Items(GetCollection("workloads?groups=a%2Fb%2Fc")).size(), 2u);
}

TEST_F(CollectionTest, IsFoundBelowResourcesAndClustersToo) {
  for (const char* path : {"/apis/clusterpedia.io/v1beta1/collectionresources/kuberesources",
                           "/apis/clusterpedia.io/v1beta1/collectionresources/any?groups=,apps"}) {
    EXPECT_EQ(Items(GetBelow(path)).size(), 5u) << path;
    EXPECT_THAT(Items(GetBelow("/clusters/c2" + std::string(path))),
                ElementsAre("Pod c2/shop/web-0"));
  }
  EXPECT_THAT(Items(GetBelow("/clusters/c2/collectionresources/kuberesources")),
              ElementsAre("Pod c2/shop/web-0"));
  EXPECT_EQ(GetBelow("/clusters/c2/collectionresources").Json()["items"].size(), 3u);
  EXPECT_EQ(GetBelow("/clusters/nope/collectionresources/any").Message(),
            "the server could not find the requested cluster");
  EXPECT_THAT(GetBelow("/clusters/c2/collectionresources/workloads").Header("Warning"),
              HasSubstr("c2 is not ready"));
  EXPECT_EQ(GetBelow("/clusters/c1/collectionresources/workloads").Header("Warning"), "");
  // Not listed where the members' groups are.
  EXPECT_EQ(GetBelow("/apis/clusterpedia.io").code, 404);
  EXPECT_EQ(GetBelow("/apis/clusterpedia.io/v1beta1").code, 404);
}

TEST_F(CollectionTest, SaysWhatIsNotThere) {
  const Answer answer = GetCollection("nope?limit=3", kTableAccept);
  EXPECT_EQ(answer.code, 404);
  EXPECT_EQ(answer.Message(), "collectionresources.clusterpedia.io \"nope\" not found");
  EXPECT_EQ(answer.Json()["details"]["kind"], "collectionresources");
  for (const std::string& path :
       {kCollections + "/any/status",
        std::string("/apis/clusterpedia.io/v1beta1/namespaces/shop/collectionresources/any"),
        std::string("/apis/clusterpedia.io/v1/collectionresources")}) {
    EXPECT_EQ(Get(path).code, 404) << path;
    EXPECT_EQ(Get(path).Message(), "the server could not find the requested resource");
  }
}

TEST_F(CollectionTest, RefusesToWatchAndToWrite) {
  for (const char* rest : {"?watch=true", "?watch"}) {
    const Answer answer = Get(kCollections + rest);
    EXPECT_EQ(answer.code, 405);
    EXPECT_EQ(
        answer.Message(),
        "watch is not supported on resources of kind \"collectionresources.clusterpedia.io\"");
  }
  for (const char* method : {"POST", "PUT", "PATCH", "DELETE", "HEAD"}) {
    EXPECT_EQ(Send(method, kCollections + "/any").code, 405) << method;
    EXPECT_EQ(Send(method, kBelow + "/clusters/c1/collectionresources").code, 405) << method;
  }
}

TEST_F(CollectionTest, RefusesBadOptions) {
  for (const char* query : {"limit=abc", "limit=-1", "continue=abc", "since=x", "onlyMetadata=x",
                            "labelSelector=a%20b", "ownerSeniority=x"}) {
    const Answer answer = GetCollection("workloads?" + std::string(query));
    EXPECT_EQ(answer.code, 400) << query;
    EXPECT_EQ(answer.Reason(), "BadRequest") << query;
  }
  EXPECT_EQ(GetCollection("workloads?includeObject=Bad", kTableAccept).code, 400);
}

TEST_F(CollectionTest, CountsRequestsInTheMetrics) {
  GetCollection("workloads");
  EXPECT_THAT(
      Get("/metrics").body,
      HasSubstr(
          R"(apiserver_request_total{code="200",group="clusterpedia.io",resource="collectionresources",verb="GET",version="v1beta1"} 1)"));
}

TEST_F(CollectionTest, HasThoseThatTheUserDefines) {
  const auto collections = ParseCollections(R"(
apiVersion: clusterpedia.io/v1beta1
kind: CollectionResource
metadata: {name: shop}
resourceTypes:
- {group: "", version: v1, resource: pods}
- {group: batch}
---
apiVersion: clusterpedia.io/v1beta1
kind: CollectionResource
metadata: {name: everything}
resourceTypes: [{group: "*"}]
)");
  ASSERT_TRUE(collections.ok()) << collections.status().ToString();
  options_.collections = *collections;
  EXPECT_EQ(Items(GetCollection("shop")).size(), 3u);
  EXPECT_EQ(Items(GetCollection("everything")).size(), 5u);
  const nlohmann::json table = Get(kCollections, kTableAccept).Json();
  ASSERT_EQ(table["rows"].size(), 5u);
  EXPECT_EQ(table["rows"][3]["cells"].dump(), R"(["shop",".pods,batch.*"])");
  EXPECT_EQ(table["rows"][4]["cells"].dump(), R"(["everything","*"])");
  EXPECT_EQ(store_.scope().patterns.size(), 1u);
}

}  // namespace
}  // namespace pedia::apiserver
