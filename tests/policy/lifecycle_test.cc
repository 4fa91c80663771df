#include "policy/lifecycle.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

namespace pedia::policy {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Write = LifecycleDecision::Write;

constexpr int64_t kNow = 1'000;
const GroupVersionResource kClusters{"fleet.example", "v1", "clusters"};
const GroupVersionResource kSecrets{"", "v1", "secrets"};

class LifecycleTest : public ::testing::Test {
 protected:
  LifecycleTest() {
    lifecycle_.meta.name = "fleet-a";
    lifecycle_.meta.uid = "u1";
    lifecycle_.spec.source = {kClusters, "", "a"};
    lifecycle_.spec.references = {{"auth", kSecrets, {}, "ns", "{{ .source.spec.secret }}"}};
    lifecycle_.spec.templates = {
        "spec: {apiserver: '{{ .source.spec.url }}', tokenData: '{{ .references.auth.data.token "
        "}}', "
        "syncResources: []}",
        "{{ .source.spec.ready }}"};
    objects_["fleet.example/v1/clusters a"] =
        R"({"metadata":{"name":"a"},"spec":{"url":"https://a","secret":"s","ready":true}})";
    objects_["v1/secrets ns/s"] = R"({"data":{"token":"dG9rZW4="}})";
    view_.find = [this](const ObjectReference& object) -> std::shared_ptr<const std::string> {
      const auto found = objects_.find(object.ToString());
      if (found == objects_.end()) return nullptr;
      return std::make_shared<const std::string>(found->second);
    };
  }

  LifecycleDecision Decided() { return Decide(lifecycle_, view_, kNow); }
  // "Type=Status Reason: message".
  static std::vector<std::string> Told(const std::vector<Condition>& conditions) {
    std::vector<std::string> told;
    for (const Condition& each : conditions)
      told.push_back(each.type + "=" + each.status + " " + each.reason +
                     (each.message.empty() ? "" : ": " + each.message));
    return told;
  }
  std::vector<std::string> Conditions() { return Told(Decided().conditions); }
  void AddCluster(const std::string& owner_uid, const std::string& token) {
    cluster_.meta.name = "fleet-a";
    cluster_.meta.owners = {
        {"policy.clusterpedia.io/v1alpha1", "PediaClusterLifecycle", "fleet-a", owner_uid, false}};
    cluster_.connection.values[0] = "https://a";
    cluster_.connection.values[2] = token;
    view_.cluster = &cluster_;
  }

  std::map<std::string, std::string> objects_;
  Lifecycle lifecycle_;
  LifecycleView view_;
  ExistingCluster cluster_;
};

TEST_F(LifecycleTest, CreatesThePediaClusterWhenTheConditionHolds) {
  const LifecycleDecision decision = Decided();
  EXPECT_EQ(decision.write, Write::kCreate);
  EXPECT_THAT(decision.body, HasSubstr(R"("apiserver":"https://a","tokenData":"dG9rZW4=")"));
  EXPECT_THAT(decision.body, HasSubstr(R"("uid":"u1")"));
  EXPECT_THAT(Told(decision.conditions), ElementsAre("Created=True PediaClusterCreated"));
  EXPECT_THAT(decision.references, ElementsAre(ObjectReference{kSecrets, "ns", "s"}));
}

TEST_F(LifecycleTest, WaitsForTheCreationCondition) {
  objects_["fleet.example/v1/clusters a"] = R"({"spec":{"secret":"s"}})";
  EXPECT_EQ(Decided().write, Write::kNothing);
  EXPECT_THAT(Conditions(), ElementsAre("Created=False WaitCreationCondition"));
  lifecycle_.spec.templates.creation_condition = "{{ index .source 1 2 }}";
  EXPECT_THAT(Conditions(),
              ElementsAre(HasSubstr("Created=False WaitCreationCondition: creationCondition: ")));
}

TEST_F(LifecycleTest, AnOrphanDoesNothing) {
  view_.orphan = "no ClusterImportPolicy controls it";
  EXPECT_EQ(Decided().write, Write::kNothing);
  EXPECT_THAT(Conditions(),
              ElementsAre("Created=False OrphanLifecycle: no ClusterImportPolicy controls it"));
  AddCluster("u1", "other");
  EXPECT_EQ(Decided().write, Write::kNothing);
  EXPECT_THAT(Conditions(),
              ElementsAre("Created=True PediaClusterCreated",
                          "Updating=False OrphanLifecycle: no ClusterImportPolicy controls it"));
}

TEST_F(LifecycleTest, WaitsForWhatIsNotListedYet) {
  view_.not_synced = "v1/secrets has not been listed yet";
  EXPECT_THAT(Conditions(), ElementsAre("Created=False WaitDependentResourceSynced: v1/secrets has "
                                        "not been listed yet"));
}

TEST_F(LifecycleTest, SaysWhatIsMissing) {
  objects_.erase("v1/secrets ns/s");
  EXPECT_THAT(Conditions(), ElementsAre("Created=False ReferenceResourceNotFound: reference "
                                        "\"auth\": there is no v1/secrets ns/s"));
  EXPECT_THAT(Decided().references, ElementsAre(ObjectReference{kSecrets, "ns", "s"}))
      << "the status says what is looked for";
  objects_.clear();
  EXPECT_THAT(Conditions(), ElementsAre("Created=False SourceResourceNotFound: there is no "
                                        "fleet.example/v1/clusters a"));
}

TEST_F(LifecycleTest, SaysWhichReferenceCannotBeResolved) {
  lifecycle_.spec.references[0].name = "{{ .source.spec.nothing }}";
  EXPECT_THAT(Conditions(), ElementsAre("Created=False FailedReferenceResourceParse: reference "
                                        "\"auth\": the name is empty"));
  lifecycle_.spec.references[0].name = "{{ index .source 1 2 }}";
  EXPECT_THAT(Conditions(), ElementsAre(HasSubstr("FailedReferenceResourceParse: reference "
                                                  "\"auth\": nameTemplate: ")));
  lifecycle_.spec.references[0].name_space = "{{ index .source 1 2 }}";
  EXPECT_THAT(Conditions(), ElementsAre(HasSubstr("namespaceTemplate: ")));
}

TEST_F(LifecycleTest, AReferenceMayUseTheOnesBeforeIt) {
  lifecycle_.spec.references.push_back(
      {"second", kSecrets, {}, "ns", "{{ .references.auth.data.token | b64dec }}"});
  objects_["v1/secrets ns/token"] = "{}";
  EXPECT_EQ(Decided().write, Write::kCreate);
  EXPECT_EQ(Decided().references.back().name, "token");
}

TEST_F(LifecycleTest, SaysWhyTheTemplateGivesNoPediaCluster) {
  lifecycle_.spec.templates.pedia_cluster = "spec: {}\nstatus: {}";
  EXPECT_THAT(Conditions(),
              ElementsAre("Created=False FailedResolveAndDecodePediaCluster: template: a template "
                          "must not set status"));
  AddCluster("u1", "x");
  EXPECT_THAT(Conditions(), ElementsAre("Created=True PediaClusterCreated",
                                        HasSubstr("Updating=False FailedResolveAndDecodePedia")));
}

TEST_F(LifecycleTest, CannotOwnWithoutAUid) {
  lifecycle_.meta.uid = "";
  EXPECT_THAT(Conditions(), ElementsAre(HasSubstr("Created=False FailedSetOwner: ")));
}

TEST_F(LifecycleTest, UpdatesCredentialsThatChanged) {
  AddCluster("u1", "old");
  const LifecycleDecision decision = Decided();
  EXPECT_EQ(decision.write, Write::kPatch);
  EXPECT_THAT(decision.body, HasSubstr(R"("tokenData":"dG9rZW4=")"));
  EXPECT_THAT(decision.body, ::testing::Not(HasSubstr("syncResources")));
  EXPECT_THAT(Told(decision.conditions),
              ElementsAre("Created=True PediaClusterCreated", "Updating=True PediaClusterUpdated"));
}

TEST_F(LifecycleTest, WritesNothingThatIsTheSame) {
  AddCluster("u1", "dG9rZW4=");
  lifecycle_.conditions = Decided().conditions;
  lifecycle_.resolved = Decided().references;
  const LifecycleDecision later = Decide(lifecycle_, view_, kNow + 100);
  EXPECT_EQ(later.write, Write::kNothing);
  EXPECT_EQ(later.conditions, lifecycle_.conditions);
  EXPECT_EQ(later.references, lifecycle_.resolved);
}

TEST_F(LifecycleTest, APediaClusterThatWasThereIsUpdatedAndNotOwned) {
  AddCluster("other", "old");
  EXPECT_EQ(Decided().write, Write::kPatch);
  EXPECT_THAT(Conditions(),
              ElementsAre("Created=True PediaClusterExisted", "Updating=True PediaClusterUpdated"));
}

TEST_F(LifecycleTest, LeavesAPediaClusterAloneThatIsBeingDeleted) {
  AddCluster("u1", "old");
  cluster_.meta.deleting = true;
  EXPECT_EQ(Decided().write, Write::kNothing);
}

TEST_F(LifecycleTest, APediaClusterThatIsGoneIsNotBeingUpdated) {
  lifecycle_.conditions = {{"Created", "True", "PediaClusterCreated", "", 1},
                           {"Updating", "True", "PediaClusterUpdated", "", 1}};
  objects_.clear();
  EXPECT_THAT(Conditions(), ElementsAre(HasSubstr("Created=False SourceResourceNotFound")));
}

TEST_F(LifecycleTest, TellsWhichWriteWasRefused) {
  LifecycleDecision decision = Decided();
  EXPECT_THAT(Told(AfterFailedWrite(decision, lifecycle_, BadRequest("no"), kNow)),
              ElementsAre("Created=False CreationFailure: no"));
  AddCluster("u1", "old");
  decision = Decided();
  EXPECT_THAT(Told(AfterFailedWrite(decision, lifecycle_, BadRequest("no"), kNow)),
              ElementsAre("Created=True PediaClusterCreated",
                          "Updating=False FailedPatchPediaCluster: no"));
}

}  // namespace
}  // namespace pedia::policy
