#include "synchro/cluster_inventory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "meta/base64.h"
#include "tests/testing/matchers.h"

namespace pedia::synchro {
namespace {

using ::pedia::testing::FailsWith;
using ::pedia::testing::IsOk;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Optional;

constexpr InventoryGates kAllGates{true, true, true, true};
constexpr const char* kPods = R"("syncResources":[{"group":"","resources":["pods"]}])";

std::string Object(const std::string& kind, const std::string& name, const std::string& spec,
                   const std::string& more = "") {
  return R"({"apiVersion":"cluster.clusterpedia.io/v1alpha2","kind":")" + kind +
         R"(","metadata":{"name":")" + name + R"("},"spec":{)" + spec + "}" + more + "}";
}
std::string Cluster(const std::string& spec, const std::string& more = "") {
  return Object("PediaCluster", "c1", R"("apiserver":"https://x",)" + spec, more);
}
std::string WithToken(const std::string& spec) { return Cluster(R"("tokenData":"eA==",)" + spec); }
std::string Secret(const std::string& token) {
  return R"({"data":{"t":")" + EncodeBase64(token) + "\"}}";
}

// What follows for the one cluster.
const ClusterSpec& Spec(ClusterInventory& inventory) {
  inventory.Refresh();
  return inventory.specs().at("c1");
}

TEST(ClusterInventoryTest, MakesASpecOfAPediaCluster) {
  ClusterInventory inventory({});
  inventory.SetPediaCluster("c1", WithToken(kPods));
  EXPECT_TRUE(inventory.Refresh());
  const ClusterSpec& spec = inventory.specs().at("c1");
  EXPECT_EQ(spec.name, "c1");
  ASSERT_THAT(spec.config, IsOk());
  EXPECT_EQ(spec.config->token, "x");
  EXPECT_THAT(spec.sync_resources, ElementsAre(SyncRule{"", {}, {"pods"}}));
  EXPECT_EQ(spec.invalid_sync_resources, std::nullopt);
  EXPECT_THAT(spec.skip, IsEmpty());
  EXPECT_EQ(spec.warning, "");
}

TEST(ClusterInventoryTest, CallsNoChangeWhatIsOneOfTheStatus) {
  ClusterInventory inventory(kAllGates);
  inventory.SetPediaCluster("c1", WithToken(kPods));
  EXPECT_TRUE(inventory.Refresh());
  inventory.SetPediaCluster("c1", Cluster(R"("tokenData":"eA==",)" + std::string(kPods),
                                          R"(,"status":{"version":"v1.32.1"})"));
  EXPECT_FALSE(inventory.Refresh());
  inventory.SetPediaCluster("c1", WithToken(R"("syncResources":[])"));
  EXPECT_TRUE(inventory.Refresh());
}

TEST(ClusterInventoryTest, ForgetsAClusterThatIsGoneAndKnowsItWhenItIsBack) {
  ClusterInventory inventory({});
  inventory.SetPediaCluster("c1", WithToken(kPods));
  inventory.Refresh();
  inventory.RemovePediaCluster("c1");
  EXPECT_FALSE(inventory.Has("c1"));
  EXPECT_TRUE(inventory.Refresh());
  EXPECT_THAT(inventory.specs(), IsEmpty());
  inventory.SetPediaCluster("c1", WithToken(kPods));
  EXPECT_TRUE(inventory.Refresh());
  EXPECT_TRUE(inventory.specs().contains("c1"));
}

TEST(ClusterInventoryTest, KeepsAClusterThatCannotBeUnderstood) {
  ClusterInventory inventory({});
  inventory.SetPediaCluster("c1", R"({"kind":"PediaCluster"})");
  EXPECT_THAT(Spec(inventory).config,
              FailsWith(StatusReason::kBadRequest, HasSubstr("apiVersion")));
  inventory.SetPediaCluster("c1", "garbage");
  EXPECT_FALSE(Spec(inventory).config.ok());
  inventory.SetPediaCluster("c1", WithToken(R"("syncResources":{})"));
  EXPECT_THAT(Spec(inventory).config, IsOk());
  EXPECT_THAT(Spec(inventory).invalid_sync_resources, Optional(HasSubstr("spec.syncResources")));
}

TEST(ClusterInventoryTest, LeavesOutNamesThatNoClusterCanHave) {
  ClusterInventory inventory({});
  inventory.SetPediaCluster("a/b", WithToken(kPods));
  EXPECT_FALSE(inventory.Refresh());
}

TEST(ClusterInventoryTest, AddsWhatClusterSyncResourcesNameAndFollowsThem) {
  ClusterInventory inventory({});
  inventory.SetPediaCluster("c1", WithToken(kPods + std::string(R"(,"syncResourcesRefName":"r")")));
  EXPECT_EQ(Spec(inventory).warning, "Warning: sync resource ref is not found");
  EXPECT_THAT(Spec(inventory).sync_resources, ElementsAre(SyncRule{"", {}, {"pods"}}));
  const std::string nodes = R"("syncResources":[{"group":"","resources":["nodes"]}])";
  inventory.SetSyncResources("r", Object("ClusterSyncResources", "r", nodes));
  EXPECT_TRUE(inventory.Refresh());
  EXPECT_EQ(Spec(inventory).warning, "");
  EXPECT_THAT(Spec(inventory).sync_resources,
              ElementsAre(SyncRule{"", {}, {"pods"}}, SyncRule{"", {}, {"nodes"}}));
  inventory.SetSyncResources("r", Object("ClusterSyncResources", "r", nodes));
  EXPECT_FALSE(inventory.Refresh());
  inventory.SetSyncResources("other", Object("ClusterSyncResources", "other", nodes));
  EXPECT_FALSE(inventory.Refresh());
  inventory.RemoveSyncResources("r");
  EXPECT_TRUE(inventory.Refresh());
  EXPECT_EQ(Spec(inventory).warning, "Warning: sync resource ref is not found");
}

// Less rules would delete what is stored by them.
TEST(ClusterInventoryTest, ReferencedRulesThatCannotBeUnderstoodAreInvalidNotMissing) {
  ClusterInventory inventory({});
  inventory.SetSyncResources("r", Object("ClusterSyncResources", "r", R"("syncResources":7)"));
  inventory.SetPediaCluster("c1", WithToken(kPods + std::string(R"(,"syncResourcesRefName":"r")")));
  EXPECT_THAT(Spec(inventory).invalid_sync_resources,
              Optional(HasSubstr("ClusterSyncResources r")));
}

TEST(ClusterInventoryTest, AllResourcesNeedTheirGate) {
  const std::string all = WithToken(R"("syncResources":[{"group":"*","resources":["*"]}])");
  ClusterInventory closed({});
  closed.SetPediaCluster("c1", all);
  EXPECT_THAT(Spec(closed).invalid_sync_resources, Optional(HasSubstr("AllowSyncAllResources")));
  ClusterInventory open(kAllGates);
  open.SetPediaCluster("c1", all);
  EXPECT_EQ(Spec(open).invalid_sync_resources, std::nullopt);
}

TEST(ClusterInventoryTest, AllResourcesNeedTheirGateAlsoInAReference) {
  ClusterInventory inventory({});
  inventory.SetSyncResources("r", Object("ClusterSyncResources", "r",
                                         R"("syncResources":[{"group":"*","resources":["*"]}])"));
  inventory.SetPediaCluster("c1", WithToken(kPods + std::string(R"(,"syncResourcesRefName":"r")")));
  EXPECT_THAT(Spec(inventory).invalid_sync_resources, Optional(HasSubstr("AllowSyncAllResources")));
}

TEST(ClusterInventoryTest, AllCustomResourcesNeedTheirGate) {
  const std::string all = WithToken(kPods + std::string(R"(,"syncAllCustomResources":true)"));
  ClusterInventory closed({});
  closed.SetPediaCluster("c1", all);
  EXPECT_FALSE(Spec(closed).sync_all_custom_resources);
  EXPECT_THAT(Spec(closed).warning, HasSubstr("AllowSyncAllCustomResources"));
  ClusterInventory open(kAllGates);
  open.SetPediaCluster("c1", all);
  EXPECT_TRUE(Spec(open).sync_all_custom_resources);
}

TEST(ClusterInventoryTest, LeasesCanBeIgnored) {
  ClusterInventory inventory({.ignore_leases = true});
  inventory.SetPediaCluster("c1", WithToken(kPods));
  EXPECT_THAT(Spec(inventory).skip, ElementsAre("leases.coordination.k8s.io"));
}

TEST(ClusterInventoryTest, FollowsTheSecretsThatAClusterNames) {
  ClusterInventory inventory({.secrets = true});
  inventory.SetPediaCluster(
      "c1",
      Cluster(R"("authenticationFrom":{"token":{"name":"s","key":"t"}},)" + std::string(kPods)));
  EXPECT_THAT(Spec(inventory).config,
              FailsWith(StatusReason::kBadRequest, HasSubstr("Cluster Authentication Error")));
  inventory.SetSecret("s", Secret("one"));
  EXPECT_EQ(Spec(inventory).config->token, "one");
  inventory.SetSecret("s", Secret("two"));
  EXPECT_TRUE(inventory.Refresh());
  EXPECT_EQ(inventory.specs().at("c1").config->token, "two");
  inventory.RemoveSecret("s");
  EXPECT_FALSE(Spec(inventory).config.ok());
}

TEST(ClusterInventoryTest, SecretsThatNobodyNamesChangeNothing) {
  ClusterInventory inventory(kAllGates);
  inventory.SetPediaCluster("c1", WithToken(kPods));
  inventory.Refresh();
  inventory.SetSecret("s", Secret("one"));
  EXPECT_FALSE(inventory.Refresh());
}

TEST(ClusterInventoryTest, SecretsNeedTheirGate) {
  ClusterInventory inventory({});
  inventory.SetSecret("s", Secret("one"));
  inventory.SetPediaCluster(
      "c1",
      Cluster(R"("authenticationFrom":{"token":{"name":"s","key":"t"}},)" + std::string(kPods)));
  EXPECT_THAT(Spec(inventory).config,
              FailsWith(StatusReason::kBadRequest, HasSubstr("ClusterAuthenticationFromSecret")));
}

}  // namespace
}  // namespace pedia::synchro
