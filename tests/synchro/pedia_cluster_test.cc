#include "synchro/pedia_cluster.h"

#include <gmock/gmock.h>

#include <string>

#include "meta/base64.h"
#include "tests/testing/matchers.h"

namespace pedia::synchro {
namespace {

using ::pedia::testing::FailsWith;
using ::pedia::testing::IsOk;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string Manifest(const std::string& spec) {
  return R"({"apiVersion":"cluster.clusterpedia.io/v1alpha2","kind":"PediaCluster","metadata":{"name":"c1"},"spec":{)" +
         spec + "}}";
}

TEST(ParsePediaClusterTest, ReadsConnectionAndRules) {
  const auto parsed = ParsePediaCluster(Manifest(
      R"("apiserver":"https://10.0.0.1:6443","tokenData":")" + EncodeBase64("secret\n") +
      R"(","caData":")" + EncodeBase64("CA") +
      R"(","syncResources":[{"group":"apps","versions":["v1"],"resources":["deployments","*"]},{"group":"","resources":["pods"]}],)"
      R"("syncAllCustomResources":true)"));
  ASSERT_THAT(parsed, IsOk());
  EXPECT_EQ(parsed->spec.name, "c1");
  ASSERT_THAT(parsed->spec.config, IsOk());
  EXPECT_EQ(parsed->spec.config->server, "https://10.0.0.1:6443");
  EXPECT_EQ(parsed->spec.config->token, "secret");
  EXPECT_EQ(parsed->spec.config->ca_pem, "CA");
  EXPECT_FALSE(parsed->spec.config->insecure_skip_tls_verify);
  EXPECT_TRUE(parsed->spec.sync_all_custom_resources);
  EXPECT_THAT(
      parsed->spec.sync_resources,
      ElementsAre(SyncRule{"apps", {"v1"}, {"deployments", "*"}}, SyncRule{"", {}, {"pods"}}));
}

TEST(ParsePediaClusterTest, AnUnusableConnectionIsAFailedConfigNotAFailedManifest) {
  const auto without_server =
      ParsePediaCluster(Manifest(R"("tokenData":"eA==","syncResources":[])"));
  ASSERT_THAT(without_server, IsOk());
  EXPECT_THAT(
      without_server->spec.config,
      FailsWith(StatusReason::kBadRequest, HasSubstr("Cluster APIServer Endpoint is required")));
  const auto without_token =
      ParsePediaCluster(Manifest(R"("apiserver":"https://x","syncResources":[])"));
  ASSERT_THAT(without_token, IsOk());
  EXPECT_THAT(without_token->spec.config,
              FailsWith(StatusReason::kBadRequest, HasSubstr("Token or Cert is required")));
}

TEST(ParsePediaClusterTest, NamesTheFieldAtFault) {
  const auto expect = [](const std::string& json, const std::string& text) {
    EXPECT_THAT(ParsePediaCluster(json), FailsWith(StatusReason::kBadRequest, HasSubstr(text)))
        << json;
  };
  expect("[]", "not an object");
  expect(R"({"kind":"Pod"})", "'Pod'");
  expect(R"({"kind":"PediaCluster","apiVersion":"v1"})", "apiVersion 'v1'");
  expect(
      R"({"kind":"PediaCluster","apiVersion":"cluster.clusterpedia.io/v1alpha2","metadata":{"name":"A/b"},"spec":{}})",
      "'A/b'");
  expect(Manifest(R"("syncResources":{})"), "spec.syncResources must be a list");
  expect(Manifest(R"("syncResources":[{"group":"apps"}])"), "spec.syncResources[0].resources");
  expect(Manifest(R"("syncAllCustomResources":"yes")"),
         "spec.syncAllCustomResources must be true or false");
}

TEST(ParsePediaClusterTest, RefusesWhatWouldSyncMoreThanIsAskedFor) {
  const std::string rule =
      R"("apiserver":"https://h","syncResources":[{"group":"","resources":["secrets"],)";
  for (const char* field :
       {R"("secretData":"KeysOnly")", R"("namespaces":["a"])", R"("excludeNamespaces":["a"])",
        R"("labelSelector":{})", R"("excludeResources":["pods"])"}) {
    EXPECT_THAT(ParsePediaCluster(Manifest(rule + field + "}]")),
                FailsWith(StatusReason::kBadRequest, HasSubstr("is not supported yet")))
        << field;
  }
}

TEST(ParsePediaClusterTest, WarnsOfWhatItIgnores) {
  const auto parsed = ParsePediaCluster(Manifest(
      R"("apiserver":"https://x","tokenData":"eA==","syncResources":[],"shardingName":"a",)"
      R"("syncResourcesRefName":"","authenticationFrom":{"token":{"name":"s","key":"t"}})"));
  ASSERT_THAT(parsed, IsOk());
  EXPECT_THAT(parsed->warnings,
              ElementsAre(HasSubstr("spec.shardingName"), HasSubstr("spec.authenticationFrom")));
}

TEST(IsClusterNameTest, IsADnsSubdomain) {
  for (const char* name : {"a", "cluster-1", "a.b-c.d", "0"})
    EXPECT_TRUE(IsClusterName(name)) << name;
  for (const char* name :
       {"", "A", "a/b", "a!b", "-a", "a-", ".a", "a.", "a..b", "a.-b", "a-.b", "a b"})
    EXPECT_FALSE(IsClusterName(name)) << name;
  EXPECT_FALSE(IsClusterName(std::string(254, 'a')));
}

}  // namespace
}  // namespace pedia::synchro
