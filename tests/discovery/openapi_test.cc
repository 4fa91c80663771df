#include "discovery/openapi.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/member/recorded_world.h"
#include "tests/testing/matchers.h"

namespace pedia::discovery {
namespace {

using Json = nlohmann::json;
using pedia::testing::FailsWith;
using pedia::testing::IsOk;
using ::testing::_;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

const std::filesystem::path kWorld = PEDIA_SOURCE_ROOT "/tests/testdata/world/world.json.gz";

const Json& RecordedWorld() {
  static const Json world = Json::parse(*member::ReadWorldFile(kWorld));
  return world;
}

const std::vector<std::string> kRecorded = {"api/v1", "apis/apps/v1", "apis/batch/v1",
                                            "apis/example.com/v1"};

const Json& Recorded(const std::string& path) { return RecordedWorld().at("/openapi/v3/" + path); }

// The schemas that `value` refers to.
void CollectReferences(const Json& value, std::set<std::string>* names) {
  constexpr std::string_view kSchemas = "#/components/schemas/";
  if (value.is_object() && value.contains("$ref") && value["$ref"].is_string())
    names->insert(value["$ref"].get<std::string>().substr(kSchemas.size()));
  if (!value.is_structured()) return;
  for (const Json& part : value) CollectReferences(part, names);
}

TEST(ParseOpenApiIndexTest, ReadsWhatIsServedWhereAndInWhichState) {
  const auto index = ParseOpenApiIndex(RecordedWorld().at("/openapi/v3").dump());
  ASSERT_THAT(index, IsOk());
  const auto apps = std::ranges::find(*index, "apis/apps/v1", &OpenApiPath::path);
  ASSERT_NE(apps, index->end());
  EXPECT_EQ(apps->url, "/openapi/v3/apis/apps/v1?hash=" + apps->source);
  EXPECT_EQ(apps->source.size(), 128u);
  EXPECT_GT(index->size(), 40u);
}

TEST(ParseOpenApiIndexTest, TakesUrlsBelowOpenApiOnly) {
  const std::tuple<const char*, const char*, const char*> cases[] = {
      {"/openapi/v3/api/v1?hash=AB", "/openapi/v3/api/v1?hash=AB", "AB"},
      {"/openapi/v3/api/v1?x=1&hash=AB&y", "/openapi/v3/api/v1?x=1&hash=AB&y", "AB"},
      {"/openapi/v3/api/v1", "/openapi/v3/api/v1", "/openapi/v3/api/v1"},
      {"/openapi/v3/api/v1?hash=", "/openapi/v3/api/v1?hash=", "/openapi/v3/api/v1?hash="},
      // Below a path of the server's own.
      {"/k8s/clusters/c-1/openapi/v3/api/v1?hash=AB", "/openapi/v3/api/v1?hash=AB", "AB"},
      {"/api/v1/secrets", "", ""},
      {"/openapi/v3/a b", "", ""},
      {"/openapi/v3/a#b", "", ""},
      {R"(/openapi/v3/a\r\nHost: x)", "", ""},
  };
  for (const auto& [given, url, source] : cases) {
    const auto index = ParseOpenApiIndex(R"({"paths":{"api/v1":{"serverRelativeURL":")" +
                                         std::string(given) + "\"}}}");
    ASSERT_THAT(index, IsOk()) << given;
    EXPECT_EQ(index->empty() ? "" : index->front().url, url) << given;
    EXPECT_EQ(index->empty() ? "" : index->front().source, source) << given;
  }
}

TEST(ParseOpenApiIndexTest, RefusesWhatIsNoIndex) {
  for (const char* json : {"", "[]", "{}", R"({"paths":7})", R"({"paths":{"a":)", "<html>"})
    EXPECT_THAT(ParseOpenApiIndex(json), FailsWith(StatusReason::kBadRequest, _)) << json;
}

TEST(ReduceOpenApiDocumentTest, KeepsSchemasAndWhatCanBeRead) {
  const auto kept = ReduceOpenApiDocument(R"( {
    "openapi": "3.0.0", "info": {"title": "a \" b"},
    "paths": {
      "/api/v1/pods": {"parameters": [ 1 ], "get": {"x": 1}, "post": {}, "x-other": "y"},
      "/api/v1/watch/pods": {"get": {}},
      "/api/v1/bindings": {"post": {"get": {}}},
      "/api/v1/odd": {"get": null},
      "/apis/x.io/v1/watch": {"get": {}, "put": {}, "patch": {}, "delete": {}, "head": {}, "options": {}, "trace": {}}
    },
    "components": {"schemas": {"Pod": {"type": "object"}}, "securitySchemes": {}} } )");
  ASSERT_THAT(kept, IsOk());
  EXPECT_EQ(*kept, R"({"openapi":"3.0.0","info":{"title":"a \" b"},"paths":{)"
                   R"("/api/v1/pods":{"parameters":[1],"get":{"x":1},"x-other":"y"},)"
                   R"("/apis/x.io/v1/watch":{"get":{}}},)"
                   R"("components":{"schemas":{"Pod":{"type":"object"}},"securitySchemes":{}}})");
}

TEST(ReduceOpenApiDocumentTest, LosesNothingThatExplainsARealDocument) {
  for (const std::string& path : kRecorded) {
    const Json& whole = Recorded(path);
    const std::string text = whole.dump(2);
    const auto reduced = ReduceOpenApiDocument(text);
    ASSERT_THAT(reduced, IsOk()) << path;
    EXPECT_LT(reduced->size(), whole.dump().size() * 3 / 4) << path;
    const Json kept = Json::parse(*reduced);
    EXPECT_EQ(kept["components"], whole["components"]) << path;
    EXPECT_EQ(kept["info"], whole["info"]) << path;
    size_t readable = 0;
    for (const auto& [url, item] : whole["paths"].items()) {
      if (!item.contains("get") || url.find("/watch/") != std::string::npos) continue;
      ++readable;
      ASSERT_TRUE(kept["paths"].contains(url)) << url;
      EXPECT_EQ(kept["paths"][url]["get"], item["get"]) << url;
      EXPECT_EQ(kept["paths"][url].value("parameters", Json()), item.value("parameters", Json()));
      EXPECT_EQ(kept["paths"][url].size(), item.contains("parameters") ? 2u : 1u) << url;
    }
    EXPECT_EQ(kept["paths"].size(), readable) << path;
    EXPECT_GT(readable, 0u) << path;
  }
}

TEST(ReduceOpenApiDocumentTest, RefusesWhatIsNoDocumentOfVersion3) {
  for (const char* json :
       {"", "[]", "{}", R"({"openapi":3})", R"({"swagger":"2.0","paths":{}})",
        R"({"openapi":"3.0.0","paths":[]})", R"({"openapi":"3.0.0","paths":{)", "\xff"}) {
    EXPECT_THAT(ReduceOpenApiDocument(json), FailsWith(StatusReason::kBadRequest, _)) << json;
  }
  const std::string deep =
      R"({"openapi":"3.0.0","x":)" + std::string(100'000, '[') + std::string(100'000, ']') + "}";
  EXPECT_THAT(ReduceOpenApiDocument(deep), FailsWith(StatusReason::kBadRequest, _));
}

constexpr std::string_view kVersion2 = R"({"swagger":"2.0",
 "info":{"title":"Kubernetes","version":"v1.22.17"},
 "paths":{
  "/apis/batch/v1beta1/namespaces/{namespace}/cronjobs":{
   "parameters":[{"description":"ns","in":"path","name":"namespace","required":true,"type":"string","uniqueItems":true}],
   "get":{"consumes":["*/*"],"description":"list CronJob","operationId":"listCronJob","schemes":["https"],
    "tags":["batch_v1beta1"],"parameters":[{"in":"query","name":"limit","type":"integer"},{"$ref":"#/parameters/p"}],
    "responses":{"200":{"description":"OK","schema":{"$ref":"#/definitions/CronJobList"}},"401":{"description":"No"}},
    "x-kubernetes-action":"list","x-kubernetes-group-version-kind":{"group":"batch","kind":"CronJob","version":"v1beta1"}},
   "post":{"parameters":[{"in":"body","name":"body","schema":{"$ref":"#/definitions/Written"}}]}},
  "/apis/batch/v1beta1/watch/cronjobs":{"get":{}},
  "/apis/batch/v1/jobs":{"get":{"responses":{"200":{"schema":{"$ref":"#/definitions/Job"}}}}},
  "/api/v1/pods":{"post":{}}},
 "definitions":{
  "CronJobList":{"properties":{"items":{"items":{"$ref":"#/definitions/CronJob"},"type":"array"}}},
  "CronJob":{"properties":{"metadata":{"$ref":"#/definitions/Meta","description":"about it"},
                           "again":{"$ref":"#/definitions/CronJob"},"lost":{"$ref":"#/definitions/Lost"},
                           "$ref":{"type":"string"}},
             "x-kubernetes-group-version-kind":[{"group":"batch","kind":"CronJob","version":"v1beta1"}]},
  "Meta":{"type":"object"},"Job":{},"Written":{}}})";

TEST(SplitOpenApiV2Test, MakesADocumentOfVersion3ForEachGroupVersion) {
  const auto documents =
      SplitOpenApiV2(kVersion2, {"apis/batch/v1beta1", "api/v1", "apis/batch/v2"});
  ASSERT_THAT(documents, IsOk());
  ASSERT_TRUE(documents->contains("apis/batch/v1beta1"));
  EXPECT_FALSE(documents->contains("apis/batch/v2"));
  const Json expected = Json::parse(R"({"openapi":"3.0.0",
   "info":{"title":"Kubernetes","version":"v1.22.17"},
   "paths":{"/apis/batch/v1beta1/namespaces/{namespace}/cronjobs":{
     "parameters":[{"description":"ns","in":"path","name":"namespace","required":true,
                    "schema":{"type":"string","uniqueItems":true}}],
     "get":{"description":"list CronJob","operationId":"listCronJob","tags":["batch_v1beta1"],
      "parameters":[{"in":"query","name":"limit","schema":{"type":"integer"}}],
      "responses":{"200":{"description":"OK",
        "content":{"application/json":{"schema":{"$ref":"#/components/schemas/CronJobList"}}}},"401":{"description":"No"}},
      "x-kubernetes-action":"list",
      "x-kubernetes-group-version-kind":{"group":"batch","kind":"CronJob","version":"v1beta1"}}}},
   "components":{"schemas":{
    "CronJobList":{"properties":{"items":{"items":{"$ref":"#/components/schemas/CronJob"},"type":"array"}}},
    "CronJob":{"properties":{
       "metadata":{"allOf":[{"$ref":"#/components/schemas/Meta"}],"description":"about it"},
       "again":{"$ref":"#/components/schemas/CronJob"},"lost":{"$ref":"#/components/schemas/Lost"},
       "$ref":{"type":"string"}},
      "x-kubernetes-group-version-kind":[{"group":"batch","kind":"CronJob","version":"v1beta1"}]},
    "Meta":{"type":"object"}}}})");
  EXPECT_EQ(Json::parse(documents->at("apis/batch/v1beta1")), expected);
}

// The recorded documents of version 3, written as one of version 2 and split again.
TEST(SplitOpenApiV2Test, GivesBackWhatRealDocumentsSay) {
  member::World world;
  ASSERT_THAT(member::LoadRecordedWorld(world, {kWorld, ""}), IsOk());
  const auto documents = SplitOpenApiV2(world.OpenApi("/openapi/v2")->json, kRecorded);
  ASSERT_THAT(documents, IsOk());
  for (const std::string& path : kRecorded) {
    ASSERT_TRUE(documents->contains(path)) << path;
    const Json split = Json::parse(documents->at(path));
    const Json reduced = Json::parse(*ReduceOpenApiDocument(Recorded(path).dump()));
    ASSERT_EQ(split["paths"].size(), reduced["paths"].size()) << path;
    for (const auto& [url, item] : reduced["paths"].items()) {
      for (const char* key : {"x-kubernetes-group-version-kind", "description", "operationId"}) {
        EXPECT_EQ(split["paths"][url]["get"].value(key, Json()), item["get"].value(key, Json()))
            << url;
      }
      EXPECT_EQ(split["paths"][url]["get"].value("parameters", Json()).size(),
                item["get"].value("parameters", Json()).size())
          << url;
    }
    const Json& schemas = split["components"]["schemas"];
    for (const auto& [name, schema] : schemas.items())
      EXPECT_EQ(schema, reduced["components"]["schemas"][name]) << name;
    std::set<std::string> references;
    CollectReferences(split, &references);
    for (const std::string& name : references) EXPECT_TRUE(schemas.contains(name)) << name;
  }
}

TEST(SplitOpenApiV2Test, EveryDocumentIsAsReducedAsCanBe) {
  const auto documents = SplitOpenApiV2(kVersion2, {"apis/batch/v1beta1", "apis/batch/v1"});
  ASSERT_THAT(documents, IsOk());
  EXPECT_EQ(documents->size(), 2u);
  for (const auto& [path, document] : *documents) {
    EXPECT_EQ(*ReduceOpenApiDocument(document), document) << path;
    EXPECT_THAT(document, Not(HasSubstr("Written"))) << path;
  }
}

TEST(SplitOpenApiV2Test, RefusesWhatIsNoDocumentOfVersion2) {
  for (const char* json : {"", "[]", "{}", R"({"swagger":2})", R"({"openapi":"3.0.0"})",
                           R"({"swagger":"2.0","paths":{)"}) {
    EXPECT_THAT(SplitOpenApiV2(json, {"api/v1"}), FailsWith(StatusReason::kBadRequest, _)) << json;
  }
  const auto nothing = SplitOpenApiV2(R"({"swagger":"2.0"})", {"api/v1"});
  ASSERT_THAT(nothing, IsOk());
  EXPECT_THAT(*nothing, IsEmpty());
}

TEST(SplitOpenApiV2Test, RefusesWhatWouldGrowWithoutBound) {
  std::string json = R"({"swagger":"2.0","definitions":{"Big":{"description":")" +
                     std::string(4 << 20, 'x') + R"("}},"paths":{)";
  std::vector<std::string> paths;
  for (int i = 0; i < 20; ++i) {
    const std::string path = "apis/g" + std::to_string(i) + "/v1";
    if (i > 0) json += ",";
    json += "\"/" + path +
            R"(/a":{"get":{"responses":{"200":{"schema":{"$ref":"#/definitions/Big"}}}}})";
    paths.push_back(path);
  }
  EXPECT_THAT(SplitOpenApiV2(json + "}}", paths),
              FailsWith(StatusReason::kBadRequest, HasSubstr("too much")));
}

TEST(OpenApiHashTest, IsSha256InUpperCase) {
  EXPECT_EQ(OpenApiHash("abc"), "BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD");
}

TEST(NamesContentTest, KnowsTheHashOfTheBytesOnly) {
  const std::string hash =
      "DDAF35A193617ABACC417349AE20413112E6FA4E89A97EA20A9EEEE64B55D39A"
      "2192992A274FC1A836BA3C23A3FEEBBD454D4423643CE80E2A9AC94FA54CA49F";
  EXPECT_TRUE(NamesContent(hash, "abc"));
  EXPECT_FALSE(NamesContent(hash, "abd"));
  EXPECT_FALSE(NamesContent("", "abc"));
}

}  // namespace
}  // namespace pedia::discovery
