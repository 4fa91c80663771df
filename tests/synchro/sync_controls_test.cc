// What of the objects is synced: namespaces, labels, and how rules change while pedia runs; and
// what the status of each resource says.
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "tests/synchro/sync_fixture.h"

namespace pedia::synchro {
namespace {

using member::Fault;
using member::FaultKind;
using member::RequestKind;
using std::chrono::milliseconds;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::Each;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::Not;

using Names = std::set<std::string>;

// Only config maps come with the member; widgets are made by the tests.
class SyncControlsTest : public SyncTest {
 protected:
  SyncControlsTest() : east_(GivenAMember("east", 20)) {
    east_.CreateWidgets();
    for (const char* name : {"one", "two"})
      EXPECT_THAT(east_.world.Delete(kWidgets, {"default", name}), testing::IsOk());
    options_.store_check_interval = milliseconds(100);
  }

  // `key_value`: its only label.
  void PutWidget(const std::string& name_space, const std::string& name,
                 const std::string& label_value) {
    const nlohmann::json widget = {
        {"apiVersion", "example.com/v1"},
        {"kind", "Widget"},
        {"metadata",
         {{"namespace", name_space}, {"name", name}, {"labels", {{"app", label_value}}}}}};
    EXPECT_THAT(east_.world.Put(kWidgets, widget.dump()), testing::IsOk());
  }
  void DeleteWidget(const std::string& name_space, const std::string& name) {
    EXPECT_THAT(east_.world.Delete(kWidgets, {name_space, name}), testing::IsOk());
  }

  ClusterSpec SpecWith(std::vector<SyncRule> rules) {
    ClusterSpec spec = SpecOf(east_);
    spec.sync_resources = std::move(rules);
    return spec;
  }
  void StartWith(std::vector<SyncRule> rules) { StartPedia({SpecWith(std::move(rules))}); }
  void ChangeTo(std::vector<SyncRule> rules) { pedia_->SetClusters({SpecWith(std::move(rules))}); }

  Names StoredWidgets() {
    Names names;
    for (const auto& [name, version] : StoredVersions("east", kWidgets)) names.insert(name);
    return names;
  }
  void ExpectWidgets(const Names& want) {
    Eventually("the right widgets are stored", [&] { return StoredWidgets() == want; });
  }
  bool ReasonIs(const std::string& reason) const {
    const auto state = Registered("east");
    return !state.resources.empty() &&
           ::testing::Matches(Each(Field(&discovery::ResourceSync::reason, reason)))(
               state.resources);
  }

  Member& east_;
};

SyncRule Widgets() {
  SyncRule rule;
  rule.group = "example.com";
  rule.resources = {"widgets"};
  return rule;
}
SyncRule WidgetsWithLabel(const std::string& value) {
  SyncRule rule = Widgets();
  rule.label_selector = {{"app", LabelOperator::kIn, {value}}};
  return rule;
}
SyncRule WidgetsIn(std::vector<std::string> namespaces) {
  SyncRule rule = Widgets();
  rule.namespaces = std::move(namespaces);
  return rule;
}
SyncRule ConfigMaps() {
  SyncRule rule;
  rule.resources = {"configmaps"};
  return rule;
}

TEST_F(SyncControlsTest, ObjectsEnterAndLeaveASelectionOfTheServer) {
  PutWidget("shop", "a", "web");
  PutWidget("shop", "b", "db");
  StartWith({WidgetsWithLabel("web")});
  ExpectWidgets({"shop/a"});
  UntilEverythingIsListed();
  EXPECT_EQ(pedia_->counters().objects_listed, 1);  // The member has not sent the other.
  PutWidget("shop", "b", "web");
  ExpectWidgets({"shop/a", "shop/b"});
  PutWidget("shop", "a", "db");
  ExpectWidgets({"shop/b"});
  DeleteWidget("shop", "b");
  ExpectWidgets({});
}

TEST_F(SyncControlsTest, ObjectsEnterAndLeaveTheUnionOfTwoRules) {
  PutWidget("shop", "a", "web");
  PutWidget("shop", "b", "db");
  PutWidget("ops", "c", "db");
  StartWith({WidgetsWithLabel("web"), WidgetsIn({"ops"})});
  ExpectWidgets({"shop/a", "ops/c"});
  PutWidget("shop", "b", "web");
  PutWidget("ops", "c", "web");
  ExpectWidgets({"shop/a", "shop/b", "ops/c"});
  PutWidget("shop", "a", "db");
  PutWidget("ops", "c", "db");
  ExpectWidgets({"shop/b", "ops/c"});
}

TEST_F(SyncControlsTest, WhatLeftTheSelectionWhilePediaWasDownIsDeleted) {
  PutWidget("shop", "a", "web");
  PutWidget("shop", "b", "web");
  PutWidget("ops", "c", "db");
  const std::vector<SyncRule> rules = {WidgetsWithLabel("web"), WidgetsIn({"ops"})};
  StartWith(rules);
  ExpectWidgets({"shop/a", "shop/b", "ops/c"});
  StopPedia();
  PutWidget("shop", "a", "db");
  StartWith(rules);
  ExpectWidgets({"shop/b", "ops/c"});
}

TEST_F(SyncControlsTest, NamespacesAreChosen) {
  for (const char* name_space : {"a", "b", "c", "d"}) PutWidget(name_space, "x", "web");
  StartWith({WidgetsIn({"b"})});
  ExpectWidgets({"b/x"});
  UntilEverythingIsListed();
  EXPECT_EQ(pedia_->counters().objects_listed, 1);
  StopPedia();
  StartWith({WidgetsIn({"b", "d"})});
  ExpectWidgets({"b/x", "d/x"});
  StopPedia();
  SyncRule rule = Widgets();
  rule.exclude_namespaces = {"a", "c"};
  StartWith({rule});
  ExpectWidgets({"b/x", "d/x"});
  UntilEverythingIsListed();
  EXPECT_EQ(pedia_->counters().objects_listed, 2);
}

TEST_F(SyncControlsTest, AMemberThatRefusesSelectorsIsFilteredHere) {
  PutWidget("shop", "a", "web");
  PutWidget("shop", "b", "db");
  Fault fault;
  fault.kind = FaultKind::kStatus;
  fault.request = RequestKind::kList;
  fault.path_prefix = "/apis/example.com/v1/widgets";
  fault.code = 400;
  fault.count = 1;
  east_.server->faults().Add(fault);
  StartWith({WidgetsWithLabel("web")});
  UntilEverythingIsListed();
  ExpectWidgets({"shop/a"});
  EXPECT_EQ(pedia_->counters().objects_listed, 2);
  PutWidget("shop", "b", "web");
  PutWidget("shop", "a", "db");
  ExpectWidgets({"shop/b"});
}

TEST_F(SyncControlsTest, ChangedRulesAddAndDeleteWhatTheyMustAndTouchNothingElse) {
  PutWidget("shop", "a", "web");
  PutWidget("shop", "b", "db");
  PutWidget("ops", "c", "db");
  StartWith({ConfigMaps(), WidgetsWithLabel("web")});
  ExpectWidgets({"shop/a"});
  UntilEverythingIsListed();
  const uint64_t lists = east_.server->Requests(RequestKind::kList);
  ChangeTo({ConfigMaps(), WidgetsWithLabel("db")});
  ExpectWidgets({"shop/b", "ops/c"});
  ChangeTo({ConfigMaps(), WidgetsIn({"shop"})});
  ExpectWidgets({"shop/a", "shop/b"});
  ChangeTo({ConfigMaps(), Widgets()});
  ExpectWidgets({"shop/a", "shop/b", "ops/c"});
  UntilEverythingIsListed();
  EXPECT_EQ(east_.server->Requests(RequestKind::kList), lists + 3);
  EXPECT_EQ(CountStored("east", kConfigMaps), east_.world.Count(kConfigMaps));
}

TEST_F(SyncControlsTest, InvalidRulesLeaveEverythingAsItIs) {
  PutWidget("shop", "a", "web");
  StartWith({Widgets()});
  ExpectWidgets({"shop/a"});
  ClusterSpec invalid = SpecWith({});
  invalid.invalid_sync_resources = "spec.syncResources[0].group is bad";
  pedia_->SetClusters({invalid});
  Eventually("the condition says so", [&] { return ConditionOf("east", "Validated") == "False"; });
  PutWidget("shop", "b", "web");
  ExpectWidgets({"shop/a", "shop/b"});
  StopPedia();

  // Another process does not know the rules that were valid.
  DeleteWidget("shop", "b");
  StartPedia({invalid});
  Eventually("the member is well", [&] { return ConditionOf("east", "ClusterHealthy") == "True"; });
  EXPECT_EQ(StoredWidgets(), (Names{"shop/a", "shop/b"}));
  ChangeTo({Widgets()});
  ExpectWidgets({"shop/a"});
  Eventually("the cluster is ready", [&] { return ConditionOf("east", "Ready") == "True"; });
}

TEST_F(SyncControlsTest, WhatIsNotServedIsNamed) {
  SyncRule rule = WidgetsIn({"shop"});
  rule.resources = {"widgets", "gizmos"};
  SyncRule nodes;
  nodes.resources = {"nodes"};
  nodes.namespaces = {"shop"};
  StartWith({rule, nodes});
  Eventually("the condition names it", [&] {
    const auto state = Registered("east");
    const auto* running = state.FindCondition("SynchroRunning");
    return running != nullptr && running->message ==
                                     "not synced: gizmos.example.com (not served by the cluster), "
                                     "nodes (not in a namespace)";
  });
  EXPECT_EQ(ConditionOf("east", "SynchroRunning"), "True");
  EXPECT_EQ(Registered("east").resources.size(), 1u);
}

TEST_F(SyncControlsTest, AStatusSaysThatTheStoreIsAway) {
  StartWith({ConfigMaps(), Widgets()});
  Eventually("all is synced", [&] { return ReasonIs(""); });
  SetStoreOutage(true);
  Eventually("the store stops the sync", [&] { return ReasonIs("StorageExpection"); });
  EXPECT_THAT(Registered("east").resources, Each(Field(&discovery::ResourceSync::status, "Stop")));
  SetStoreOutage(false);
  Eventually("all is synced", [&] { return ReasonIs(""); });
  EXPECT_THAT(Registered("east").resources,
              Each(AllOf(Field(&discovery::ResourceSync::status, "Syncing"),
                         Field(&discovery::ResourceSync::initial_list_done, true))));
}

TEST_F(SyncControlsTest, AResourceIsShownAsLongAsItIsNotCleaned) {
  PutWidget("shop", "a", "web");
  StartWith({ConfigMaps(), Widgets()});
  UntilEverythingIsListed();
  ExpectWidgets({"shop/a"});
  store().SetCannotDelete(true);
  ChangeTo({ConfigMaps()});
  const auto widgets = [](const std::string& reason) {
    return Contains(AllOf(Field(&discovery::ResourceSync::gvr, kWidgets),
                          Field(&discovery::ResourceSync::status, "Stop"),
                          Field(&discovery::ResourceSync::reason, reason)));
  };
  Eventually("cleaning has failed", [&] {
    return ::testing::Matches(widgets("CleanResourceFailed"))(Registered("east").resources);
  });
  EXPECT_NE(Registered("east").synced.Find(kWidgets), nullptr);
  store().SetCannotDelete(false);
  Eventually("widgets are not shown",
             [&] { return Registered("east").synced.Find(kWidgets) == nullptr; });
  EXPECT_THAT(Registered("east").resources, Not(widgets("CleanResourceFailed")));
  ExpectWidgets({});
}

TEST_F(SyncControlsTest, AWatchThatFailsIsAnErrorUntilItWorks) {
  Fault fault;
  fault.kind = FaultKind::kStatus;
  fault.request = RequestKind::kWatch;
  fault.code = 500;
  east_.server->faults().Add(fault);
  StartWith({Widgets()});
  Eventually("the watch has failed", [&] { return ReasonIs("ResourceWatchFailed"); });
  EXPECT_THAT(Registered("east").resources, Each(Field(&discovery::ResourceSync::status, "Error")));
  east_.server->faults().Clear();
  Eventually("it works again", [&] { return ReasonIs(""); });
  EXPECT_THAT(Registered("east").resources,
              Each(Field(&discovery::ResourceSync::status, "Syncing")));
}

TEST_F(SyncControlsTest, AResourceIsPendingUntilItIsListed) {
  Fault fault;
  fault.kind = FaultKind::kStall;
  fault.request = RequestKind::kList;
  east_.server->faults().Add(fault);
  options_.idle_timeout = std::chrono::seconds(30);
  StartWith({Widgets()});
  Eventually("it is pending", [&] { return ReasonIs("SynchroCreating"); });
  EXPECT_THAT(Registered("east").resources,
              Each(AllOf(Field(&discovery::ResourceSync::status, "Pending"),
                         Field(&discovery::ResourceSync::initial_list_done, false))));
  east_.server->StopListening();
  Eventually("it is paused", [&] { return ReasonIs("Pause"); });
}

}  // namespace
}  // namespace pedia::synchro
