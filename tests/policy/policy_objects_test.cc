#include "policy/policy_objects.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/testing/matchers.h"

namespace pedia::policy {
namespace {

using ::pedia::testing::FailsWith;
using ::pedia::testing::IsOk;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

constexpr const char* kPolicy = R"({"metadata":{"name":"fleet","uid":"u1","resourceVersion":"7",
  "creationTimestamp":"2026-01-01T00:00:00Z","finalizers":["example.com/f"]},
  "spec":{"source":{"group":"fleet.example","versions":["v1"],"resource":"clusters","selectorTemplate":"s"},
  "references":[{"key":"auth","group":"","resource":"secrets","namespaceTemplate":"ns","nameTemplate":"n"}],
  "nameTemplate":"x","template":"t","creationCondition":"c"},
  "status":{"conditions":[{"type":"Validated","status":"True","reason":"Success","message":"",
  "lastTransitionTime":"1970-01-01T00:01:00Z"}]}})";

TEST(ParseImportPolicyTest, ReadsAllFields) {
  const auto policy = ParseImportPolicy(kPolicy);
  ASSERT_THAT(policy, IsOk());
  EXPECT_EQ(policy->meta.name, "fleet");
  EXPECT_EQ(policy->meta.uid, "u1");
  EXPECT_EQ(policy->meta.resource_version, "7");
  EXPECT_TRUE(policy->meta.HasFinalizer("example.com/f"));
  EXPECT_FALSE(policy->meta.deleting);
  const ImportPolicySpec& spec = policy->spec;
  EXPECT_EQ(spec.source, (GroupVersionResource{"fleet.example", "", "clusters"}));
  EXPECT_THAT(spec.source_versions, ElementsAre("v1"));
  EXPECT_EQ(spec.selector, "s");
  EXPECT_THAT(spec.references,
              ElementsAre(ReferenceTemplate{"auth", {"", "", "secrets"}, {}, "ns", "n"}));
  EXPECT_EQ(spec.name_template, "x");
  EXPECT_EQ(spec.templates, (PolicyTemplates{"t", "c"}));
  EXPECT_THAT(policy->conditions, ElementsAre(Condition{"Validated", "True", "Success", "", 60}));
}

TEST(ParseImportPolicyTest, RefusesWhatIsNoObjectWithAName) {
  for (const char* json : {"", "[]", "{", R"({"metadata":{}})", R"({"metadata":{"name":7}})"})
    EXPECT_THAT(ParseImportPolicy(json), FailsWith(StatusReason::kBadRequest, ::testing::_))
        << json;
  EXPECT_THAT(ParseLifecycle(std::string(100'000, '[')),
              FailsWith(StatusReason::kBadRequest, HasSubstr("JSON")));
}

TEST(ParseImportPolicyTest, TakesFieldsOfTheWrongTypeForMissing) {
  const auto policy = ParseImportPolicy(
      R"({"metadata":{"name":"a","finalizers":7,"ownerReferences":[7]},"spec":{"source":[],"references":{"a":1},"nameTemplate":1}})");
  ASSERT_THAT(policy, IsOk());
  EXPECT_EQ(policy->spec, ImportPolicySpec());
}

TEST(LifecycleBodyTest, WhatIsCreatedIsWhatIsReadAgain) {
  const auto policy = ParseImportPolicy(kPolicy);
  ASSERT_THAT(policy, IsOk());
  const LifecycleSpec spec{{{"fleet.example", "v1", "clusters"}, "n", "a"},
                           {{"auth", {"", "v1", "secrets"}, {}, "{{ .x }}", "\"n\""}},
                           policy->spec.templates};
  const auto lifecycle = ParseLifecycle(LifecycleToCreate(*policy, "fleet-a", spec));
  ASSERT_THAT(lifecycle, IsOk());
  EXPECT_EQ(lifecycle->meta.name, "fleet-a");
  EXPECT_EQ(lifecycle->spec, spec);
  EXPECT_TRUE(lifecycle->meta.HasFinalizer(kLifecycleFinalizer));
  const OwnerReference* const owner = lifecycle->meta.Controller();
  ASSERT_NE(owner, nullptr);
  EXPECT_EQ(*owner, (OwnerReference{"policy.clusterpedia.io/v1alpha1", "ClusterImportPolicy",
                                    "fleet", "u1", true}));
}

TEST(LifecycleBodyTest, APatchKeepsOtherOwnersAndTheVersion) {
  const auto policy = ParseImportPolicy(kPolicy);
  ASSERT_THAT(policy, IsOk());
  Lifecycle lifecycle;
  lifecycle.meta.resource_version = "9";
  lifecycle.meta.owners = {{"v1", "ConfigMap", "c", "u2", false}};
  const std::string patch = LifecyclePatch(*policy, lifecycle, {});
  EXPECT_THAT(patch, HasSubstr(R"("resourceVersion":"9")"));
  EXPECT_THAT(patch, HasSubstr(R"("uid":"u2")"));
  EXPECT_THAT(patch, HasSubstr(R"("uid":"u1","blockOwnerDeletion":true,"controller":true)"));
}

TEST(ReducePediaClusterTest, OnlyWhatMattersMakesADifference) {
  const std::string first = ReducePediaCluster(
      R"({"metadata":{"name":"a","uid":"u","resourceVersion":"1"},"spec":{"apiserver":"x","syncResources":[]},"status":{"a":1}})");
  EXPECT_EQ(
      first,
      ReducePediaCluster(
          R"({"metadata":{"name":"a","uid":"u","resourceVersion":"2"},"spec":{"syncResources":[1],"apiserver":"x"}})"));
  EXPECT_NE(first,
            ReducePediaCluster(R"({"metadata":{"name":"a","uid":"u"},"spec":{"apiserver":"y"}})"));
  const auto cluster = ParseExistingCluster(first);
  ASSERT_THAT(cluster, IsOk());
  EXPECT_EQ(cluster->connection.values[0], "x");
  EXPECT_EQ(ReducePediaCluster("nonsense"), "");
}

TEST(ConnectionPatchTest, RemovesWhatIsNotThere) {
  ConnectionFields connection;
  connection.values[0] = "https://a";
  EXPECT_EQ(ConnectionPatch(connection),
            R"({"spec":{"apiserver":"https://a","caData":null,"tokenData":null,"certData":null,)"
            R"("keyData":null,"kubeconfig":null}})");
}

TEST(SetConditionTest, TheTimeChangesOnlyWithTheStatus) {
  std::vector<Condition> conditions;
  SetCondition({"A", "False", "r1", "m", 0}, 10, &conditions);
  SetCondition({"A", "False", "r2", "n", 0}, 20, &conditions);
  EXPECT_THAT(conditions, ElementsAre(Condition{"A", "False", "r2", "n", 10}));
  SetCondition({"A", "True", "r3", "", 0}, 30, &conditions);
  EXPECT_THAT(conditions, ElementsAre(Condition{"A", "True", "r3", "", 30}));
  RemoveCondition("B", &conditions);
  EXPECT_THAT(conditions, SizeIs(1));
  RemoveCondition("A", &conditions);
  EXPECT_THAT(conditions, SizeIs(0));
}

TEST(SetConditionTest, CutsLongMessagesBetweenCharacters) {
  std::string message = "x";
  for (int i = 0; i < 10'000; ++i) message += "\xC3\xA4";
  std::vector<Condition> conditions;
  SetCondition({"A", "False", "r", message, 0}, 10, &conditions);
  const std::string& cut = conditions[0].message;
  EXPECT_LT(cut.size(), 5'000u);
  EXPECT_EQ(cut, message.substr(0, cut.size() - 3) + "...");
  EXPECT_EQ(cut[cut.size() - 4], '\xA4');
}

TEST(IsObjectNameTest, TakesSubdomains) {
  for (const char* name : {"a", "a-b.c", "0", "a.b.c", "x--y"})
    EXPECT_TRUE(IsObjectName(name)) << name;
  for (const char* name : {"", "A", "-a", "a-", "a..b", ".a", "a.", "a.-b", "a-.b", "a/b", "a b",
                           "..", "a\n", "\xC3\xA4"})
    EXPECT_FALSE(IsObjectName(name)) << name;
  EXPECT_TRUE(IsObjectName(std::string(253, 'a')));
  EXPECT_FALSE(IsObjectName(std::string(254, 'a')));
}

}  // namespace
}  // namespace pedia::policy
