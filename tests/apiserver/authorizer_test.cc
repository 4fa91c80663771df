#include "apiserver/authorizer.h"

#include <gmock/gmock.h>

#include "tests/testing/matchers.h"

namespace pedia::apiserver {
namespace {

// "get clusterpedia.io/v1beta1 resources/c1 clusters": verb, group/version, resource/subresource,
// namespace/name; "get /healthz" for a path that is no resource.
std::string Describe(const AccessAttributes& attributes) {
  if (!attributes.path.empty()) return attributes.verb + " " + attributes.path;
  std::string text = attributes.verb + " " + attributes.group + "/" + attributes.version + " " +
                     attributes.resource;
  if (!attributes.subresource.empty()) text += "/" + attributes.subresource;
  if (!attributes.name_space.empty()) text += " in " + attributes.name_space;
  if (!attributes.name.empty()) text += " " + attributes.name;
  return text;
}

struct Case {
  std::string method, path, expected;
  bool watch = false;
};
void PrintTo(const Case& c, std::ostream* out) { *out << c.method << " " << c.path; }

class OuterAttributesTest : public ::testing::TestWithParam<Case> {};
TEST_P(OuterAttributesTest, AreThoseOfKubernetes) {
  const Case& c = GetParam();
  EXPECT_EQ(Describe(OuterAttributes(c.method, c.path, c.watch)), c.expected);
}

const std::string kOurs = "/apis/clusterpedia.io/v1beta1";
const std::string kBelow = kOurs + "/resources";
const std::string kResources = "clusterpedia.io/v1beta1 resources";

INSTANTIATE_TEST_SUITE_P(
    Resources, OuterAttributesTest,
    ::testing::Values(
        Case{"GET", kBelow + "/apis", "get " + kResources + " apis"},
        Case{"GET", kBelow + "/api", "get " + kResources + " api"},
        Case{"GET", kBelow + "/version", "get " + kResources + " version"},
        Case{"GET", kBelow + "/api/v1/pods", "get " + kResources + "/v1 api"},
        Case{"GET", kBelow + "/api/v1/namespaces/shop/pods/web-1", "get " + kResources + "/v1 api"},
        Case{"GET", kBelow + "/apis/apps/v1/deployments", "get " + kResources + "/apps apis"},
        Case{"GET", kBelow + "/clusters/c1/api/v1/pods", "get " + kResources + "/c1 clusters"},
        Case{"GET", kBelow + "/clusters/c1/", "get " + kResources + "/c1 clusters"},
        Case{"GET", kBelow + "/clusters/c1", "get " + kResources + "/c1 clusters"},
        Case{"GET", kBelow + "/clusters", "get " + kResources + " clusters"},
        Case{"GET", kBelow + "/clusters/c%31/api/v1/pods", "get " + kResources + "/c1 clusters"},
        Case{"GET", kBelow + "/clusters/c1%2fapi", "get " + kResources + "/c1 clusters"},
        Case{"GET", kBelow + "/api/v1/pods", "get " + kResources + "/v1 api", true},
        Case{"GET", kBelow, "list " + kResources}, Case{"GET", kBelow + "/", "list " + kResources},
        // The verb is that of the method.
        Case{"HEAD", kBelow + "/clusters/c1/api/v1/pods", "get " + kResources + "/c1 clusters"},
        Case{"POST", kBelow + "/clusters/c1/api/v1/pods", "create " + kResources + "/c1 clusters"},
        Case{"PUT", kBelow + "/clusters/c1/x", "update " + kResources + "/c1 clusters"},
        Case{"PATCH", kBelow + "/clusters/c1/x", "patch " + kResources + "/c1 clusters"},
        Case{"DELETE", kBelow + "/clusters/c1/x", "delete " + kResources + "/c1 clusters"},
        Case{"OPTIONS", kBelow + "/clusters/c1/x", " " + kResources + "/c1 clusters"}));

INSTANTIATE_TEST_SUITE_P(
    Others, OuterAttributesTest,
    ::testing::Values(Case{"GET", kOurs + "/collectionresources",
                           "list clusterpedia.io/v1beta1 collectionresources"},
                      Case{"GET", kOurs + "/collectionresources",
                           "watch clusterpedia.io/v1beta1 collectionresources", true},
                      Case{"DELETE", kOurs + "/collectionresources",
                           "deletecollection clusterpedia.io/v1beta1 collectionresources"},
                      Case{"GET", kOurs + "/collectionresources/any",
                           "get clusterpedia.io/v1beta1 collectionresources any"},
                      Case{"GET", kOurs + "/watch/collectionresources",
                           "watch clusterpedia.io/v1beta1 collectionresources"},
                      Case{"GET", kOurs + "/proxy/collectionresources/any/x",
                           "proxy clusterpedia.io/v1beta1 collectionresources any"},
                      Case{"GET", kOurs + "/namespaces/shop/collectionresources/any",
                           "get clusterpedia.io/v1beta1 collectionresources in shop any"},
                      Case{"GET", "/apis/cluster.clusterpedia.io/v1alpha2/pediaclusters/c1/status",
                           "get cluster.clusterpedia.io/v1alpha2 pediaclusters/status c1"},
                      Case{"GET", "/api/v1/namespaces/shop", "get /v1 namespaces in shop shop"},
                      Case{"GET", "/api/v1/namespaces/shop/status",
                           "get /v1 namespaces/status in shop shop"},
                      Case{"GET", "/api/v1/namespaces", "list /v1 namespaces"}));

INSTANTIATE_TEST_SUITE_P(
    Paths, OuterAttributesTest,
    ::testing::Values(Case{"GET", "/healthz", "get /healthz"}, Case{"GET", "/", "get /"},
                      Case{"HEAD", "/readyz/sync", "head /readyz/sync"},
                      Case{"GET", "/metrics", "get /metrics"}, Case{"GET", "/apis", "get /apis"},
                      Case{"GET", "/apis/clusterpedia.io", "get /apis/clusterpedia.io"},
                      Case{"GET", kOurs, "get " + kOurs}, Case{"GET", "/api/v1", "get /api/v1"},
                      Case{"GET", kOurs + "/", "get " + kOurs + "/"},
                      Case{"GET", "/openapi/v3/apis/apps/v1", "get /openapi/v3/apis/apps/v1"},
                      Case{"GET", "/health%7a", "get /healthz"}));

AccessAttributes Attributes(std::string resource, std::string name, std::string subresource = "") {
  AccessAttributes attributes;
  attributes.verb = "get";
  attributes.group = "clusterpedia.io";
  attributes.version = "v1beta1";
  attributes.resource = std::move(resource);
  attributes.name = std::move(name);
  attributes.subresource = std::move(subresource);
  return attributes;
}

const UserInfo kNobody{"nobody", "", {}, {}};

TEST(ForbiddenStatusTest, SpeaksAsKubernetesDoes) {
  const Status status =
      ForbiddenStatus(kNobody, Attributes("resources", "clusters", "cluster-1"), "");
  EXPECT_EQ(
      status.ToJson(),
      R"({"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"resources.clusterpedia.io \"clusters\" is forbidden: User \"nobody\" cannot get resource \"resources/cluster-1\" in API group \"clusterpedia.io\" at the cluster scope","reason":"Forbidden","details":{"name":"clusters","group":"clusterpedia.io","kind":"resources"},"code":403})");
}

TEST(ForbiddenStatusTest, NamesWhatItKnows) {
  AccessAttributes attributes = Attributes("collectionresources", "");
  EXPECT_EQ(
      ForbiddenStatus(kNobody, attributes, "no rule").message(),
      "collectionresources.clusterpedia.io is forbidden: User \"nobody\" cannot get resource "
      "\"collectionresources\" in API group \"clusterpedia.io\" at the cluster scope: no rule");
  attributes = AccessAttributes();
  attributes.verb = "list";
  attributes.resource = "pods";
  attributes.name_space = "shop";
  EXPECT_EQ(ForbiddenStatus(kNobody, attributes, "").message(),
            "pods is forbidden: User \"nobody\" cannot list resource \"pods\" in API group \"\" in "
            "the namespace \"shop\"");
}

TEST(ForbiddenStatusTest, OfAPathNamesThePath) {
  AccessAttributes attributes;
  attributes.verb = "get";
  attributes.path = "/metrics<&";
  EXPECT_EQ(ForbiddenStatus({"a\"b", "", {}, {}}, attributes, "").ToJson(),
            R"({"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":)"
            R"("forbidden: User \"a\\\"b\" cannot get path \"/metrics&lt;&amp;\"",)"
            R"("reason":"Forbidden","details":{},"code":403})");
}

}  // namespace
}  // namespace pedia::apiserver
