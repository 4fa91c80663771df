#include "synchro/pedia_cluster.h"

#include <gmock/gmock.h>

#include <string>

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

TEST(ParsePediaClusterTest, ReadsRulesAndReferences) {
  const auto parsed = ParsePediaCluster(Manifest(
      R"("syncResources":[{"group":"apps","versions":["v1"],"resources":["deployments","*"]},)"
      R"({"group":"","resources":["pods"]}],"syncAllCustomResources":true,)"
      R"("syncResourcesRefName":"common")"));
  ASSERT_THAT(parsed, IsOk());
  EXPECT_EQ(parsed->name, "c1");
  EXPECT_TRUE(parsed->sync_all_custom_resources);
  EXPECT_EQ(parsed->sync_resources_ref, "common");
  ASSERT_THAT(parsed->sync_resources, IsOk());
  EXPECT_THAT(*parsed->sync_resources, ElementsAre(SyncRule{"apps", {"v1"}, {"deployments", "*"}},
                                                   SyncRule{"", {}, {"pods"}}));
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
  expect(Manifest(R"("syncAllCustomResources":"yes")"),
         "spec.syncAllCustomResources must be true or false");
  expect(Manifest(R"("syncResourcesRefName":7)"), "spec.syncResourcesRefName must be a string");
}

TEST(ParsePediaClusterTest, RulesThatCannotBeUnderstoodAreNoFailedManifest) {
  const auto parsed = ParsePediaCluster(Manifest(R"("syncResources":{})"));
  ASSERT_THAT(parsed, IsOk());
  EXPECT_THAT(parsed->sync_resources,
              FailsWith(StatusReason::kBadRequest, HasSubstr("spec.syncResources")));
}

TEST(ParseClusterSyncResourcesTest, ReadsRules) {
  const auto parsed = ParseClusterSyncResources(
      R"({"apiVersion":"cluster.clusterpedia.io/v1alpha2","kind":"ClusterSyncResources",)"
      R"("metadata":{"name":"common"},"spec":{"syncResources":[{"group":"","resources":["pods"]}]}})");
  ASSERT_THAT(parsed, IsOk());
  EXPECT_EQ(parsed->name, "common");
  ASSERT_THAT(parsed->sync_resources, IsOk());
  EXPECT_THAT(*parsed->sync_resources, ElementsAre(SyncRule{"", {}, {"pods"}}));
  EXPECT_THAT(ParseClusterSyncResources(Manifest("")),
              FailsWith(StatusReason::kBadRequest, HasSubstr("is not ClusterSyncResources")));
}

TEST(KindOfManifestTest, IsWhatItSays) {
  EXPECT_EQ(*KindOfManifest(Manifest("")), "PediaCluster");
  EXPECT_EQ(*KindOfManifest("{}"), "");
  for (const char* json : {"", "[]", "{", R"({"kind":7})"})
    EXPECT_THAT(KindOfManifest(json), FailsWith(StatusReason::kBadRequest, ::testing::_)) << json;
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
