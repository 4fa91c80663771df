// /openapi/v2 and /openapi/v3, of pedia itself and below /resources.
#include <gmock/gmock.h>

#include "apiserver/openapi_own.h"
#include "apiserver/openapi_sources.h"
#include "tests/apiserver/api_fixture.h"

namespace pedia::apiserver {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::MatchesRegex;
using ::testing::Not;

constexpr char kProtobuf[] = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf";

// A document of one path and one schema.
std::string Document(const std::string& title, const std::string& path, const std::string& schema) {
  return R"({"openapi":"3.0.0","info":{"title":")" + title + R"("},"paths":{")" + path +
         R"(":{"get":{"operationId":")" + title + R"("}}},"components":{"schemas":{")" + schema +
         R"(":{"type":"object","title":")" + title + R"("}}}})";
}

class OpenApiTest : public ApiTest {
 protected:
  struct Cluster {
    std::string name;
    std::string version;  // "v1.32.1"
    std::vector<GroupVersionResource> synced;
    std::map<std::string, std::string> documents;  // Name by path.
  };

  OpenApiTest() {
    registry_.Remove("c1");
    registry_.Remove("c2");
    for (const char* name : {"OLD", "NEW", "TOOLS"})
      store_.AddDocument(name, Document(name, std::string("/api/v1/") + name, name));
  }

  void Add(const Cluster& cluster) {
    discovery::ClusterState state;
    state.name = cluster.name;
    state.version_json = R"({"gitVersion":")" + cluster.version + R"("})";
    for (const GroupVersionResource& gvr : cluster.synced)
      state.synced.resources.push_back({gvr, "Kind", "", true, {}, {}, {"get"}});
    for (const auto& [path, name] : cluster.documents) state.openapi.push_back({path, name, ""});
    registry_.Update(std::move(state));
  }
  // {path: documents} of the union.
  std::map<std::string, std::vector<std::string>> Sources(const std::string& cluster = "") {
    std::map<std::string, std::vector<std::string>> found;
    for (const auto& [path, sources] : FindOpenApiSources(*registry_.Get(), cluster))
      found[path] = sources.documents;
    return found;
  }
  // The URL of a document in the index.
  std::string Url(const std::string& path, const std::string& below = kBelow) {
    return Get(below + "/openapi/v3").Json()["paths"][path].value("serverRelativeURL", "");
  }

  const GroupVersionResource kNodes{"", "v1", "nodes"};
};

TEST_F(OpenApiTest, TheNewestKubernetesDescribesWhatSeveralServe) {
  Add({"a", "v1.9.7", {kPods}, {{"api/v1", "OLD"}}});
  Add({"b", "v1.32.1+k3s1", {kPods}, {{"api/v1", "NEW"}}});
  Add({"c", "v1.32.0", {kPods}, {{"api/v1", "OLD"}}});
  Add({"d", "", {kPods}, {{"api/v1", "OLD"}}});
  EXPECT_THAT(Sources()["api/v1"], ElementsAre("NEW"));
  EXPECT_THAT(Sources("a")["api/v1"], ElementsAre("OLD"));
}

TEST_F(OpenApiTest, OfEqualVersionsTheFirstByNameCounts) {
  Add({"b", "v1.32.1", {kPods}, {{"api/v1", "OLD"}}});
  Add({"a", "v1.32.1", {kPods}, {{"api/v1", "NEW"}}});
  EXPECT_THAT(Sources()["api/v1"], ElementsAre("NEW"));
}

TEST_F(OpenApiTest, OlderClustersAddWhatTheNewestDoesNotSync) {
  Add({"a", "v1.30.0", {kPods, kNodes}, {{"api/v1", "OLD"}}});
  Add({"b", "v1.31.0", {kPods}, {{"api/v1", "TOOLS"}}});
  Add({"c", "v1.32.0", {kPods}, {{"api/v1", "NEW"}}});
  EXPECT_THAT(Sources()["api/v1"], ElementsAre("NEW", "OLD"));
}

TEST_F(OpenApiTest, OnlyWhatIsSyncedAndHasADocumentIsDescribed) {
  Add({"a", "v1.32.0", {kPods, kDeployments}, {{"api/v1", "NEW"}, {"apis/batch/v1", "TOOLS"}}});
  Add({"b", "v1.31.0", {}, {{"apis/apps/v1", "OLD"}}});
  EXPECT_THAT(Sources(), ElementsAre(::testing::Pair("api/v1", ElementsAre("NEW"))));
}

TEST_F(OpenApiTest, TheIndexLeadsToDocumentsBelowThePathItStandsAt) {
  Add({"a", "v1.32.0", {kPods}, {{"api/v1", "NEW"}}});
  EXPECT_EQ(Url("api/v1"), kBelow + "/openapi/v3/api/v1?hash=NEW");
  EXPECT_EQ(Url("api/v1", kBelow + "/clusters/a"),
            kBelow + "/clusters/a/openapi/v3/api/v1?hash=NEW");
  EXPECT_EQ(GetBelow("/clusters/x/openapi/v3").code, 400);
}

TEST_F(OpenApiTest, TheIndexIsNotSentToWhoHasIt) {
  Add({"a", "v1.32.0", {kPods}, {{"api/v1", "NEW"}}});
  const Answer first = GetBelow("/openapi/v3");
  EXPECT_EQ(first.Header("Cache-Control"), "no-cache, private");
  const HeaderFields known = {{"If-None-Match", first.Header("ETag")}};
  EXPECT_EQ(Send("GET", kBelow + "/openapi/v3", known).code, 304);
  Add({"a", "v1.32.0", {kPods}, {{"api/v1", "OLD"}}});
  EXPECT_EQ(Send("GET", kBelow + "/openapi/v3", known).code, 200);
}

TEST_F(OpenApiTest, ADocumentWithItsHashMayBeKept) {
  Add({"a", "v1.32.0", {kPods}, {{"api/v1", "NEW"}}});
  const Answer answer = Get(Url("api/v1"));
  EXPECT_EQ(answer.code, 200);
  EXPECT_EQ(answer.Json()["info"]["title"], "NEW");
  EXPECT_EQ(answer.Header("Content-Type"), "application/json");
  EXPECT_EQ(answer.Header("Cache-Control"), "public, immutable");
  EXPECT_EQ(answer.Header("ETag"), "\"NEW\"");
  EXPECT_THAT(answer.Header("Expires"), MatchesRegex("..., .. ... .... ..:..:.. GMT"));
}

TEST_F(OpenApiTest, ADocumentWithoutAHashIsAskedForAgain) {
  Add({"a", "v1.32.0", {kPods}, {{"api/v1", "NEW"}}});
  const Answer answer = GetBelow("/openapi/v3/api/v1");
  EXPECT_EQ(answer.code, 200);
  EXPECT_EQ(answer.Header("Cache-Control"), "no-cache, private");
  EXPECT_EQ(answer.Header("Expires"), "");
  const int loaded = store_.documents_loaded();
  const Answer again = Send("GET", kBelow + "/openapi/v3/api/v1", {{"If-None-Match", "\"NEW\""}});
  EXPECT_EQ(again.code, 304);
  EXPECT_EQ(again.body, "");
  EXPECT_EQ(store_.documents_loaded(), loaded);
}

TEST_F(OpenApiTest, AWrongHashLeadsToTheRightOne) {
  Add({"a", "v1.32.0", {kPods}, {{"api/v1", "NEW"}}});
  const Answer answer = GetBelow("/clusters/a/openapi/v3/api/v1?hash=OLD");
  EXPECT_EQ(answer.code, 301);
  EXPECT_EQ(answer.Header("Location"), kBelow + "/clusters/a/openapi/v3/api/v1?hash=NEW");
  EXPECT_EQ(answer.Header("Cache-Control"), "no-cache, private");
}

TEST_F(OpenApiTest, UnknownDocumentsAndFormsAreRefused) {
  Add({"a", "v1.32.0", {kPods}, {{"api/v1", "NEW"}}});
  EXPECT_EQ(GetBelow("/openapi/v3/apis/apps/v1").code, 404);
  EXPECT_EQ(Get("/openapi/v3/api/v1").code, 404);
  const std::string protobuf = "application/com.github.proto-openapi.spec.v3.v1.0+protobuf";
  EXPECT_EQ(GetBelow("/openapi/v3/api/v1", protobuf).code, 406);
  EXPECT_EQ(GetBelow("/openapi/v3/api/v1", protobuf + ",application/json").code, 200);
  EXPECT_EQ(GetBelow("/openapi/v3", protobuf).code, 406);
}

TEST_F(OpenApiTest, SeveralDocumentsOfAGroupVersionBecomeOne) {
  Add({"a", "v1.30.0", {kPods, kNodes}, {{"api/v1", "OLD"}}});
  Add({"c", "v1.32.0", {kPods}, {{"api/v1", "NEW"}}});
  const std::string url = Url("api/v1");
  EXPECT_THAT(url, Not(HasSubstr("NEW")));
  const Answer answer = Get(url);
  EXPECT_EQ(answer.code, 200);
  const nlohmann::json document = answer.Json();
  EXPECT_EQ(document["info"]["title"], "NEW");
  EXPECT_EQ(document["paths"].size(), 2u);
  EXPECT_EQ(document["components"]["schemas"]["OLD"]["title"], "OLD");
  EXPECT_EQ(document["components"]["schemas"]["NEW"]["title"], "NEW");
  const int loaded = store_.documents_loaded();
  EXPECT_EQ(Get(url).body, answer.body);
  EXPECT_EQ(store_.documents_loaded(), loaded);
  Add({"a", "v1.30.0", {kPods, kNodes}, {{"api/v1", "TOOLS"}}});
  EXPECT_NE(Url("api/v1"), url);
  EXPECT_EQ(Get(url).Header("Location"), Url("api/v1"));
}

TEST_F(OpenApiTest, ADocumentThatHasJustGoneIsAskedForLater) {
  Add({"a", "v1.32.0", {kPods}, {{"api/v1", "GONE"}}});
  for (const char* path : {"/openapi/v3/api/v1?hash=GONE", "/openapi/v2"}) {
    const Answer answer = GetBelow(path);
    EXPECT_EQ(answer.code, 503) << path;
    EXPECT_EQ(answer.Reason(), "ServiceUnavailable") << path;
    EXPECT_THAT(answer.Header("Cache-Control"), Not(HasSubstr("public"))) << path;
  }
  store_.AddDocument("GONE", "{}");
  EXPECT_EQ(GetBelow("/openapi/v2").code, 200);
}

TEST_F(OpenApiTest, Version2IsAllOfItInOneDocument) {
  Add({"a", "v1.32.0", {kPods, kDeployments}, {{"api/v1", "NEW"}, {"apis/apps/v1", "TOOLS"}}});
  Add({"b", "v1.30.0", {kPods}, {{"api/v1", "OLD"}}});
  const Answer answer = GetBelow("/openapi/v2");
  EXPECT_EQ(answer.code, 200);
  EXPECT_EQ(answer.Header("Content-Type"), "application/json");
  const nlohmann::json all = answer.Json();
  EXPECT_EQ(all["swagger"], "2.0");
  EXPECT_EQ(all["definitions"].size(), 2u);
  EXPECT_TRUE(all["definitions"].contains("TOOLS"));
  const nlohmann::json one = GetBelow("/clusters/b/openapi/v2").Json();
  EXPECT_EQ(one["definitions"].size(), 1u);
  EXPECT_TRUE(one["definitions"].contains("OLD"));
}

TEST_F(OpenApiTest, Version2IsProtobufForWhoAsksForIt) {
  Add({"a", "v1.32.0", {kPods}, {{"api/v1", "NEW"}}});
  const Answer answer = GetBelow("/openapi/v2", kProtobuf);
  EXPECT_EQ(answer.code, 200);
  EXPECT_EQ(answer.Header("Content-Type"),
            "application/com.github.proto-openapi.spec.v2.v1.0+protobuf");
  EXPECT_THAT(answer.body, ::testing::StartsWith("\n\x03"
                                                 "2.0"));
  EXPECT_NE(answer.Header("ETag"), GetBelow("/openapi/v2").Header("ETag"));
  EXPECT_EQ(GetBelow("/openapi/v2", "application/xml").code, 406);
}

TEST_F(OpenApiTest, Version2IsMadeOnce) {
  Add({"a", "v1.32.0", {kPods}, {{"api/v1", "NEW"}}});
  Add({"b", "v1.32.0", {kPods}, {{"api/v1", "NEW"}}});
  const Answer first = GetBelow("/openapi/v2");
  EXPECT_EQ(GetBelow("/clusters/b/openapi/v2").body, first.body);
  EXPECT_EQ(store_.documents_loaded(), 1);
  const HeaderFields known = {{"If-None-Match", first.Header("ETag")}};
  EXPECT_EQ(Send("GET", kBelow + "/openapi/v2", known).code, 304);
  Add({"a", "v1.32.0", {kPods}, {{"api/v1", "OLD"}}});
  EXPECT_TRUE(Send("GET", kBelow + "/openapi/v2", known).Json()["definitions"].contains("OLD"));
}

TEST_F(OpenApiTest, WithoutAnyDocumentThereIsNoDescription) {
  Add({"a", "v1.32.0", {kPods}, {}});
  for (const char* path : {"/openapi/v3", "/openapi/v2", "/clusters/a/openapi/v3"}) {
    EXPECT_EQ(GetBelow(path).code, 404) << path;
    EXPECT_EQ(GetBelow(path).Reason(), "NotFound") << path;
  }
}

class OwnOpenApiTest : public OpenApiTest {
 protected:
  const std::string kOwn = "/apis/clusterpedia.io/v1beta1";
};

TEST_F(OwnOpenApiTest, DescribesPediasResources) {
  options_.version.git_version = "v0.1.0";
  const std::string url = Url("apis/clusterpedia.io/v1beta1", "");
  EXPECT_THAT(url, ::testing::StartsWith("/openapi/v3/apis/clusterpedia.io/v1beta1?hash="));
  const Answer answer = Get(url);
  EXPECT_EQ(answer.code, 200);
  EXPECT_EQ(answer.Header("Cache-Control"), "public, immutable");
  const nlohmann::json document = answer.Json();
  EXPECT_EQ(document["info"]["title"], "clusterpedia apiserver");
  EXPECT_EQ(document["info"]["version"], "v0.1.0");
  std::vector<std::string> paths;
  for (const auto& [path, item] : document["paths"].items()) paths.push_back(path);
  EXPECT_THAT(
      paths,
      ElementsAre(kOwn + "/collectionresources", kOwn + "/collectionresources/{name}",
                  kOwn + "/resources/clusters/{cluster}/{path}", kOwn + "/resources/{path}"));
}

std::vector<std::string> QueryNames(const nlohmann::json& operation) {
  std::vector<std::string> names;
  for (const nlohmann::json& parameter : operation["parameters"])
    names.push_back(parameter["name"]);
  return names;
}

TEST_F(OwnOpenApiTest, NamesEveryParameterOfASearch) {
  const nlohmann::json paths = Get(Url("apis/clusterpedia.io/v1beta1", "")).Json()["paths"];
  const std::vector<std::string> list = QueryNames(paths[kOwn + "/resources/{path}"]["get"]);
  EXPECT_THAT(list,
              ElementsAre("clusters", "namespaces", "names", "labelSelector", "fieldSelector",
                          "since", "before", "ownerUID", "ownerName", "ownerGR", "ownerSeniority",
                          "orderby", "limit", "continue", "withContinue", "withRemainingCount",
                          "onlyMetadata", "injectEvents", "facets", "resourceVersion",
                          "resourceVersionMatch", "timeoutSeconds", "includeObject", "pretty"));
  std::vector<std::string> collection = list;
  collection.insert(collection.end(), {"groups", "resources"});
  EXPECT_EQ(QueryNames(paths[kOwn + "/collectionresources/{name}"]["get"]), collection);
}

// Of each parameter that is read, a value that is wrong for it is refused by name.
TEST_F(OwnOpenApiTest, TypesAreThoseThatRequestsHave) {
  Add({"a", "v1.32.0", {kPods}, {}});
  for (const QueryParameter& parameter : ListParameters()) {
    if (parameter.type == "string") continue;
    const std::string name(parameter.name);
    const std::string good = parameter.type == "integer" ? "=1" : "=true";
    EXPECT_EQ(GetBelow("/clusters/a/api/v1/pods?" + name + good).code, 200) << name;
    const Answer bad = GetBelow("/clusters/a/api/v1/pods?" + name + "=x");
    EXPECT_EQ(bad.code, 400) << name;
    EXPECT_THAT(bad.Message(), HasSubstr(name));
  }
}

TEST_F(OwnOpenApiTest, Version2SaysTheSame) {
  const nlohmann::json swagger = Get("/openapi/v2").Json();
  EXPECT_EQ(swagger["info"]["title"], "clusterpedia apiserver");
  const nlohmann::json& get = swagger["paths"][kOwn + "/collectionresources/{name}"]["get"];
  EXPECT_EQ(QueryNames(get).size(), ListParameters().size() + CollectionParameters().size());
  EXPECT_EQ(get["responses"]["200"]["schema"]["$ref"],
            "#/definitions/io.clusterpedia.v1beta1.CollectionResource");
  EXPECT_EQ(Get("/openapi/v2", kProtobuf).code, 200);
}

TEST_F(OwnOpenApiTest, NeedsCredentials) {
  RequireCredentials({"secret", ""});
  for (const char* path : {"/openapi/v2", "/openapi/v3"}) EXPECT_EQ(Get(path).code, 401) << path;
}

}  // namespace
}  // namespace pedia::apiserver
