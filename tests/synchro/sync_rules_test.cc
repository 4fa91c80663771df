#include "synchro/sync_rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/testing/matchers.h"

namespace pedia::synchro {
namespace {

using pedia::testing::FailsWith;
using pedia::testing::IsOk;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(ParseSyncResourcesTest, ReadsEveryField) {
  const auto rules = ParseSyncResources(R"([{"group":"apps","versions":["v1"],"resources":["*"],
      "excludeResources":["replicasets"],"namespaces":["a","b"],"excludeNamespaces":["c"],
      "labelSelector":{"matchLabels":{"app":"web"}},"secretData":"Hash",
      "eventsInvolvedResources":["deployments"],"somethingNewer":1}])");
  ASSERT_THAT(rules, IsOk());
  SyncRule want;
  want.group = "apps";
  want.versions = {"v1"};
  want.resources = {"*"};
  want.exclude_resources = {"replicasets"};
  want.namespaces = {"a", "b"};
  want.exclude_namespaces = {"c"};
  want.label_selector = {{"app", LabelOperator::kIn, {"web"}}};
  want.secret_data = SecretData::kHash;
  want.events_involved_resources = {"deployments"};
  EXPECT_THAT(*rules, ElementsAre(want));
}

TEST(ParseSyncResourcesTest, AbsentFieldsSelectEverything) {
  const auto rules = ParseSyncResources(
      R"([{"resources":["pods"],"labelSelector":null,"secretData":null,"namespaces":[]},
          {"resources":["pods"],"labelSelector":{},"secretData":"Full"}])");
  ASSERT_THAT(rules, IsOk());
  SyncRule want;
  want.resources = {"pods"};
  EXPECT_THAT(*rules, ElementsAre(want, want));
  EXPECT_THAT(*ParseSyncResources(""), IsEmpty());
  EXPECT_THAT(*ParseSyncResources("null"), IsEmpty());
  EXPECT_THAT(*ParseSyncResources("[]"), IsEmpty());
}

TEST(ParseSyncResourcesTest, NamesTheFieldAtFault) {
  const auto expect = [](const std::string& json, const std::string& text) {
    EXPECT_THAT(ParseSyncResources(json), FailsWith(StatusReason::kBadRequest, HasSubstr(text)))
        << json;
  };
  const auto expect_field = [&](const std::string& field, const std::string& text) {
    expect(R"([{"resources":["pods"]},{"resources":["pods"],)" + field + "}]",
           "spec.syncResources[1]." + text);
  };
  expect("{}", "spec.syncResources must be a list");
  expect("[", "spec.syncResources is malformed");
  expect("[1]", "spec.syncResources[0] must be an object");
  expect(R"([{"group":"apps"}])", "spec.syncResources[0].resources must name");
  expect_field(R"("group":1)", "group must be a string");
  expect_field(R"("versions":"v1")", "versions must be a list of strings");
  expect_field(R"("excludeResources":[1])", "excludeResources must be a list of strings");
  expect_field(R"("namespaces":["A"])", "namespaces has 'A', which is no namespace's name");
  expect_field(R"("namespaces":["a,b"])", "namespaces has 'a,b'");
  expect_field(R"("excludeNamespaces":[""])", "excludeNamespaces has ''");
  expect_field(R"("secretData":"Some")", "secretData must be KeysOnly, Hash or Full");
  expect_field(R"("secretData":"")", "secretData must be KeysOnly, Hash or Full");
  expect_field(R"("secretData":1)", "secretData must be a string");
  expect_field(R"("labelSelector":"app=web")", "labelSelector must be an object");
  expect_field(R"("labelSelector":{"matchExpressions":[{"key":"a","operator":"Is"}]})",
               "labelSelector.matchExpressions[0].operator must be");
  expect_field(R"("eventsInvolvedResources":"pods")", "eventsInvolvedResources must be a list");
}

}  // namespace
}  // namespace pedia::synchro
