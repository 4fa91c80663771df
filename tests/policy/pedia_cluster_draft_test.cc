#include "policy/pedia_cluster_draft.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/testing/matchers.h"

namespace pedia::policy {
namespace {

using ::pedia::testing::FailsWith;
using ::pedia::testing::IsOk;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(ParsePediaClusterDraftTest, ReadsTheConnectionAndTheRest) {
  const auto draft = ParsePediaClusterDraft(R"(
apiVersion: cluster.clusterpedia.io/v1alpha2
kind: PediaCluster
metadata: {labels: {team: 7}, annotations: {note: yes}}
spec:
  apiserver: "https://a:6443"
  tokenData: 1234
  caData:
  syncResources: [{group: "", resources: [pods]}]
  syncAllCustomResources: true
)",
                                            "a");
  ASSERT_THAT(draft, IsOk());
  EXPECT_EQ(draft->connection.values[0], "https://a:6443");
  EXPECT_EQ(draft->connection.values[1], "");
  EXPECT_EQ(draft->connection.values[2], "1234") << "base64 that looks like a number";
  EXPECT_EQ(draft->labels, R"({"team":"7"})");
  EXPECT_EQ(draft->annotations, R"({"note":"yes"})");
  EXPECT_EQ(
      draft->rest,
      R"({"syncResources":[{"group":"","resources":["pods"]}],"syncAllCustomResources":true})");
}

TEST(ParsePediaClusterDraftTest, RefusesWhatIsNoPediaClusterOrNotATemplatesToSet) {
  const std::pair<const char*, const char*> cases[] = {
      {"", "one PediaCluster"},
      {"text", "one PediaCluster"},
      {"[]", "one PediaCluster"},
      {"spec: {}\n---\nspec: {}", "one PediaCluster"},
      {"spec: {a: [}", "no YAML: line 1"},
      {"metadata: {}", "spec must be a map"},
      {"spec: []", "spec must be a map"},
      {"kind: Secret\nspec: {}", "kind must be PediaCluster"},
      {"apiVersion: v1\nspec: {}", "apiVersion must be cluster.clusterpedia.io/v1alpha2"},
      {"spec: {}\nstatus: {}", "must not set status"},
      {"spec: {}\nmetadata: {finalizers: []}", "must not set metadata.finalizers"},
      {"spec: {}\nmetadata: {ownerReferences: []}", "must not set metadata.ownerReferences"},
      {"spec: {}\nmetadata: {name: other}", "metadata.name must be"},
      {"spec: {}\nmetadata: {labels: [a]}", "metadata.labels must be a map"},
      {"spec: {}\nmetadata: {labels: {a: []}}", "the value of a must be a string"},
      {"spec: {apiserver: [a]}", "spec.apiserver must be a string"},
  };
  for (const auto& [yaml, message] : cases) {
    EXPECT_THAT(ParsePediaClusterDraft(yaml, "a"),
                FailsWith(StatusReason::kBadRequest, HasSubstr(message)))
        << yaml;
  }
  EXPECT_THAT(ParsePediaClusterDraft("spec: {}\nmetadata: {name: a}", "a"), IsOk());
}

TEST(ParsePediaClusterDraftTest, NeverQuotesCredentials) {
  const auto draft = ParsePediaClusterDraft("spec:\n  tokenData: {c2VjcmV0: c2VjcmV0}", "a");
  EXPECT_THAT(draft, FailsWith(StatusReason::kBadRequest, Not(HasSubstr("c2VjcmV0"))));
}

TEST(PediaClusterToCreateTest, OwnsItByTheLifecycle) {
  const auto draft =
      ParsePediaClusterDraft("spec: {syncResources: [], apiserver: https://a, keyData: ''}", "a");
  ASSERT_THAT(draft, IsOk());
  Lifecycle lifecycle;
  lifecycle.meta.name = "a";
  EXPECT_THAT(PediaClusterToCreate(*draft, lifecycle),
              FailsWith(StatusReason::kBadRequest, HasSubstr("cannot be an owner")));
  lifecycle.meta.uid = "u";
  const auto body = PediaClusterToCreate(*draft, lifecycle);
  ASSERT_THAT(body, IsOk());
  EXPECT_EQ(
      *body,
      R"({"apiVersion":"cluster.clusterpedia.io/v1alpha2","kind":"PediaCluster","metadata":{"name":"a",)"
      R"("labels":{},"annotations":{},"ownerReferences":[{"apiVersion":"policy.clusterpedia.io/v1alpha1",)"
      R"("kind":"PediaClusterLifecycle","name":"a","uid":"u"}]},)"
      R"("spec":{"syncResources":[],"apiserver":"https://a"}})");
}

}  // namespace
}  // namespace pedia::policy
