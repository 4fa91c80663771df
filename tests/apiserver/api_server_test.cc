#include "apiserver/api_server.h"

#include <gmock/gmock.h>

#include "tests/apiserver/api_fixture.h"

namespace pedia::apiserver {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;

TEST_F(ApiTest, ListsItsPaths) {
  const nlohmann::json paths = Get("/").Json()["paths"];
  EXPECT_THAT(paths, ::testing::Contains("/apis/clusterpedia.io/v1beta1"));
}

TEST_F(ApiTest, TellsItsVersionAndThatOfAMember) {
  options_.version = {"v0.3.1", "abc", "2026-01-01"};
  const nlohmann::json own = Get("/version").Json();
  EXPECT_EQ(own["gitVersion"], "v0.3.1");
  EXPECT_EQ(own["major"], "0");
  EXPECT_EQ(own["minor"], "3");
  EXPECT_EQ(GetBelow("/version").Json()["gitVersion"], "v0.3.1");
  EXPECT_EQ(GetBelow("/clusters/c1/version").Json()["gitVersion"], "v1.32.13");
  EXPECT_EQ(GetBelow("/clusters/c2/version").code, 503);
}

TEST_F(ApiTest, MarksEveryAnswer) {
  for (const char* path :
       {"/", "/nope", "/healthz", "/apis/clusterpedia.io/v1beta1/resources/api/v1/pods"}) {
    const Answer answer = Get(path);
    EXPECT_THAT(
        answer.Header("Audit-Id"),
        MatchesRegex("[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"));
    EXPECT_EQ(answer.Header("Cache-Control"), "no-cache, private");
  }
}

TEST_F(ApiTest, AllowsReadingOnly) {
  const std::string object = kBelow + "/clusters/c1/api/v1/namespaces/shop/pods/web-0";
  for (const char* method : {"POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "FOO", "get"}) {
    for (const std::string& path :
         {object, kBelow + "/api/v1/pods", kBelow + "/clusters/nope/api/v1/pods",
          std::string("/apis"), std::string("/apis/clusterpedia.io/v1beta1/collectionresources"),
          std::string("/version")}) {
      const Answer answer = Send(method, path);
      EXPECT_EQ(answer.code, 405) << method << " " << path;
      EXPECT_EQ(answer.Message(),
                "the server does not allow this method on the requested resource");
      EXPECT_EQ(answer.Reason(), "MethodNotAllowed");
    }
  }
}

TEST_F(ApiTest, AnswersUnknownResourcesWithAStatus) {
  for (const char* path :
       {"", "/", "/clusters", "/clusters/c1", "/foo", "/openapi/v3/api/v2", "/api/v1/foos",
        "/apis/nope.io/v1/foos", "/apis/apps/v1/Deployments", "/apis/apps/v1beta1/deployments",
        "/clusters/c2/apis/apps/v1/deployments", "/api/v1/namespaces/shop/nodes",
        "/clusters/c1/api/v1/pods/web-0", "/clusters/c1/api/v1/namespaces/shop/pods/web-0/log",
        "/clusters/c1/api/v1/namespaces/shop/pods/web-0/proxy/a", "/api/v1/../v1/pods",
        "//api/v1/pods"}) {
    const Answer answer = GetBelow(path);
    EXPECT_EQ(answer.code, 404) << path;
    EXPECT_EQ(answer.Message(), "the server could not find the requested resource") << path;
    EXPECT_EQ(answer.Json()["kind"], "Status");
  }
}

TEST_F(ApiTest, AsksForTheClusterOfASingleObject) {
  const Answer answer = GetBelow("/api/v1/nodes/n1");
  EXPECT_EQ(answer.code, 400);
  EXPECT_EQ(
      answer.Message(),
      "please specify the cluster name when using the resource name to get a specific resource.");
}

TEST_F(ApiTest, SaysWhichObjectIsNotThere) {
  const Answer answer = GetBelow("/clusters/c1/apis/apps/v1/namespaces/shop/deployments/nope");
  EXPECT_EQ(answer.code, 404);
  EXPECT_EQ(answer.Message(), "deployments.apps \"nope\" not found");
}

TEST_F(ApiTest, RefusesToWatch) {
  for (const char* path : {"/api/v1/pods?watch=true", "/clusters/c1/api/v1/pods?watch=1",
                           "/api/v1/watch/pods", "/api/v1/pods?watch"}) {
    const Answer answer = GetBelow(path);
    EXPECT_EQ(answer.code, 405) << path;
    EXPECT_EQ(answer.Message(), "watch is not supported on resources of kind \"pods\"");
  }
  EXPECT_EQ(GetBelow("/api/v1/pods?watch=false").code, 200);
  EXPECT_EQ(GetBelow("/apis/apps/v1/deployments?watch=true").Message(),
            "watch is not supported on resources of kind \"deployments.apps\"");
}

TEST_F(ApiTest, NegotiatesTheMediaType) {
  EXPECT_EQ(GetBelow("/api/v1/pods", "application/vnd.kubernetes.protobuf").code, 406);
  EXPECT_EQ(GetBelow("/api/v1/pods", "application/vnd.kubernetes.protobuf, application/json")
                .Header("Content-Type"),
            "application/json");
  EXPECT_EQ(GetBelow("/clusters/c1/api/v1/namespaces/shop/pods/web-0", "text/html").code, 406);
  EXPECT_EQ(Get("/version", "text/html").code, 406);
}

TEST_F(ApiTest, AnswersWithAStatusInTheFormThatIsAskedFor) {
  const Answer yaml = GetBelow("/api/v1/foos", "application/yaml,application/json");
  EXPECT_EQ(yaml.code, 404);
  EXPECT_EQ(yaml.Header("Content-Type"), "application/yaml");
  EXPECT_THAT(yaml.body, ::testing::HasSubstr("\nreason: NotFound\n"));
  for (const char* accept : {"application/json,application/yaml", "text/html", "*/*",
                             "application/json;as=Table;v=v1;g=meta.k8s.io"}) {
    const Answer json = GetBelow("/api/v1/foos", accept);
    EXPECT_EQ(json.Header("Content-Type"), "application/json") << accept;
    EXPECT_EQ(json.Reason(), "NotFound") << accept;
  }
}

TEST_F(ApiTest, LetsNobodyInWithoutCredentials) {
  RequireCredentials({"s3cret", "admin"});
  const Answer answer = GetBelow("/api/v1/pods");
  EXPECT_EQ(answer.code, 401);
  EXPECT_EQ(answer.Message(), "Unauthorized");
  EXPECT_EQ(Send("DELETE", kBelow + "/api/v1/pods").code, 401);
  EXPECT_EQ(Send("GET", kBelow + "/api/v1/pods", {{"Authorization", "Bearer nope"}}).code, 401);
  EXPECT_EQ(Send("GET", kBelow + "/api/v1/pods", {{"Authorization", "Bearer s3cret"}}).code, 200);
  HttpRequest request;
  request.method = "GET";
  request.target = kBelow + "/api/v1/pods";
  request.peer = PeerIdentity{"admin", {}, /*verified=*/true, {}};
  EXPECT_EQ(Send(request).code, 200);
}

TEST_F(ApiTest, SurvivesHostileTargets) {
  for (const std::string& target :
       {std::string(), std::string("?"), std::string("*"), std::string("/%00"), std::string("/%"),
        std::string(100'000, '/'), kBelow + "/clusters/%00/api/v1/pods",
        kBelow + "/clusters/../api/v1/pods", "/" + std::string(100'000, '%'),
        kBelow + "/api/v1/pods?" + std::string(100'000, '&') + "%"}) {
    const int code = Get(target).code;
    EXPECT_TRUE(code == 400 || code == 404) << code << " " << target.substr(0, 40);
  }
}

class ThrowingStore : public FakeStore {
  Result<storage::ListResult> List(const query::ListScope&, const query::ListOptions&,
                                   const std::function<void(const storage::ListHead&)>&,
                                   storage::RowSink&) override {
    throw std::runtime_error("secret cause");
  }
};

TEST_F(ApiTest, TurnsAnExceptionIntoAnInternalErrorWithoutItsCause) {
  ThrowingStore store;
  ApiServer server(store, registry_, {});
  const auto answer = std::make_shared<Answer>();
  HttpRequest request;
  request.method = "GET";
  request.target = kBelow + "/api/v1/pods";
  server.Handle(request, std::make_shared<CapturingWriter>(answer));
  EXPECT_EQ(answer->code, 500);
  EXPECT_EQ(answer->body.find("secret"), std::string::npos);
}

TEST_F(ApiTest, DebugPagesAreOnTheMetricsPortOnly) {
  options_.debug_pages["/debug/things"] = [](const query::UrlQuery& query,
                                             std::string_view accept) -> Result<DebugDocument> {
    if (query.Get("cluster") == "none") return NotFound("", "things", "none");
    return DebugDocument{"text/plain",
                         std::string(query.Get("cluster")) + " " + std::string(accept)};
  };
  EXPECT_EQ(Get("/debug/things").code, 404);
  on_metrics_port_ = true;
  const Answer answer = Get("/debug/things?cluster=c1", "text/plain");
  EXPECT_EQ(answer.code, 200);
  EXPECT_EQ(answer.body, "c1 text/plain");
  EXPECT_EQ(answer.Header("Content-Type"), "text/plain");
  EXPECT_EQ(Get("/debug/things?cluster=none").code, 404);
  EXPECT_EQ(Get("/debug/others").code, 404);
  EXPECT_EQ(Send("POST", "/debug/things").code, 405);
}

}  // namespace
}  // namespace pedia::apiserver
