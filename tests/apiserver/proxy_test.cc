// What goes on to members, what does not, and what each side gets to see of the other.
#include "apiserver/proxy_headers.h"
#include "tests/apiserver/proxy_fixture.h"

namespace pedia::apiserver {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::UnorderedElementsAre;

const HeaderFields kForward = {{"X-Clusterpedia-Forward", "True"}};
const std::string kConfigMaps = "/api/v1/namespaces/shop/configmaps";

// --- What goes on ---

TEST_F(ProxyTest, PassesReadsOnThatAskForIt) {
  const HttpAnswer answer = Get(kConfigMaps + "/a", kForward);
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(Json::parse(answer.body)["data"]["k"], "v");
  EXPECT_EQ(LastForwarded().target, kConfigMaps + "/a");
}

TEST_F(ProxyTest, PassesWritesOnWithTheirBodies) {
  const std::string object = R"({"metadata":{"namespace":"shop","name":"b"},"data":{"x":"y"}})";
  HeaderFields headers = kForward;
  headers.emplace_back("Content-Type", "application/json");
  EXPECT_EQ(Send("POST", kConfigMaps, headers, object).status, 201);
  EXPECT_EQ(authorizer_.last_verb(), "create");
  EXPECT_EQ(LastForwarded().body, object);
  EXPECT_THAT(ValuesOf(LastForwarded(), "Content-Type"), ElementsAre("application/json"));
  EXPECT_EQ(Send("PUT", kConfigMaps + "/b", headers, object).status, 200);
  EXPECT_EQ(authorizer_.last_verb(), "update");
  EXPECT_EQ(Send("DELETE", kConfigMaps + "/b", headers).status, 200);
  EXPECT_EQ(authorizer_.last_verb(), "delete");
  EXPECT_EQ(Get(kConfigMaps + "/b", kForward).status, 404);
}

TEST_F(ProxyTest, PassesListsOnThatHaveTheLabelAndTakesItAway) {
  const HttpAnswer answer = Get(
      kConfigMaps + "?labelSelector=tier+in+(b%2Ca)%2Csearch.clusterpedia.io%2Fforward%3Dtrue%2C" +
      "app&limit=5");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(LastForwarded().target,
            kConfigMaps + "?labelSelector=app%2Ctier%20in%20%28a%2Cb%29&limit=5");
  EXPECT_EQ(Get(kConfigMaps + "?labelSelector=search.clusterpedia.io%2Fforward").status, 200);
  EXPECT_EQ(LastForwarded().target, kConfigMaps);
}

TEST_F(ProxyTest, PassesEveryPathBelowTheProxyPath) {
  EXPECT_THAT(Get("/proxy/version").body, HasSubstr("gitVersion"));
  EXPECT_EQ(LastForwarded().target, "/version");
  EXPECT_EQ(Get("/proxy" + kConfigMaps + "/a?x=%2F&y=a+b").status, 200);
  EXPECT_EQ(LastForwarded().target, kConfigMaps + "/a?x=%2F&y=a+b");
}

TEST_F(ProxyTest, PassesAllowedSubresourcesOnByThemselves) {
  const HttpAnswer answer = Get(kPod + "/log?tailLines=2&container=c");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, "c line 18\nc line 19\n");
  EXPECT_EQ(answer.Header("Content-Type"), "text/plain");
}

TEST_F(ProxyTest, ReadsFromTheStoreWhatDoesNotAskForTheMember) {
  EXPECT_EQ(Get(kConfigMaps + "/a").status, 404);
  EXPECT_EQ(Get(kConfigMaps + "/a", {{"X-Clusterpedia-Forward", "1"}}).status, 404);
  EXPECT_THAT(member_->ForwardedRequests(), IsEmpty());
}

TEST_F(ProxyTest, PassesNothingOnWhenItIsOff) {
  proxy_.enabled = false;
  EXPECT_EQ(Get("/proxy/version").status, 404);
  EXPECT_EQ(Get(kPod + "/log").status, 404);
  EXPECT_EQ(Get(kConfigMaps + "/a", kForward).status, 404);
  EXPECT_EQ(Send("POST", kConfigMaps, kForward, "{}").status, 405);
  EXPECT_EQ(Get(kConfigMaps + "?labelSelector=search.clusterpedia.io%2Fforward").status, 200);
  EXPECT_THAT(member_->ForwardedRequests(), IsEmpty());
}

TEST_F(ProxyTest, PassesOnlyAllowedSubresources) {
  proxy_.subresources = {"pods/log"};
  proxy_.allow_unsynced = true;
  EXPECT_EQ(Get(kPod + "/log").status, 200);
  for (const std::string& path : {kPod + "/proxy", kPod + "/exec", kService + "/proxy/x",
                                  std::string("/api/v1/nodes/n1/proxy/run")}) {
    EXPECT_EQ(Get(path).status, 404) << path;
    EXPECT_EQ(Get(path, kForward).status, 404) << path;
    EXPECT_EQ(Get("/proxy" + path, kForward).status, 404) << path;
  }
}

TEST_F(ProxyTest, PassesWhatIsNotSyncedOnlyIfTold) {
  const std::string secrets = "/api/v1/namespaces/shop/secrets";
  EXPECT_EQ(Get(secrets, kForward).status, 404);
  EXPECT_EQ(Get("/proxy" + secrets).status, 404);
  EXPECT_EQ(Get("/proxy/api/v1/namespaces/shop/%73ecrets").status, 404);
  EXPECT_THAT(member_->ForwardedRequests(), IsEmpty());
  EXPECT_EQ(Get("/apis", kForward).status, 200);
  EXPECT_EQ(member_->ForwardedRequests().size(), 1u);
}

class UnsyncedProxyTest : public ProxyTest {
 protected:
  UnsyncedProxyTest() { proxy_.allow_unsynced = true; }
};
TEST_F(UnsyncedProxyTest, PassesOnWhatIsNotSynced) {
  EXPECT_EQ(Get("/apis/apps/v1/deployments", kForward).status, 200);
  EXPECT_EQ(member_->ForwardedRequests().size(), 1u);
}

TEST_F(ProxyTest, SaysWhatIsWrong) {
  const auto client = Connect();
  const HttpAnswer nowhere =
      client->Ask(Text("GET", "/apis/clusterpedia.io/v1beta1/resources" + kConfigMaps, kForward));
  EXPECT_EQ(nowhere.status, 400);
  EXPECT_EQ(MessageOf(nowhere), "please specify the cluster name when using proxy model.");
  EXPECT_EQ(MessageOf(SendTo("empty", "GET", "/version", kForward)),
            ".Spec.APIServer and .Status.APIServer are empty");
  EXPECT_EQ(SendTo("empty", "GET", "/version", kForward).status, 400);
  EXPECT_EQ(SendTo("nobody", "GET", "/version", kForward).status, 400);
  EXPECT_EQ(SendTo("broken", "GET", "/version", kForward).status, 503);
  EXPECT_THAT(MessageOf(SendTo("broken", "GET", "/version", kForward)),
              HasSubstr("no such Secret"));
  const HttpAnswer unreachable = SendTo("unreachable", "GET", "/version", kForward);
  EXPECT_EQ(unreachable.status, 503);
  EXPECT_THAT(unreachable.body, AllOf(HasSubstr("127.0.0.1:1"), Not(HasSubstr(member_->token()))));
}

TEST_F(ProxyTest, AsksForTheRightMethod) {
  EXPECT_EQ(Send("POST", kPod + "/log").status, 405);
  EXPECT_EQ(Send("DELETE", kPod + "/exec").status, 405);
  for (const std::string method : {"GET", "POST"}) {
    const HttpAnswer answer = Send(method, kPod + "/exec");
    EXPECT_EQ(answer.status, 400);
    EXPECT_EQ(MessageOf(answer), "Upgrade request required");
  }
}

// --- Paths ---

TEST_F(ProxyTest, LetsNoPathLeaveItsPlace) {
  base_path_ = "/k8s/c1";
  proxy_.allow_unsynced = true;
  for (const std::string path :
       {"/proxy/..", "/proxy/../c2/api", "/proxy/%2e%2e/c2", "/proxy/.%2E/c2",
        "/proxy/a/..%2f..%2fc2", "/proxy/%252e%252e/c2", "/proxy/%25252e%25252e%25252fc2",
        "/proxy/a%5c..%5cc2", "/proxy/a\\..\\c2", "/proxy//c2", "/proxy/a//b", "/proxy/./x"}) {
    EXPECT_EQ(Get(path).status, 400) << path;
  }
  for (const std::string behind : {"/../../x", "/%2e%2e/x", "/a%2F..%2Fb", "/%5c"}) {
    EXPECT_EQ(Get(kService + "/proxy" + behind).status, 400) << behind;
  }
  for (const std::string path : {"//api/v1/pods", "/api/v1/../pods", "/api/v1/%2e%2e/pods"}) {
    EXPECT_EQ(Get(path, kForward).status, 404) << path;
  }
  EXPECT_THAT(member_->ForwardedRequests(), IsEmpty());
}

TEST_F(ProxyTest, LeavesPathsBehindAServiceAsTheyAre) {
  const std::string path = kService + "/proxy/a%2Fb//c%20d/?q=%2e%2e/&r=+";
  EXPECT_EQ(Json::parse(Get(path).body)["target"], path);
}

TEST_F(ProxyTest, PutsPathsBelowThatOfTheServer) {
  base_path_ = "/k8s/c1";
  Get("/proxy/version");
  EXPECT_EQ(LastForwarded().target, "/k8s/c1/version");
}

// --- Headers and identities ---

TEST_F(ProxyTest, KeepsTheCallersIdentityToItself) {
  HeaderFields headers = {{"Authorization", "Bearer callers-own"},
                          {"authorization", "Bearer twice"},
                          {"Cookie", "session=1"},
                          {"X-Remote-User", "root"},
                          {"x-remote-group", "system:masters"},
                          {"X-Remote-Extra-Scopes", "all"},
                          {"Impersonate-User", "ann"},
                          {"Impersonate-Group", "staff"},
                          {"Connection", "keep-alive, X-Secret-Hop"},
                          {"X-Secret-Hop", "1"},
                          {"Proxy-Authorization", "Basic x"},
                          {"TE", "trailers"},
                          {"X-Forwarded-For", "10.0.0.9"},
                          {"X-Anything", "goes"},
                          {"Sec-WebSocket-Protocol",
                           "a.k8s.io,base64url.bearer.authorization.k8s.io.dG9rZW4, b.k8s.io"},
                          {"Accept", "application/json;as=Table"}};
  const Json answer = Json::parse(Get(kService + "/proxy/x", headers).body);
  std::multimap<std::string, std::string> seen;
  for (const Json& field : answer["headers"]) {
    std::string name = field[0];
    for (char& c : name) c = static_cast<char>(tolower(c));
    seen.emplace(name, field[1]);
  }
  EXPECT_EQ(seen.count("authorization"), 1u);
  EXPECT_EQ(seen.find("authorization")->second, "Bearer " + member_->token());
  for (const char* name :
       {"cookie", "x-remote-user", "x-remote-group", "x-remote-extra-scopes", "impersonate-user",
        "impersonate-group", "x-secret-hop", "proxy-authorization", "te", "expect"}) {
    EXPECT_EQ(seen.count(name), 0u) << name;
  }
  EXPECT_EQ(seen.find("x-anything")->second, "goes");
  EXPECT_EQ(seen.find("sec-websocket-protocol")->second, "a.k8s.io, b.k8s.io");
  EXPECT_EQ(seen.find("x-forwarded-for")->second, "10.0.0.9, 127.0.0.1");
  EXPECT_EQ(seen.find("accept")->second, "application/json;as=Table");
}

TEST_F(ProxyTest, TellsTheAuditIdToBothSides) {
  const HttpAnswer answer = Get("/version", kForward);
  EXPECT_THAT(ValuesOf(LastForwarded(), "Audit-Id"), ElementsAre(answer.Header("Audit-Id")));
  const auto count = std::count_if(answer.headers.begin(), answer.headers.end(), [](const auto& f) {
    return strcasecmp(f.first.c_str(), "Cache-Control") == 0 ||
           strcasecmp(f.first.c_str(), "Audit-Id") == 0;
  });
  EXPECT_EQ(count, 2);
}

TEST_F(ProxyTest, ImpersonatesTheCallerIfTold) {
  proxy_.allow_cluster_config = false;
  proxy_.impersonate_user = true;
  EXPECT_EQ(Get("/version", {{"X-Clusterpedia-Forward", "true"}, {"X-Test-User", "ann"}}).status,
            200);
  const HttpRequest seen = LastForwarded();
  EXPECT_THAT(ValuesOf(seen, "Impersonate-User"), ElementsAre("ann"));
  EXPECT_THAT(ValuesOf(seen, "Impersonate-Group"), ElementsAre("dev"));
  EXPECT_THAT(ValuesOf(seen, "Impersonate-Uid"), ElementsAre("u1"));
  EXPECT_THAT(ValuesOf(seen, "Impersonate-Extra-example.org%2Fscope"), ElementsAre("view"));
  Get("/version", {{"X-Clusterpedia-Forward", "true"}, {"X-Test-User", "bob"}});
  EXPECT_THAT(ValuesOf(LastForwarded(), "Impersonate-User"), ElementsAre("bob"));
}

TEST_F(ProxyTest, GoesNowhereWithoutCredentials) {
  proxy_.allow_cluster_config = false;
  const HttpAnswer answer = Get("/version", kForward);
  EXPECT_EQ(answer.status, 403);
  EXPECT_THAT(MessageOf(answer), HasSubstr("X-Clusterpedia-Proxy-Token"));
  EXPECT_THAT(member_->ForwardedRequests(), IsEmpty());
}

TEST_F(ProxyTest, GoesAnonymouslyIfTold) {
  proxy_.allow_cluster_config = false;
  proxy_.allow_anonymous = true;
  EXPECT_EQ(Get("/version", kForward).status, 401);
  EXPECT_THAT(ValuesOf(LastForwarded(), "Authorization"), IsEmpty());
}

TEST_F(ProxyTest, UsesCredentialsThatTheRequestBrings) {
  proxy_.allow_cluster_config = false;
  proxy_.impersonate_user = true;  // Not of somebody who comes as themselves.
  const std::string name = "X-Clusterpedia-Proxy-";
  EXPECT_EQ(Get("/proxy/version", {{name + "Token", member_->token()}}).status, 200);
  EXPECT_THAT(ValuesOf(LastForwarded(), "Impersonate-User"), IsEmpty());
  EXPECT_THAT(ValuesOf(LastForwarded(), name + "Token"), IsEmpty());
  EXPECT_EQ(Get("/proxy/version", {{name + "Token", "wrong"}}).status, 401);
  const HeaderFields pair = {
      {name + "Ca", EncodeBase64(member_->ca_pem())},
      {name + "Client-Cert", EncodeBase64(member_->client().certificate_pem)},
      {name + "Client-Key", EncodeBase64(member_->client().key_pem)}};
  EXPECT_EQ(Get("/proxy/version", pair).status, 200);
  EXPECT_THAT(ValuesOf(LastForwarded(), "Authorization"), IsEmpty());
  for (const char* header : {"Ca", "Client-Cert", "Client-Key"})
    EXPECT_THAT(ValuesOf(LastForwarded(), name + header), IsEmpty());
}

TEST_F(ProxyTest, ChecksTheMemberAgainstTheAuthorityThatTheRequestBrings) {
  const auto foreign = certs::MakeCertificateAuthority("foreign", 86400);
  ASSERT_TRUE(foreign.ok());
  EXPECT_EQ(
      Get("/proxy/version", {{"X-Clusterpedia-Proxy-Token", member_->token()},
                             {"X-Clusterpedia-Proxy-Ca", EncodeBase64(foreign->certificate_pem)}})
          .status,
      503);
  EXPECT_THAT(member_->ForwardedRequests(), IsEmpty());
}

TEST_F(ProxyTest, NamesTheHeaderThatIsWrong) {
  for (const std::string header : {"Ca", "Client-Cert", "Client-Key"}) {
    const std::string name = "X-Clusterpedia-Proxy-" + header;
    for (const std::string& value : {std::string("?"), EncodeBase64("no PEM")}) {
      const HttpAnswer answer = Get("/proxy/version", {{name, value}});
      EXPECT_EQ(answer.status, 400) << name << value;
      EXPECT_THAT(MessageOf(answer), HasSubstr(name));
    }
  }
  const HttpAnswer alone =
      Get("/proxy/version",
          {{"X-Clusterpedia-Proxy-Client-Cert", EncodeBase64(member_->client().certificate_pem)}});
  EXPECT_EQ(alone.status, 400);
  // pedia's own credentials are not for whom a caller trusts.
  EXPECT_EQ(
      Get("/proxy/version", {{"X-Clusterpedia-Proxy-Ca", EncodeBase64(member_->ca_pem())}}).status,
      400);
}

TEST_F(ProxyTest, TranslatesRedirectsAndKeepsCookiesAway) {
  const HttpAnswer answer = Get(kService + "/proxy/redirect");
  EXPECT_EQ(answer.status, 302);
  EXPECT_EQ(answer.Header("Location"), kClusters + "/c1" + kService + "/proxy/elsewhere");
  EXPECT_EQ(answer.Header("Set-Cookie"), "");
  EXPECT_EQ(Get("/proxy" + kService + "/proxy/redirect").Header("Location"),
            kClusters + "/c1/proxy" + kService + "/proxy/elsewhere");
}

TEST(TranslateLocationTest, TranslatesOnlyTheMembersOwnPlaces) {
  const MemberPlace place{"https://10.0.0.1:6443/k8s/c1", "/clusters/c1"};
  for (const auto& [from, to] : std::vector<std::pair<std::string, std::string>>{
           {"/api/v1/x?y#z", "/clusters/c1/api/v1/x?y#z"},
           {"/k8s/c1/api", "/clusters/c1/api"},
           {"/k8s/c12/api", "/clusters/c1/k8s/c12/api"},
           {"https://10.0.0.1:6443/k8s/c1/api", "/clusters/c1/api"},
           {"https://10.0.0.1:6443", "/clusters/c1/"},
           {"https://10.0.0.1:64430/api", "https://10.0.0.1:64430/api"},
           {"https://10.0.0.1.evil/api", "https://10.0.0.1.evil/api"},
           {"//evil/api", "//evil/api"},
           {"elsewhere", "elsewhere"},
           {"", ""}}) {
    EXPECT_EQ(TranslateLocation(from, place), to);
  }
  EXPECT_EQ(TranslateLocation("https://host/a", {"https://host", "/p"}), "/p/a");
}

TEST_F(ProxyTest, AnswersHeadWithoutABody) {
  const auto client = Connect();
  client->Send(Text("HEAD", kClusters + "/c1" + kService + "/proxy/x"));
  EXPECT_EQ(client->Receive(/*head_only=*/true).status, 200);
  EXPECT_EQ(client->Get("/livez").status, 200);
}

TEST_F(ProxyTest, PassesErrorsOfTheMemberOnAsTheyAre) {
  const HttpAnswer answer = Get(kConfigMaps + "/none", kForward);
  EXPECT_EQ(answer.status, 404);
  EXPECT_EQ(MessageOf(answer), R"(configmaps "none" not found)");
}

// --- Discovery ---

TEST_F(ProxyTest, ShowsAllowedSubresourcesInDiscovery) {
  proxy_.subresources = {"pods/log", "pods/exec", "nodes/proxy"};
  std::map<std::string, Json> found;
  const Json listed = Json::parse(Get("/api/v1").body);
  for (const Json& resource : listed["resources"]) found[resource["name"]] = resource["verbs"];
  EXPECT_EQ(found["pods/log"], Json({"get"}));
  EXPECT_EQ(found["pods/exec"], Json({"create", "get"}));
  EXPECT_EQ(found["nodes/proxy"], Json({"create", "delete", "get", "patch", "update"}));
  EXPECT_FALSE(found.contains("services/proxy"));
  const std::string v2 = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
  const Json aggregated = Json::parse(Get("/api", {{"Accept", v2}}).body);
  for (const Json& resource : aggregated["items"][0]["versions"][0]["resources"]) {
    if (resource["resource"] == "pods") {
      EXPECT_EQ(resource["subresources"].size(), 2u);
    }
    if (resource["resource"] == "services") {
      EXPECT_FALSE(resource.contains("subresources"));
    }
  }
  const Json own = Json::parse(Connect()->Get("/apis/clusterpedia.io/v1beta1").body);
  EXPECT_EQ(own["resources"][1]["verbs"], Json({"create", "delete", "get", "patch", "update"}));
  EXPECT_EQ(own["resources"][0]["verbs"], Json({"get", "list"}));
}

TEST(ProxyOptionsTest, NamesSubresourcesThatAreNotSupported) {
  ProxyOptions options;
  EXPECT_THAT(options.AllowSubresources({"pods/log", "pods/scale"}),
              testing::FailsWith(StatusReason::kBadRequest,
                                 AllOf(HasSubstr("pods/scale"), HasSubstr("pods/portforward"))));
  EXPECT_THAT(options.AllowSubresources({"proxy", "portfowrd"}), testing::IsOk());
  EXPECT_THAT(options.subresources, UnorderedElementsAre("pods/log", "pods/proxy", "nodes/proxy",
                                                         "services/proxy", "pods/portforward"));
}

}  // namespace
}  // namespace pedia::apiserver
