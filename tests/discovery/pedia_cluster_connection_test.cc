#include "discovery/pedia_cluster_connection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "meta/base64.h"
#include "tests/testing/matchers.h"

namespace pedia::discovery {
namespace {

using ::pedia::testing::FailsWith;
using ::pedia::testing::IsOk;
using ::testing::HasSubstr;

std::string Object(const std::string& spec) {
  return R"({"kind":"PediaCluster","metadata":{"name":"c1"},"spec":{)" + spec + "}}";
}
std::string Field(const std::string& name, const std::string& bytes) {
  return "\"" + name + "\":\"" + EncodeBase64(bytes) + "\"";
}

TEST(ParsePediaClusterConnectionTest, ReadsAddressAndToken) {
  const auto config = ParsePediaClusterConnection(Object(R"("apiserver":"https://10.0.0.1:6443",)" +
                                                         Field("tokenData", "secret\n") + "," +
                                                         Field("caData", "CA")));
  ASSERT_THAT(config, IsOk());
  EXPECT_EQ(config->server, "https://10.0.0.1:6443");
  EXPECT_EQ(config->token, "secret");
  EXPECT_EQ(config->ca_pem, "CA");
  EXPECT_FALSE(config->insecure_skip_tls_verify);
}

TEST(ParsePediaClusterConnectionTest, ReadsACertificateAndDoesNotVerifyWithoutACa) {
  const auto config = ParsePediaClusterConnection(
      Object(R"("apiserver":"10.0.0.1:6443","tokenData":null,)" + Field("certData", "CERT") + "," +
             Field("keyData", "KEY")));
  ASSERT_THAT(config, IsOk());
  EXPECT_EQ(config->server, "https://10.0.0.1:6443");
  EXPECT_EQ(config->client_cert_pem, "CERT");
  EXPECT_EQ(config->client_key_pem, "KEY");
  EXPECT_TRUE(config->insecure_skip_tls_verify);
}

TEST(ParsePediaClusterConnectionTest, PrefersTheKubeconfig) {
  const auto config = ParsePediaClusterConnection(
      Object(R"("apiserver":"https://other",)" + Field("tokenData", "x") + "," +
             Field("kubeconfig",
                   "clusters: [{name: c, cluster: {server: https://here}}]\n"
                   "users: [{name: u, user: {token: t}}]\n"
                   "contexts: [{name: x, context: {cluster: c, user: u}}]\n")));
  ASSERT_THAT(config, IsOk());
  EXPECT_EQ(config->server, "https://here");
  EXPECT_EQ(config->token, "t");
}

TEST(ParsePediaClusterConnectionTest, SaysWhatIsMissingOrWrong) {
  const auto expect = [](const std::string& object, const std::string& text) {
    EXPECT_THAT(ParsePediaClusterConnection(object),
                FailsWith(StatusReason::kBadRequest, HasSubstr(text)))
        << object;
  };
  expect("", "not an object");
  expect("[]", "not an object");
  expect(R"({"spec":{"apiserver":)", "not well-formed");
  expect("{}", "Cluster APIServer Endpoint is required");
  expect(R"({"spec":7})", "Cluster APIServer Endpoint is required");
  expect(Object(R"("apiserver":"https://x")"), "Cluster APIServer's Token or Cert is required");
  expect(Object(R"("apiserver":"https://x","authenticationFrom":{})"), "authenticationFrom");
  expect(Object(R"("apiserver":"https://x",)" + Field("certData", "C")), "Token or Cert");
  expect(Object(R"("tokenData":"%%%")"), "spec.tokenData is not base64");
  expect(Object(R"("apiserver":5)"), "spec.apiserver must be a string");
  expect(Object(R"("caData":{"a":1})"), "spec.caData must be a string");
  expect(Object(Field("kubeconfig", "a: [")), "kubeconfig");
}

TEST(ParsePediaClusterConnectionTest, NeverQuotesCredentials) {
  const auto config =
      ParsePediaClusterConnection(Object(Field("kubeconfig", "users: [s3cret: s3cret: s3cret")));
  ASSERT_FALSE(config.ok());
  EXPECT_THAT(config.status().message(), ::testing::Not(HasSubstr("s3cret")));
}

}  // namespace
}  // namespace pedia::discovery
