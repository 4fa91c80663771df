#include "apiserver/request_class.h"

#include <gtest/gtest.h>

#include <string>

namespace pedia::apiserver {
namespace {

RequestClass ClassOf(const std::string& target, const std::string& method = "GET") {
  HttpRequest request;
  request.method = method;
  request.target = target;
  request.remote_address = "10.0.0.7:4711";
  return ClassifyRequest(request, "");
}

bool IsBulk(const std::string& path) {
  return ClassOf("/apis/clusterpedia.io/v1beta1" + path).bulk;
}

TEST(RequestClassTest, TakesListsWithoutASmallLimitForBulk) {
  EXPECT_TRUE(IsBulk("/resources/api/v1/pods"));
  EXPECT_TRUE(IsBulk("/resources/api/v1/pods?limit=0"));
  EXPECT_TRUE(IsBulk("/resources/api/v1/pods?limit=100000"));
  EXPECT_TRUE(IsBulk("/resources/api/v1/pods?limit=x"));
  EXPECT_TRUE(IsBulk("/resources/clusters/c1/apis/apps/v1/namespaces/shop/deployments"));
  EXPECT_TRUE(IsBulk("/collectionresources/workloads"));
  EXPECT_FALSE(IsBulk("/collectionresources"));
  EXPECT_FALSE(IsBulk("/resources/api/v1/pods?limit=500"));
  EXPECT_FALSE(IsBulk("/resources/clusters/c1/api/v1/namespaces/shop/pods/web"));
  EXPECT_FALSE(IsBulk("/resources/apis"));
  EXPECT_FALSE(ClassOf("/healthz").bulk);
  EXPECT_FALSE(ClassOf("no path").bulk);
}

TEST(RequestClassTest, ExemptsHealthAndDiscovery) {
  const std::string inner = "/apis/clusterpedia.io/v1beta1/resources";
  for (const std::string path :
       {"/healthz", "/livez/ping", "/readyz?verbose", "/metrics", "/version", "/", "/api", "/apis"})
    EXPECT_TRUE(ClassOf(path).exempt) << path;
  for (const std::string path : {"/api", "/apis", "/apis/apps", "/apis/apps/v1", "/api/v1",
                                 "/openapi/v2", "/openapi/v3/api/v1", "/version", "/healthz"}) {
    EXPECT_TRUE(ClassOf(inner + path).exempt) << path;
    EXPECT_TRUE(ClassOf(inner + "/clusters/c1" + path).exempt) << path;
  }
  for (const std::string path :
       {"/api/v1/pods", "/api/v1/namespaces/a/pods/b", "/collectionresources"})
    EXPECT_FALSE(ClassOf(inner + path).exempt) << path;
  EXPECT_FALSE(ClassOf("/apis", "POST").exempt);
  EXPECT_FALSE(ClassOf("/healthz?%zz").exempt);
  EXPECT_FALSE(ClassOf("/unknown").exempt);
}

TEST(RequestClassTest, KnowsWhatIsNotAnsweredSoon) {
  const std::string pod =
      "/apis/clusterpedia.io/v1beta1/resources/clusters/c1/api/v1/namespaces/a/pods/b";
  for (const std::string path :
       {"/log?follow=true", "/exec?command=ls", "/attach", "/portforward", "/proxy", "/proxy/a/b"})
    EXPECT_TRUE(ClassOf(pod + path).long_running) << path;
  EXPECT_TRUE(ClassOf(pod + "/exec", "POST").long_running);
  EXPECT_TRUE(ClassOf("/apis/clusterpedia.io/v1beta1/resources/api/v1/pods?watch=1").long_running);
  EXPECT_FALSE(ClassOf("/apis/clusterpedia.io/v1beta1/resources/api/v1/pods?watch=1").bulk);
  EXPECT_FALSE(ClassOf(pod).long_running);
  EXPECT_FALSE(ClassOf(pod + "/status").long_running);
  EXPECT_FALSE(ClassOf(pod + "/logs").long_running);
}

TEST(RequestClassTest, KnowsAClientByItsUserOrElseByItsAddress) {
  HttpRequest request;
  request.method = "GET";
  request.target = "/api/v1/pods";
  request.remote_address = "10.0.0.7:4711";
  const std::string nobody = ClassifyRequest(request, "").client;
  EXPECT_NE(nobody, "");
  EXPECT_EQ(ClassifyRequest(request, "alice").client, "alice");
  request.remote_address = "10.0.0.7:4712";
  EXPECT_EQ(ClassifyRequest(request, "").client, nobody);
  request.remote_address = "10.0.0.8:4711";
  EXPECT_NE(ClassifyRequest(request, "").client, nobody);
  EXPECT_EQ(ClassifyRequest(request, "alice").client, "alice");
  request.remote_address = "[fe80::1]:4711";
  EXPECT_EQ(ClassifyRequest(request, "").client, "@[fe80::1]");
}

TEST(RequestClassTest, LetsHealthBelongToNobody) {
  EXPECT_EQ(ClassOf("/readyz").client, "");
  EXPECT_NE(ClassOf("/metrics").client, "");
  EXPECT_NE(ClassOf("/apis/clusterpedia.io/v1beta1/resources/readyz").client, "");
  HttpRequest request;
  request.method = "GET";
  request.target = "/readyz";
  request.headers = {{"Authorization", "Bearer x"}};
  EXPECT_NE(ClassifyRequest(request, "").client, "");
}

}  // namespace
}  // namespace pedia::apiserver
