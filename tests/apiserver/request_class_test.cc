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
  return ClassifyRequest(request);
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

TEST(RequestClassTest, KnowsAClientByItsAddressAndItsCertificate) {
  HttpRequest request;
  request.remote_address = "10.0.0.7:4711";
  const std::string nobody = ClassifyRequest(request).client;
  request.remote_address = "10.0.0.7:4712";
  EXPECT_EQ(ClassifyRequest(request).client, nobody);
  request.remote_address = "10.0.0.8:4711";
  EXPECT_NE(ClassifyRequest(request).client, nobody);
  request.remote_address = "10.0.0.7:4711";
  request.peer = PeerIdentity{"alice", {}};
  EXPECT_NE(ClassifyRequest(request).client, nobody);
  request.remote_address = "[fe80::1]:4711";
  EXPECT_EQ(ClassifyRequest(request).client, "alice@[fe80::1]");
}

}  // namespace
}  // namespace pedia::apiserver
