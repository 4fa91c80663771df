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
  void AddManyPods(int count = 1000) {
    for (int i = 0; i < count; ++i) AddPod("c1", "many", "pod-" + std::to_string(1000 + i));
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
  AddManyPods(3000);  // More than is held back, however fast it comes.
  store_.FailAfter(2900, Timeout("too slow"));
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

const std::string kEvent =
    R"({"kind":"Event","apiVersion":"v1","metadata":{"name":"web-0.1","annotations":{"shadow.clusterpedia.io/cluster-name":"c1"}},"reason":"Killing"})";
const std::string kInjected =
    R"([{"kind":"Event","apiVersion":"v1","metadata":{"name":"web-0.1"},"reason":"Killing"}])";

class EventsTest : public ListTest {
 protected:
  EventsTest() { store_.SetEvents({"c1", "shop", "web-0"}, {kEvent}); }
  // Of an object, or of a row's; "" without.
  static std::string Events(const nlohmann::json& object) {
    return object["metadata"]["annotations"].value("shadow.clusterpedia.io/events", "");
  }
};

TEST_F(EventsTest, AreInjectedIntoLists) {
  for (const char* query :
       {"injectEvents=true", "labelSelector=search.clusterpedia.io%2Finject-events%3Dtrue"}) {
    const nlohmann::json items = GetBelow("/api/v1/pods?" + std::string(query)).Json()["items"];
    ASSERT_EQ(items.size(), 3u) << query;
    EXPECT_EQ(Events(items[0]), kInjected);
    EXPECT_EQ(items[0]["spec"]["nodeName"], "n1");
    EXPECT_EQ(items[1]["metadata"]["annotations"].size(), 1u);
  }
  EXPECT_EQ(Events(GetBelow("/api/v1/pods").Json()["items"][0]), "");
  EXPECT_EQ(Events(GetBelow("/api/v1/pods?injectEvents=false").Json()["items"][0]), "");
  EXPECT_EQ(GetBelow("/api/v1/pods?injectEvents=maybe").code, 400);
}

TEST_F(EventsTest, AreInjectedIntoOneObject) {
  const std::string path = "/clusters/c1/api/v1/namespaces/shop/pods/web-0";
  EXPECT_EQ(Events(GetBelow(path + "?injectEvents=true").Json()), kInjected);
  EXPECT_EQ(Events(GetBelow(path).Json()), "");
  EXPECT_FALSE(store_.got_with_events());
  EXPECT_EQ(GetBelow(path + "?injectEvents=maybe").code, 400);
  EXPECT_EQ(Events(GetBelow(path + "?injectEvents=true", kTableAccept).Json()["rows"][0]["object"]),
            kInjected);
  GetBelow(path + "?injectEvents=true",
           "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1");
  EXPECT_FALSE(store_.got_with_events());
}

TEST_F(EventsTest, AreInjectedIntoTheObjectsOfTables) {
  for (const char* include : {"Metadata", "Object"}) {
    const nlohmann::json table =
        GetBelow("/api/v1/pods?injectEvents=true&includeObject=" + std::string(include),
                 kTableAccept)
            .Json();
    EXPECT_EQ(Events(table["rows"][0]["object"]), kInjected) << include;
    EXPECT_EQ(Events(table["rows"][1]["object"]), "") << include;
    EXPECT_EQ(table["rows"][0]["cells"][0], "c1");
  }
}

TEST_F(EventsTest, AreNotReadForFormsWithoutThem) {
  const std::string list = "/api/v1/pods?injectEvents=true";
  const nlohmann::json partial =
      GetBelow(list, "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1").Json();
  EXPECT_EQ(Events(partial["items"][0]), "");
  EXPECT_FALSE(store_.options().inject_events);
  EXPECT_EQ(Events(GetBelow(list + "&onlyMetadata=true").Json()["items"][0]), "");
  EXPECT_FALSE(store_.options().inject_events);
  GetBelow(list + "&includeObject=None", kTableAccept);
  EXPECT_FALSE(store_.options().inject_events);
  GetBelow(list);
  EXPECT_TRUE(store_.options().inject_events);
}

TEST_F(EventsTest, AreInjectedIntoCollections) {
  const nlohmann::json items =
      Get("/apis/clusterpedia.io/v1beta1/collectionresources/any?resources=%2Fpods&injectEvents=1")
          .Json()["items"];
  ASSERT_EQ(items.size(), 3u);
  EXPECT_EQ(Events(items[0]), kInjected);
}

class FacetsTest : public ListTest {
 protected:
  FacetsTest() {
    store_.SetFacets(
        {{"cluster", {{"c1", 2}, {"c2", 1}}, 0}, {"metadata.labels['app']", {{"a\"b", 1}}, 2}});
  }
  static nlohmann::json Facets(const nlohmann::json& metadata) {
    return nlohmann::json::parse(metadata["annotations"].value("search.clusterpedia.io/facets", ""),
                                 nullptr, false);
  }
  const nlohmann::json expected_ = nlohmann::json::parse(R"({"total":3,"facets":[
      {"facet":"cluster","values":[{"value":"c1","count":2},{"value":"c2","count":1}],"missing":0},
      {"facet":"metadata.labels['app']","values":[{"value":"a\"b","count":1}],"missing":2}]})");
};

TEST_F(FacetsTest, StandInAnAnnotationOfTheList) {
  const nlohmann::json list = GetBelow("/api/v1/pods?facets=cluster&limit=2").Json();
  EXPECT_EQ(Facets(list["metadata"]), expected_);
  EXPECT_EQ(list["items"].size(), 2u);
  EXPECT_TRUE(list["metadata"].contains("continue"));
  EXPECT_FALSE(GetBelow("/api/v1/pods").Json()["metadata"].contains("annotations"));
}

TEST_F(FacetsTest, AreAllThereIsWithLimitZero) {
  const nlohmann::json list = GetBelow("/api/v1/pods?facets=cluster&limit=0").Json();
  EXPECT_EQ(list["items"], nlohmann::json::array());
  EXPECT_EQ(Facets(list["metadata"]), expected_);
  EXPECT_FALSE(list["metadata"].contains("continue"));
}

TEST_F(FacetsTest, StandInTablesAndCollectionsToo) {
  EXPECT_EQ(Facets(GetBelow("/api/v1/pods?facets=cluster", kTableAccept).Json()["metadata"]),
            expected_);
  const nlohmann::json collection =
      Get("/apis/clusterpedia.io/v1beta1/collectionresources/any?resources=%2Fpods&facets=cluster")
          .Json();
  EXPECT_EQ(Facets(collection["metadata"]), expected_);
  EXPECT_EQ(collection["metadata"]["name"], "any");
}

TEST_F(ListTest, SaysHowItWasFound) {
  const Answer index = GetBelow("/api/v1/pods?names=nope");
  EXPECT_EQ(index.Header("Pedia-Query-Plan"), "index");
  EXPECT_EQ(index.Header("Pedia-Objects-Scanned"), "");
  store_.SetHead({42, true, 1234, true});
  const Answer scan = GetBelow("/api/v1/pods?names=nope");
  EXPECT_EQ(scan.Header("Pedia-Query-Plan"), "scan");
  EXPECT_EQ(scan.Header("Pedia-Objects-Scanned"), "1234");
  store_.SetHead({42, true, 1000, false});
  AddManyPods();
  const Answer streamed = GetBelow("/api/v1/pods");
  EXPECT_EQ(streamed.content_length, std::nullopt);
  EXPECT_EQ(streamed.Header("Pedia-Objects-Scanned"), "1000+");
  EXPECT_EQ(GetBelow("/clusters/c1/api/v1/namespaces/shop/pods/web-0").Header("Pedia-Query-Plan"),
            "");
  const std::string metrics = Get("/metrics").body;
  EXPECT_THAT(metrics, HasSubstr("pedia_list_scans_total 2\n"));
  EXPECT_THAT(metrics, HasSubstr("pedia_list_scanned_objects_total 2234\n"));
}

TEST_F(ListTest, WarnsOfSearchLabelsThatMeanNothing) {
  const Answer answer =
      GetBelow("/clusters/c1/api/v1/pods?labelSelector=search.clusterpedia.io%2Fsize%3D5,app!%3Dx");
  EXPECT_EQ(answer.code, 200);
  EXPECT_EQ(answer.Header("Warning"),
            "299 - \"unknown search label search.clusterpedia.io/size is ignored\"");
}

TEST_F(ListTest, StopsSearchingWhenTheClientIsGone) {
  bool cancelled_before = true;
  store_.SetBeforeRows([&](storage::RowSink& sink) {
    cancelled_before = sink.Cancelled();
    client_gone_->store(true);
    EXPECT_TRUE(sink.Cancelled());
  });
  const Answer answer = GetBelow("/api/v1/pods");
  EXPECT_FALSE(cancelled_before);
  EXPECT_TRUE(answer.aborted);
  EXPECT_EQ(answer.code, 0);
}

}  // namespace
}  // namespace pedia::apiserver
