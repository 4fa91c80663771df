// What of Secrets is kept, whatever happens; and the Events of what is synced.
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "meta/base64.h"
#include "query/access_filter.h"
#include "synchro/negotiation.h"
#include "tests/synchro/sync_fixture.h"

namespace pedia::synchro {
namespace {

using Json = nlohmann::json;
using Names = std::set<std::string>;
using ::testing::Each;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::Ne;
using ::testing::Not;
using ::testing::SizeIs;

const GroupVersionResource kEvents{"", "v1", "events"};
const GroupVersionResource kNodes{"", "v1", "nodes"};

SyncRule Rule(const std::string& group, std::vector<std::string> resources) {
  SyncRule rule;
  rule.group = group;
  rule.resources = std::move(resources);
  return rule;
}
SyncRule Secrets(SecretData data) {
  SyncRule rule = Rule("", {"secrets"});
  rule.secret_data = data;
  return rule;
}

class SyncContentsTest : public SyncTest {
 protected:
  SyncContentsTest() : east_(GivenAMember("east", 20)) {}

  ClusterSpec SpecWith(std::vector<SyncRule> rules) {
    ClusterSpec spec = SpecOf(east_);
    spec.sync_resources = std::move(rules);
    return spec;
  }
  void StartWith(std::vector<SyncRule> rules) { StartPedia({SpecWith(std::move(rules))}); }
  void ChangeTo(std::vector<SyncRule> rules) { pedia_->SetClusters({SpecWith(std::move(rules))}); }

  void PutSecret(const std::string& name, const std::string& value) {
    const std::string encoded = EncodeBase64(value);
    const Json secret = {
        {"metadata",
         {{"namespace", "shop"},
          {"name", name},
          {"annotations",
           {{"kubectl.kubernetes.io/last-applied-configuration", R"({"data":")" + encoded}}}}},
        {"data", {{"password", encoded}}},
        {"type", "Opaque"}};
    EXPECT_THAT(east_.world.Put(kSecrets, secret.dump()), testing::IsOk());
  }
  // The value of the key "password"; "none" if the secret is not stored.
  std::string StoredPassword(const std::string& name) {
    const auto bodies = StoredBodies("east", kSecrets);
    const auto found = bodies.find("shop/" + name);
    return found == bodies.end() ? "none" : Json::parse(found->second)["data"]["password"];
  }
  void ExpectPassword(const std::string& name, const std::string& want) {
    Eventually("the password is '" + want + "'", [&] { return StoredPassword(name) == want; });
  }

  void PutEvent(const std::string& name, const std::string& kind, const std::string& uid = "u") {
    const Json event = {{"metadata", {{"namespace", "shop"}, {"name", name}}},
                        {"involvedObject", {{"kind", kind}, {"namespace", "shop"}, {"uid", uid}}},
                        {"message", "something happened"}};
    EXPECT_THAT(east_.world.Put(kEvents, event.dump()), testing::IsOk());
  }
  void ExpectEvents(const Names& want) {
    Eventually("the right events are stored", [&] {
      Names names;
      for (const auto& [name, version] : StoredVersions("east", kEvents)) names.insert(name);
      return names == want;
    });
  }

  Member& east_;
};

constexpr const char* kHunter2 =
    "sha256:f52fbd32b2b3b86ff88ef6c490628285f482af15ddcb29541f94bcf526a3f6c7";

TEST_F(SyncContentsTest, SecretsAreStoredAsTheRulesSay) {
  PutSecret("a", "hunter2");
  StartWith({Secrets(SecretData::kFull)});
  ExpectPassword("a", EncodeBase64("hunter2"));
  ChangeTo({Secrets(SecretData::kHash)});
  ExpectPassword("a", EncodeBase64(kHunter2));
  ChangeTo({Secrets(SecretData::kHash), Secrets(SecretData::kKeysOnly)});
  ExpectPassword("a", "");
  EXPECT_THAT(StoredBodies("east", kSecrets)["shop/a"], Not(HasSubstr("last-applied")));
  ChangeTo({Secrets(SecretData::kFull)});
  ExpectPassword("a", EncodeBase64("hunter2"));
}

TEST_F(SyncContentsTest, AModeThatChangedWhilePediaWasDownHoldsForWhatIsStored) {
  PutSecret("a", "hunter2");
  StartWith({Secrets(SecretData::kKeysOnly)});
  ExpectPassword("a", "");
  UntilEverythingIsListed();
  StopPedia();
  StartWith({Secrets(SecretData::kFull)});
  ExpectPassword("a", EncodeBase64("hunter2"));
  UntilEverythingIsListed();
  StopPedia();
  StartWith({Secrets(SecretData::kHash)});
  ExpectPassword("a", EncodeBase64(kHunter2));
}

TEST_F(SyncContentsTest, WhatIsTooMuchGoesThoughTheMemberIsAway) {
  PutSecret("a", "hunter2");
  StartWith({Secrets(SecretData::kFull)});
  ExpectPassword("a", EncodeBase64("hunter2"));
  UntilEverythingIsListed();
  east_.server->StopListening();
  ChangeTo({Secrets(SecretData::kKeysOnly)});
  ExpectPassword("a", "none");
  ASSERT_THAT(east_.server->StartListening(), testing::IsOk());
  ChangeTo({Secrets(SecretData::kFull)});
  ExpectPassword("a", EncodeBase64("hunter2"));
  UntilEverythingIsListed();
  StopPedia();

  east_.server->StopListening();
  StartWith({Secrets(SecretData::kKeysOnly)});
  ExpectPassword("a", "none");
  StopPedia();
  ASSERT_THAT(east_.server->StartListening(), testing::IsOk());
  StartWith({Secrets(SecretData::kKeysOnly)});
  ExpectPassword("a", "");
}

TEST_F(SyncContentsTest, SparedSecretsAreWrittenOnce) {
  PutSecret("a", "hunter2");
  PutSecret("b", "hunter3");
  StartWith({Secrets(SecretData::kHash)});
  ExpectPassword("a", EncodeBase64(kHunter2));
  UntilEverythingIsListed();
  Eventually("east is ready", [&] { return ConditionOf("east", "Ready") == "True"; });
  StopPedia();
  const int64_t revision = Revision();
  StartWith({Secrets(SecretData::kHash)});
  UntilEverythingIsListed();
  StopPedia();
  EXPECT_EQ(Revision(), revision);
}

TEST_F(SyncContentsTest, EventsOfInvolvedResourcesComeAndGo) {
  PutEvent("of-a-pod", "Pod");
  PutEvent("of-a-node", "Node");
  SyncRule pods = Rule("", {"pods", "services"});
  pods.events_involved_resources = {"POD"};
  StartWith({pods});
  ExpectEvents({"shop/of-a-pod"});
  UntilEverythingIsListed();
  EXPECT_EQ(Registered("east").synced.Find(kEvents), nullptr);
  EXPECT_THAT(Registered("east").resources,
              Each(Field(&discovery::ResourceSync::gvr, Ne(kEvents))));
  PutEvent("of-another-pod", "Pod");
  PutEvent("of-a-service", "Service");
  ExpectEvents({"shop/of-a-pod", "shop/of-another-pod"});
  ASSERT_THAT(east_.world.Delete(kEvents, {"shop", "of-a-pod"}), testing::IsOk());
  ExpectEvents({"shop/of-another-pod"});

  pods.events_involved_resources = {"services", "pods", "nodes"};  // Nodes are not synced.
  ChangeTo({pods});
  ExpectEvents({"shop/of-another-pod", "shop/of-a-service"});
  ChangeTo({pods, Rule("", {"events"})});
  ExpectEvents({"shop/of-another-pod", "shop/of-a-service", "shop/of-a-node"});
  Eventually("events are served",
             [&] { return Registered("east").synced.Find(kEvents) != nullptr; });
  pods.events_involved_resources = {};
  ChangeTo({pods});
  ExpectEvents({});
}

TEST_F(SyncContentsTest, AWildcardEntryKeepsItsEvents) {
  PutEvent("of-a-deployment", "Deployment");
  PutEvent("of-a-replica-set", "ReplicaSet");
  PutEvent("of-a-pod", "Pod");
  SyncRule apps = Rule("apps", {"*"});
  apps.events_involved_resources = {"*"};
  StartWith({apps});
  ExpectEvents({"shop/of-a-deployment", "shop/of-a-replica-set"});
  apps.exclude_resources = {"replicasets"};
  ChangeTo({apps});
  ExpectEvents({"shop/of-a-deployment"});
  StopPedia();
  PutEvent("of-a-deployment", "Pod");
  StartWith({apps});
  ExpectEvents({});
}

TEST_F(SyncContentsTest, AnEventThatComesBeforeItsObjectIsFoundWithIt) {
  SyncRule pods = Rule("", {"pods"});
  pods.events_involved_resources = {"*"};
  StartWith({pods});
  PutEvent("early", "Pod", "11111111-2222-3333-4444-555555555555");
  ExpectEvents({"shop/early"});
  ASSERT_THAT(
      east_.world.Put(
          kPods,
          R"({"metadata":{"namespace":"shop","name":"late","uid":"11111111-2222-3333-4444-555555555555"}})"),
      testing::IsOk());
  const query::AccessFilter everything;
  Eventually("the event comes with the pod", [&] {
    const auto pod = store().Get("east", kPods, "shop", "late", &everything);
    return pod.ok() && pod->events.size() == 1;
  });
}

}  // namespace
}  // namespace pedia::synchro
