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
  const auto config = ParsePediaClusterConnection(
      Object(R"("apiserver":"https://10.0.0.1:6443",)" + Field("tokenData", "secret\n") + "," +
             Field("caData", "CA")),
      nullptr);
  ASSERT_THAT(config, IsOk());
  EXPECT_EQ(config->server, "https://10.0.0.1:6443");
  EXPECT_EQ(config->token, "secret");
  EXPECT_EQ(config->ca_pem, "CA");
  EXPECT_FALSE(config->insecure_skip_tls_verify);
}

TEST(ParsePediaClusterConnectionTest, ReadsACertificateAndDoesNotVerifyWithoutACa) {
  const auto config =
      ParsePediaClusterConnection(Object(R"("apiserver":"10.0.0.1:6443","tokenData":null,)" +
                                         Field("certData", "CERT") + "," + Field("keyData", "KEY")),
                                  nullptr);
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
                   "contexts: [{name: x, context: {cluster: c, user: u}}]\n")),
      nullptr);
  ASSERT_THAT(config, IsOk());
  EXPECT_EQ(config->server, "https://here");
  EXPECT_EQ(config->token, "t");
}

TEST(ParsePediaClusterConnectionTest, SaysWhatIsMissingOrWrong) {
  const auto expect = [](const std::string& object, const std::string& text) {
    EXPECT_THAT(ParsePediaClusterConnection(object, nullptr),
                FailsWith(StatusReason::kBadRequest, HasSubstr(text)))
        << object;
  };
  expect("", "not an object");
  expect("[]", "not an object");
  expect(R"({"spec":{"apiserver":)", "not well-formed");
  expect("{}", "Cluster APIServer Endpoint is required");
  expect(R"({"spec":7})", "Cluster APIServer Endpoint is required");
  expect(Object(R"("apiserver":"https://x")"), "Cluster APIServer's Token or Cert is required");
  expect(Object(R"("apiserver":"https://x","authenticationFrom":7)"),
         "spec.authenticationFrom must be an object");
  expect(Object(R"("apiserver":"https://x","authenticationFrom":{"token":"t"})"),
         "spec.authenticationFrom.token must be an object");
  expect(Object(R"("apiserver":"https://x","authenticationFrom":{"token":{"name":1}})"),
         "spec.authenticationFrom.token.name must be a string");
  expect(Object(R"("apiserver":"https://x",)" + Field("certData", "C")), "Token or Cert");
  expect(Object(R"("tokenData":"%%%")"), "spec.tokenData is not base64");
  expect(Object(R"("apiserver":5)"), "spec.apiserver must be a string");
  expect(Object(R"("caData":{"a":1})"), "spec.caData must be a string");
  expect(Object(Field("kubeconfig", "a: [")), "kubeconfig");
}

TEST(ParsePediaClusterConnectionTest, NeverQuotesCredentials) {
  const auto config = ParsePediaClusterConnection(
      Object(Field("kubeconfig", "users: [s3cret: s3cret: s3cret")), nullptr);
  ASSERT_FALSE(config.ok());
  EXPECT_THAT(config.status().message(), ::testing::Not(HasSubstr("s3cret")));
}

std::string Secret(const std::string& key, const std::string& value) {
  return R"({"kind":"Secret","data":{")" + key + R"(":")" + EncodeBase64(value) + "\"}}";
}
std::string From(const std::string& references) {
  return Object(R"("apiserver":"https://x","authenticationFrom":{)" + references + "}");
}

class SecretConnectionTest : public ::testing::Test {
 protected:
  SecretConnectionTest() {
    secrets_.Set("tokens", Secret("t", "secret\n"));
    secrets_.Set("ca", Secret("ca.crt", "CA"));
    secrets_.Set("pair", R"({"data":{"tls.crt":"Q0VSVA==","tls.key":"S0VZ"}})");
  }
  CredentialSecrets secrets_;
};

TEST_F(SecretConnectionTest, TakesATokenAndItsCa) {
  const auto config = ParsePediaClusterConnection(
      From(R"("token":{"name":"tokens","key":"t"},"ca":{"name":"ca","key":"ca.crt"})"), &secrets_);
  ASSERT_THAT(config, IsOk());
  EXPECT_EQ(config->server, "https://x");
  EXPECT_EQ(config->token, "secret");
  EXPECT_EQ(config->ca_pem, "CA");
}

TEST_F(SecretConnectionTest, TakesACertificateWithItsKey) {
  const auto config = ParsePediaClusterConnection(
      From(R"("cert":{"name":"pair","key":"tls.crt"},"key":{"name":"pair","key":"tls.key"})"),
      &secrets_);
  ASSERT_THAT(config, IsOk());
  EXPECT_EQ(config->client_cert_pem, "CERT");
  EXPECT_EQ(config->client_key_pem, "KEY");
}

TEST_F(SecretConnectionTest, TakesAKubeconfigThatNeedsNothingElse) {
  secrets_.Set("k", Secret("config",
                           "clusters: [{name: c, cluster: {server: https://there}}]\n"
                           "users: [{name: u, user: {token: t}}]\n"
                           "contexts: [{name: x, context: {cluster: c, user: u}}]\n"));
  const auto config = ParsePediaClusterConnection(
      Object(R"("authenticationFrom":{"kubeconfig":{"name":"k","key":"config"}})"), &secrets_);
  ASSERT_THAT(config, IsOk());
  EXPECT_EQ(config->server, "https://there");
}

TEST_F(SecretConnectionTest, PrefersWhatStandsInTheObjectItself) {
  const std::string object =
      Object(R"("apiserver":"https://x","authenticationFrom":{"token":{"name":"no","key":"no"}},)" +
             Field("tokenData", "own"));
  EXPECT_FALSE(NamesSecrets(object));
  const auto config = ParsePediaClusterConnection(object, &secrets_);
  ASSERT_THAT(config, IsOk());
  EXPECT_EQ(config->token, "own");
}

TEST_F(SecretConnectionTest, SaysWhatIsMissing) {
  const auto expect = [&](const std::string& references, const std::string& text) {
    EXPECT_TRUE(NamesSecrets(From(references)));
    EXPECT_THAT(ParsePediaClusterConnection(From(references), &secrets_),
                FailsWith(StatusReason::kBadRequest, "Cluster Authentication Error: " + text))
        << references;
  };
  expect(R"("token":{"name":"no","key":"t"})", R"(secret "no" not found)");
  expect(R"("token":{"name":"tokens","key":"no"})", R"(secret "tokens" has no key "no")");
  expect(R"("cert":{"name":"pair","key":"tls.crt"})",
         "Cluster APIServer's Token or Cert is required");
  expect("", "Cluster APIServer's Token or Cert is required");
  secrets_.Remove("tokens");
  expect(R"("token":{"name":"tokens","key":"t"})", R"(secret "tokens" not found)");
}

TEST_F(SecretConnectionTest, NamesTheGateThatIsNotOpen) {
  EXPECT_THAT(
      ParsePediaClusterConnection(From(R"("token":{"name":"tokens","key":"t"})"), nullptr),
      FailsWith(StatusReason::kBadRequest,
                "cluster authentication secret listers is nil, perhaps you need to enable feature "
                "gate ClusterAuthenticationFromSecret"));
}

TEST(CredentialSecretsTest, SurvivesAnySecret) {
  CredentialSecrets secrets;
  for (const char* object : {"", "[]", "{}", R"({"data":7})", R"({"data":{"a":1,"b":"%%"}})"}) {
    secrets.Set("s", object);
    EXPECT_THAT(secrets.Get("s", "b"), FailsWith(StatusReason::kNotFound, HasSubstr("\"b\"")));
  }
  secrets.Set("s", R"({"data":{"a":"eA=="},"stringData":{"a":"y"}})");
  EXPECT_EQ(*secrets.Get("s", "a"), "y");
}

}  // namespace
}  // namespace pedia::discovery
