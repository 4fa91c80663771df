#include "apiserver/request_info.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/testing/matchers.h"

namespace pedia::apiserver {
namespace {

using ::pedia::testing::FailsWith;
using ::pedia::testing::IsOk;
using ::testing::_;

const std::string kBelow = "/apis/clusterpedia.io/v1beta1/resources";

std::string EndpointName(Endpoint endpoint) {
  switch (endpoint) {
    case Endpoint::kUnknown:
      return "unknown";
    case Endpoint::kRoot:
      return "root";
    case Endpoint::kHealth:
      return "health";
    case Endpoint::kVersion:
      return "version";
    case Endpoint::kMetrics:
      return "metrics";
    case Endpoint::kCoreVersions:
      return "api";
    case Endpoint::kGroupList:
      return "apis";
    case Endpoint::kGroup:
      return "group";
    case Endpoint::kResourceList:
      return "resources";
    case Endpoint::kCollections:
      return "collections";
    case Endpoint::kOpenApiV2:
      return "openapi v2";
    case Endpoint::kOpenApiV3:
      return "openapi v3";
    case Endpoint::kObjects:
      return "objects";
    case Endpoint::kProxy:
      return "proxy";
  }
  return "";
}

// "objects list c1: apps/v1/deployments shop/web/scale": endpoint, verb, cluster, gvr,
// namespace/name/subresource.
std::string Describe(std::string_view method, std::string_view path, bool watch = false) {
  const auto parsed = ParseRequestInfo(method, path, watch);
  if (!parsed.ok()) return parsed.status().ToString();
  const RequestInfo& info = *parsed;
  std::string text = (info.inner ? "inner " : "") + EndpointName(info.endpoint) + " " + info.verb;
  if (!info.cluster.empty()) text += " @" + info.cluster;
  if (!info.gvr.version.empty() || !info.gvr.group.empty()) text += " " + info.gvr.ToString();
  if (!info.name_space.empty()) text += " ns=" + info.name_space;
  if (!info.name.empty()) text += " name=" + info.name;
  if (!info.subresource.empty()) text += " sub=" + info.subresource;
  if (!info.proxy_path.empty()) text += " behind=" + info.proxy_path;
  if (!info.document.empty()) text += " document=" + info.document;
  if (!info.health_group.empty()) text += " " + info.health_group + ":" + info.health_check;
  return text;
}

struct Case {
  std::string path;
  std::string expected;
};
void PrintTo(const Case& c, std::ostream* out) { *out << c.path; }

class OuterPathTest : public ::testing::TestWithParam<Case> {};
TEST_P(OuterPathTest, IsRecognised) {
  EXPECT_EQ(Describe("GET", GetParam().path), GetParam().expected);
}
INSTANTIATE_TEST_SUITE_P(
    All, OuterPathTest,
    ::testing::Values(
        Case{"/", "root get"}, Case{"/openapi/v2", "openapi v2 get"},
        Case{"/openapi/v3", "openapi v3 get"}, Case{"/openapi/v3/", "openapi v3 get"},
        Case{"/openapi/v3/apis/apps/v1", "openapi v3 get document=apis/apps/v1"},
        Case{"/openapi/v2/x", "unknown get"}, Case{"/openapi", "unknown get"},
        Case{"/openapi/v4", "unknown get"}, Case{kBelow + "/openapi/v2", "inner openapi v2 get"},
        Case{kBelow + "/clusters/c1/openapi/v3/api/v1", "inner openapi v3 get @c1 document=api/v1"},
        Case{"/apis", "apis get"}, Case{"/apis/", "apis get"}, Case{"/api", "api get"},
        Case{"/apis/clusterpedia.io", "group get clusterpedia.io//"},
        Case{"/apis/clusterpedia.io/v1beta1/", "resources get clusterpedia.io/v1beta1/"},
        Case{"/apis/clusterpedia.io/v1beta1/collectionresources",
             "collections list clusterpedia.io/v1beta1/collectionresources"},
        Case{"/apis/clusterpedia.io/v1beta1/collectionresources/any/",
             "collections get clusterpedia.io/v1beta1/collectionresources name=any"},
        Case{"/apis/clusterpedia.io/v1beta1/collectionresources/any/status",
             "collections get clusterpedia.io/v1beta1/collectionresources name=any sub=status"},
        Case{"/apis/clusterpedia.io/v1beta1/watch/collectionresources",
             "collections watch clusterpedia.io/v1beta1/collectionresources"},
        Case{"/apis/clusterpedia.io/v1beta1/namespaces/shop/collectionresources/any",
             "collections get clusterpedia.io/v1beta1/collectionresources ns=shop name=any"},
        Case{"/apis/clusterpedia.io/v1/collectionresources/any",
             "objects get clusterpedia.io/v1/collectionresources name=any"},
        Case{"/collectionresources", "unknown get"}, Case{"/version", "version get"},
        Case{"/metrics", "metrics get"}, Case{"/healthz", "health get healthz:"},
        Case{"/readyz/sync", "health get readyz:sync"},
        Case{"/readyz/a/b", "health get readyz:a/b"}, Case{"/version/x", "unknown get"},
        Case{"/foo", "unknown get"}));

class InnerPathTest : public ::testing::TestWithParam<Case> {};
TEST_P(InnerPathTest, IsRecognised) {
  EXPECT_EQ(Describe("GET", kBelow + GetParam().path), GetParam().expected);
}
INSTANTIATE_TEST_SUITE_P(
    All, InnerPathTest,
    ::testing::Values(
        // No endpoint of its own.
        Case{"", "inner unknown get"}, Case{"/", "inner unknown get"},
        Case{"/clusters", "inner unknown get"}, Case{"/clusters/", "inner unknown get"},
        Case{"/clusters/c1", "inner unknown get @c1"},
        Case{"/clusters/c1/", "inner unknown get @c1"}, Case{"/metrics", "inner unknown get"},
        // Discovery.
        Case{"/api", "inner api get"}, Case{"/api/", "inner api get"},
        Case{"/apis", "inner apis get"}, Case{"/apis/apps", "inner group get apps//"},
        Case{"/api/v1", "inner resources get v1/"},
        Case{"/apis/apps/v1/", "inner resources get apps/v1/"},
        Case{"/version", "inner version get"},
        Case{"/clusters/c1/api/v1", "inner resources get @c1 v1/"},
        Case{"/clusters/c1/version", "inner version get @c1"},
        // Objects.
        Case{"/api/v1/pods", "inner objects list v1/pods"},
        Case{"/api/v1/pods/", "inner objects list v1/pods"},
        Case{"/api/v1/namespaces/shop/pods", "inner objects list v1/pods ns=shop"},
        Case{"/api/v1/namespaces/shop/pods/web", "inner objects get v1/pods ns=shop name=web"},
        Case{"/api/v1/namespaces/shop/pods/web/log",
             "inner objects get v1/pods ns=shop name=web sub=log"},
        Case{"/api/v1/namespaces/shop/pods/web/proxy/a/b",
             "inner objects get v1/pods ns=shop name=web sub=proxy behind=/a/b"},
        // What is behind a proxy stands as it was sent.
        Case{"/clusters/c1/api/v1/namespaces/shop/services/https:web:8443/proxy//a%2Fb/../%2e%5C/",
             "inner objects get @c1 v1/services ns=shop name=https:web:8443 sub=proxy "
             "behind=//a%2Fb/../%2e%5C/"},
        Case{"/api/v1/nodes/n1/proxy/", "inner objects get v1/nodes name=n1 sub=proxy behind=/"},
        Case{"/api/v1/nodes/n1/proxy", "inner objects get v1/nodes name=n1 sub=proxy"},
        Case{"/clusters/c1/proxy", "inner proxy get @c1"},
        Case{"/clusters/c1/proxy/", "inner proxy get @c1 behind=/"},
        Case{"/clusters/c1/proxy/api/v1//pods", "inner proxy get @c1 behind=/api/v1//pods"},
        Case{"/clusters/proxy/proxy/x", "inner proxy get @proxy behind=/x"},
        // A proxy is only where Kubernetes has one.
        Case{"/api/v1/namespaces/shop/configmaps/web/proxy//a", "unknown get"},
        Case{"/api/v1/namespaces/proxy/pods/web", "inner objects get v1/pods ns=proxy name=web"},
        Case{"/api/v1/namespaces/shop/pods/proxy", "inner objects get v1/pods ns=shop name=proxy"},
        Case{"/apis/apps/v1/deployments", "inner objects list apps/v1/deployments"},
        Case{"/clusters/c1/apis/apps/v1/namespaces/shop/deployments/web",
             "inner objects get @c1 apps/v1/deployments ns=shop name=web"},
        Case{"/clusters/c1/api/v1/nodes/n1", "inner objects get @c1 v1/nodes name=n1"},
        // Collection resources, of all clusters or of one.
        Case{"/apis/clusterpedia.io/v1beta1/collectionresources",
             "inner collections list clusterpedia.io/v1beta1/collectionresources"},
        Case{"/clusters/c1/apis/clusterpedia.io/v1beta1/collectionresources/any",
             "inner collections get @c1 clusterpedia.io/v1beta1/collectionresources name=any"},
        Case{"/clusters/c1/collectionresources",
             "inner collections list @c1 clusterpedia.io/v1beta1/collectionresources"},
        Case{"/clusters/c1/collectionresources/a%3Ab",
             "inner collections get @c1 clusterpedia.io/v1beta1/collectionresources name=a:b"},
        Case{"/clusters/c1/collectionresources/any/x/y",
             "inner collections get @c1 clusterpedia.io/v1beta1/collectionresources name=any "
             "sub=x/y"},
        Case{"/collectionresources", "inner unknown get"},
        // Namespaces are themselves objects.
        Case{"/api/v1/namespaces", "inner objects list v1/namespaces"},
        Case{"/api/v1/namespaces/shop", "inner objects get v1/namespaces name=shop"},
        Case{"/api/v1/namespaces/shop/status",
             "inner objects get v1/namespaces name=shop sub=status"},
        // The old form of watches.
        Case{"/api/v1/watch/pods", "inner objects watch v1/pods"},
        Case{"/api/v1/watch/namespaces/shop/pods/web",
             "inner objects watch v1/pods ns=shop name=web"},
        Case{"/api/v1/watch", "inner objects list v1/watch"},
        // Names with escapes, decoded once.
        Case{"/clusters/c1/apis/rbac.authorization.k8s.io/v1/clusterroles/system%3Anode",
             "inner objects get @c1 rbac.authorization.k8s.io/v1/clusterroles name=system:node"},
        Case{"/api/v1/nodes/a%2525b", "inner objects get v1/nodes name=a%25b"},
        Case{"/api/v1/nodes/a+b", "inner objects get v1/nodes name=a+b"}));

// Nothing that a path could be led astray with.
TEST(ParseRequestInfoTest, NeverCleansAPath) {
  for (const char* rest :
       {"//api/v1/pods", "/api//v1/pods", "/api/v1/../pods", "/api/v1/%2e%2e/pods",
        "/api/v1/./pods", "/api/v1/nodes/a%2Fb", "/api/v1/pods//"}) {
    EXPECT_EQ(Describe("GET", kBelow + rest), "unknown get") << rest;
  }
  EXPECT_EQ(Describe("GET", "//"), "unknown get");
}

TEST(ParseRequestInfoTest, TurnsMethodsIntoVerbs) {
  const std::string path = kBelow + "/api/v1/namespaces/shop/pods/web";
  const std::string rest = " v1/pods ns=shop name=web";
  EXPECT_EQ(Describe("POST", path), "inner objects create" + rest);
  EXPECT_EQ(Describe("PUT", path), "inner objects update" + rest);
  EXPECT_EQ(Describe("PATCH", path), "inner objects patch" + rest);
  EXPECT_EQ(Describe("DELETE", path), "inner objects delete" + rest);
  EXPECT_EQ(Describe("FOO", path), "inner objects other" + rest);
  EXPECT_EQ(Describe("get", path), "inner objects other" + rest);
}

TEST(ParseRequestInfoTest, TakesWatchForACollectionOnly) {
  EXPECT_EQ(Describe("GET", kBelow + "/api/v1/pods", true), "inner objects watch v1/pods");
  EXPECT_EQ(Describe("GET", kBelow + "/api/v1/namespaces/shop/pods/web", true),
            "inner objects get v1/pods ns=shop name=web");
}

TEST(ParseRequestInfoTest, RejectsWhatIsNoPath) {
  for (const char* path :
       {"", "apis", "*", "/apis/clusterpedia.io/v1beta1/resources/clusters/c1/proxy/%zz",
        "/apis/clusterpedia.io/v1beta1/resources/clusters/c1/proxy/a%0d%0ab", "/apis/%00",
        "/apis/%zz", "/apis/%", "/a\x01", "/apis/a%0ab", "/a%7f"}) {
    EXPECT_THAT(ParseRequestInfo("GET", path, false), FailsWith(StatusReason::kBadRequest, _))
        << path;
  }
}

TEST(ParseRequestInfoTest, PassesOverVeryLongPaths) {
  EXPECT_EQ(Describe("GET", std::string(100'000, '/')), "unknown get");
  std::string deep = kBelow;
  for (int i = 0; i < 100'000; ++i) deep += "/a";
  EXPECT_EQ(Describe("GET", deep), "unknown get");
  EXPECT_EQ(Describe("GET", kBelow + "/api/v1/nodes/" + std::string(60'000, 'a')).size(),
            std::string("inner objects get v1/nodes name=").size() + 60'000);
}

TEST(TargetTest, IsTakenApart) {
  EXPECT_EQ(PathOfTarget("/a/b?x=/y"), "/a/b");
  EXPECT_EQ(QueryOfTarget("/a/b?x=/y?z"), "x=/y?z");
  EXPECT_EQ(QueryOfTarget("/a/b"), "");
  EXPECT_EQ(PathOfTarget("https://host:1/a?b"), "/a");
  EXPECT_EQ(PathOfTarget("https://host"), "/");
  EXPECT_EQ(PathOfTarget("*"), "*");
}

}  // namespace
}  // namespace pedia::apiserver
