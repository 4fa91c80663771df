#include <gmock/gmock.h>

#include <map>
#include <string>

#include "tests/member/member_server_fixture.h"

namespace pedia::member {
namespace {

using pedia::testing::IsOk;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr const char* kV2 =
    "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json";

TEST_F(MemberServerTest, LetsInTokenAndClientCertificateOnly) {
  const auto code = [&](Credential credential) {
    return Fetch(*server_, "/api/v1/pods?limit=1", {.credential = credential}).code;
  };
  EXPECT_EQ(code(Credential::kToken), 200);
  EXPECT_EQ(code(Credential::kCertificate), 200);
  EXPECT_EQ(code(Credential::kWrongToken), 401);
  const Answer refused = Fetch(*server_, "/api/v1/pods", {.credential = Credential::kNone});
  EXPECT_EQ(refused.code, 401);
  EXPECT_EQ(Json::parse(refused.body)["reason"], "Unauthorized");
  EXPECT_EQ(Fetch(*server_, "/readyz", {.credential = Credential::kNone}).body, "ok");
}

TEST_F(MemberServerTest, OffersLegacyAndAggregatedDiscovery) {
  EXPECT_EQ(GetJson("/api")["versions"][0], "v1");
  EXPECT_EQ(GetJson("/apis/apps/v1")["resources"][0]["name"], "deployments");
  EXPECT_EQ(Code("/apis/nope"), 404);
  EXPECT_EQ(GetJson("/version")["major"], "1");
  const Answer aggregated = Fetch(*server_, "/apis", {.accept = kV2});
  EXPECT_THAT(aggregated.headers.at("content-type"), HasSubstr("as=APIGroupDiscoveryList"));
  EXPECT_EQ(Json::parse(aggregated.body)["apiVersion"], "apidiscovery.k8s.io/v2");
  const std::string etag = aggregated.headers.at("etag");
  EXPECT_EQ(Fetch(*server_, "/apis", {.accept = kV2, .headers = {"If-None-Match: " + etag}}).code,
            304);
  server_->SetAggregatedDiscovery(false);
  EXPECT_EQ(Json::parse(Fetch(*server_, "/apis", {.accept = kV2}).body)["kind"], "APIGroupList");
}

TEST_F(MemberServerTest, PagesUnderChurnShowTheStateOfTheFirstPage) {
  std::vector<std::string> before = Names({GetJson("/api/v1/pods")});
  ASSERT_EQ(before.size(), 300u);
  const std::vector<Json> pages = Pages("/api/v1/pods?limit=40", [&] { churn_->Step(50); });
  EXPECT_EQ(pages.size(), 8u);
  EXPECT_EQ(Names(pages), before);
  EXPECT_EQ(pages[0]["metadata"]["remainingItemCount"], 260);
  EXPECT_EQ(pages[6]["metadata"]["remainingItemCount"], 20);
  for (const Json& page : pages)
    EXPECT_EQ(page["metadata"]["resourceVersion"], pages[0]["metadata"]["resourceVersion"]);
}

TEST_F(MemberServerTest, ResourceVersionZeroIgnoresTheLimitAsTheWatchCacheDoes) {
  EXPECT_EQ(GetJson("/api/v1/pods?limit=40&resourceVersion=0")["items"].size(), 300u);
}

TEST_F(MemberServerTest, ListsOneNamespaceAndGetsOneObject) {
  const Json list = GetJson("/api/v1/namespaces/shop/pods?limit=1");
  const Json& item = list["items"][0];
  EXPECT_EQ(item["metadata"]["namespace"], "shop");
  EXPECT_FALSE(item.contains("kind"));
  const std::string path =
      "/api/v1/namespaces/shop/pods/" + item["metadata"]["name"].get<std::string>();
  EXPECT_THAT(Get(path).body, StartsWith(R"({"kind":"Pod","apiVersion":"v1","metadata":{)"));
  EXPECT_EQ(GetJson("/api/v1/namespaces/shop/pods/x")["message"], "pods \"x\" not found");
  EXPECT_EQ(Code("/api/v1/namespaces/shop/nodes"), 404);
  EXPECT_EQ(Code("/api/v1/nodes?limit=x"), 400);
}

TEST_F(MemberServerTest, AnExpiredContinueTokenIs410WithATokenThatGoesOn) {
  const Json first = GetJson("/api/v1/pods?limit=100");
  churn_->Step(1);
  world_.Compact();
  const Answer expired =
      Get("/api/v1/pods?limit=100&continue=" + first["metadata"]["continue"].get<std::string>());
  EXPECT_EQ(expired.code, 410);
  const Json status = Json::parse(expired.body);
  EXPECT_EQ(status["reason"], "Expired");
  EXPECT_EQ(Code("/api/v1/pods?continue=" + status["metadata"]["continue"].get<std::string>()),
            200);
  EXPECT_EQ(Code("/api/v1/pods?continue=%21"), 400);
}

TEST_F(MemberServerTest, AWatchSendsEventsAndBookmarksAndCanBeResumed) {
  const uint64_t start = world_.resource_version();
  uint64_t last = 0;
  {
    WatchClient watch(*server_, WatchPath(start));
    PutConfigMap("one");
    last = PutConfigMap("one");
    const auto lines = watch.WaitUntil([](const auto& got) {
      return !got.empty() && got.back().find("BOOKMARK") != std::string::npos && got.size() > 2;
    });
    ASSERT_GE(lines.size(), 3u);
    std::vector<Json> events;
    for (const std::string& line : lines) {
      if (line.find("BOOKMARK") == std::string::npos) events.push_back(Json::parse(line));
    }
    EXPECT_EQ(events.at(0)["type"], "ADDED");
    EXPECT_EQ(events.at(1)["type"], "MODIFIED");
    EXPECT_EQ(events.at(1)["object"]["kind"], "ConfigMap");
    EXPECT_EQ(Json::parse(lines.back())["object"]["metadata"]["resourceVersion"],
              std::to_string(last));
  }
  ASSERT_THAT(world_.Delete(kConfigMaps, {"shop", "one"}), IsOk());
  WatchClient resumed(*server_, WatchPath(last));
  EXPECT_THAT(resumed.WaitForLines(1).at(0), StartsWith(R"({"type":"DELETED")"));
}

TEST_F(MemberServerTest, AWatchWithoutResourceVersionStartsWithWhatIsThere) {
  WatchClient watch(*server_, "/api/v1/namespaces/shop/pods?watch=1&timeoutSeconds=1");
  const size_t count = GetJson("/api/v1/namespaces/shop/pods")["items"].size();
  EXPECT_EQ(watch.WaitForEnd().error, CURLE_OK);
  EXPECT_EQ(watch.WaitForLines(0).size(), count);
}

TEST_F(MemberServerTest, AWatchFromACompactedVersionGetsA410Event) {
  const uint64_t old = PutConfigMap("a");
  PutConfigMap("b");
  world_.Compact();
  WatchClient watch(*server_, WatchPath(old));
  EXPECT_EQ(watch.WaitForEnd().code, 200);
  const Json event = Json::parse(watch.WaitForLines(1).at(0));
  EXPECT_EQ(event["type"], "ERROR");
  EXPECT_EQ(event["object"]["code"], 410);
}

TEST_F(MemberServerTest, FollowingAWatchUnderChurnEndsWithTheSameObjects) {
  const Json list = GetJson("/api/v1/pods");
  std::map<std::string, Json> mine;
  for (const Json& item : list["items"]) mine[item["metadata"]["name"]] = item;
  WatchClient watch(*server_, "/api/v1/pods?watch=true&resourceVersion=" +
                                  list["metadata"]["resourceVersion"].get<std::string>());
  churn_->Step(500);
  for (const std::string& line : watch.WaitForLines(500)) {
    Json event = Json::parse(line);
    Json& object = event["object"];
    object.erase("kind");
    object.erase("apiVersion");
    const std::string name = object["metadata"]["name"];
    if (event["type"] == "DELETED") {
      mine.erase(name);
    } else {
      mine[name] = object;
    }
  }
  std::map<std::string, Json> theirs;
  const Json now = GetJson("/api/v1/pods");
  for (const Json& item : now["items"]) theirs[item["metadata"]["name"]] = item;
  EXPECT_EQ(mine, theirs);
}

TEST_F(MemberServerTest, ServesACustomResourceWhileItsDefinitionExists) {
  const std::string definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
  const std::string definition =
      R"({"metadata":{"name":"gadgets.example.com"},"spec":{"group":"example.com","scope":"Namespaced",
    "names":{"plural":"gadgets","kind":"Gadget"},"versions":[{"name":"v1","served":true,"storage":true}]}})";
  EXPECT_EQ(Code("/apis/example.com/v1/gadgets"), 404);
  EXPECT_EQ(Fetch(*server_, definitions, {.method = "POST", .body = definition}).code, 201);
  const std::string gadgets = "/apis/example.com/v1/namespaces/shop/gadgets";
  EXPECT_EQ(Fetch(*server_, gadgets,
                  {.method = "POST", .body = R"({"metadata":{"name":"g","namespace":"shop"}})"})
                .code,
            201);
  const Answer list = Get("/apis/example.com/v1/gadgets?limit=1");
  EXPECT_THAT(
      list.body,
      StartsWith(
          R"({"apiVersion":"example.com/v1","items":[{"apiVersion":"example.com/v1","kind":"Gadget",)"));
  WatchClient watch(*server_, "/apis/example.com/v1/gadgets?watch=true");
  EXPECT_EQ(watch.WaitForLines(1).size(), 1u);
  EXPECT_EQ(Fetch(*server_, definitions + "/gadgets.example.com", {.method = "DELETE"}).code, 200);
  EXPECT_EQ(Code("/apis/example.com/v1/gadgets"), 404);
  EXPECT_EQ(watch.WaitForEnd().error, CURLE_OK);
  EXPECT_THAT(watch.WaitForLines(2).back(), StartsWith(R"({"type":"DELETED")"));
}

TEST_F(MemberServerTest, WritesByHttpChangeTheWorld) {
  const std::string path = "/api/v1/namespaces/shop/configmaps";
  const std::string body = R"({"metadata":{"name":"new","namespace":"shop"},"data":{"a":"b"}})";
  EXPECT_EQ(Fetch(*server_, path + "/new", {.method = "PUT", .body = body}).code, 404);
  EXPECT_EQ(Fetch(*server_, path, {.method = "POST", .body = body}).code, 201);
  EXPECT_EQ(Fetch(*server_, path, {.method = "POST", .body = body}).code, 409);
  EXPECT_EQ(Fetch(*server_, path + "/new", {.method = "PUT", .body = body}).code, 200);
  EXPECT_EQ(GetJson(path + "/new")["data"]["a"], "b");
  EXPECT_EQ(Fetch(*server_, path + "/new", {.method = "DELETE"}).code, 200);
  EXPECT_EQ(Fetch(*server_, path + "/new", {.method = "PATCH", .body = "{}"}).code, 405);
}

TEST_F(MemberServerTest, RefusesConnectionsAndReturnsOnTheSamePort) {
  const std::string url = server_->url();
  server_->StopListening();
  EXPECT_EQ(Get("/readyz").error, CURLE_COULDNT_CONNECT);
  ASSERT_THAT(server_->StartListening(), IsOk());
  EXPECT_EQ(server_->url(), url);
  EXPECT_EQ(Code("/readyz"), 200);
}

TEST_F(MemberServerTest, ForgetsWatchesWhoseClientsAreGone) {
  {
    WatchClient watch(*server_, WatchPath(world_.resource_version()));
    watch.WaitForLines(1);  // A bookmark.
    EXPECT_EQ(server_->watches(), 1u);
  }
  const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (server_->watches() > 0 && std::chrono::steady_clock::now() < give_up)
    std::this_thread::yield();
  EXPECT_EQ(server_->watches(), 0u);
}

TEST_F(MemberServerTest, IsCommandedByTheControlEndpoint) {
  const auto command = [&](const std::string& method, const std::string& path,
                           const std::string& body) {
    return Fetch(*server_, path, {.method = method, .body = body, .credential = Credential::kNone});
  };
  EXPECT_EQ(
      command("POST", "/__faults", R"({"fault":"status","request":"list","code":503,"count":1})")
          .body,
      "{\"id\":1}\n");
  EXPECT_EQ(Code("/api/v1/pods"), 503);
  EXPECT_EQ(command("GET", "/__faults", "").body, "{\"1\":1}\n");
  EXPECT_EQ(command("DELETE", "/__faults", "").code, 200);
  EXPECT_EQ(command("POST", "/__faults", R"({"fault":"nonsense"})").code, 400);
  EXPECT_EQ(command("POST", "/__watches", R"({"break":"drop"})").code, 200);
  EXPECT_EQ(command("POST", "/__churn", R"({"rate":0})").code, 200);
  EXPECT_EQ(command("POST", "/__world", R"({"compact":true})").code, 200);
  EXPECT_EQ(command("POST", "/__nope", "{}").code, 404);
  EXPECT_EQ(Json::parse(command("GET", "/__dump", "").body).size(), world_.Dump().size());
}

}  // namespace
}  // namespace pedia::member
