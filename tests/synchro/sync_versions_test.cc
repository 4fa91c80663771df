// Members that serve one kind in different versions: it is stored once, at one version.
#include <nlohmann/json.hpp>

#include "tests/synchro/sync_fixture.h"

namespace pedia::synchro {
namespace {

using pedia::testing::IsOk;
using Json = nlohmann::json;

const GroupVersionResource kCronJobs{"batch", "v1", "cronjobs"};
const GroupVersionResource kOldCronJobs{"batch", "v1beta1", "cronjobs"};
const GroupVersionResource kEvents{"", "v1", "events"};
const GroupVersionResource kNewEvents{"events.k8s.io", "v1", "events"};

void Serve(Member& member, const GroupVersionResource& gvr, const std::string& kind) {
  member::ApiGroupVersion api;
  api.group = gvr.group;
  api.version = gvr.version;
  member::ApiResourceEntry resource;
  resource.name = gvr.resource;
  resource.namespaced = true;
  resource.kind = kind;
  resource.verbs = {"get", "list", "watch"};
  api.resources = {resource};
  member.world.AddApi(api);
}

Json CronJob(const GroupVersionResource& gvr, const std::string& name, uint64_t version) {
  return {{"kind", "CronJob"},
          {"apiVersion", gvr.GroupVersion()},
          {"metadata",
           {{"name", name},
            {"namespace", "shop"},
            {"uid", "uid-" + name},
            {"resourceVersion", std::to_string(version)}}},
          {"spec", {{"schedule", "0 3 * * *"}}}};
}

class SyncVersionsTest : public SyncTest {
 protected:
  // An empty object if it is not stored.
  Json Stored(const GroupVersionResource& gvr, const std::string& name) {
    const auto bodies = StoredBodies("old", gvr);
    const auto found = bodies.find("shop/" + name);
    return found == bodies.end() ? Json::object() : Json::parse(found->second);
  }
  bool IsAdvertised(const GroupVersionResource& gvr) const {
    return Registered("old").synced.Find(gvr) != nullptr;
  }
};

TEST_F(SyncVersionsTest, AnOldVersionIsStoredAsTheStoredOneAndAdvertisedAsItIs) {
  Member& old = GivenAMember("old", 1);
  Serve(old, kOldCronJobs, "CronJob");
  ASSERT_THAT(old.world.Put(kOldCronJobs, CronJob(kOldCronJobs, "nightly", 1).dump()), IsOk());
  StartPedia();
  Eventually("the CronJob is stored",
             [&] { return Stored(kCronJobs, "nightly")["apiVersion"] == "batch/v1"; });
  EXPECT_EQ(CountStored("old", kOldCronJobs), 0u);
  Eventually("it is advertised", [&] { return IsAdvertised(kOldCronJobs); });
  EXPECT_FALSE(IsAdvertised(kCronJobs));

  Json changed = CronJob(kOldCronJobs, "nightly", 1);
  changed["spec"]["schedule"] = "0 4 * * *";
  ASSERT_THAT(old.world.Put(kOldCronJobs, changed.dump()), IsOk());
  Eventually("a change arrives",
             [&] { return Stored(kCronJobs, "nightly")["spec"]["schedule"] == "0 4 * * *"; });
  ASSERT_THAT(old.world.Delete(kOldCronJobs, {"shop", "nightly"}), IsOk());
  Eventually("so does its deletion", [&] { return CountStored("old", kCronJobs) == 0; });
}

TEST_F(SyncVersionsTest, AKindServedInTwoGroupsIsStoredOnce) {
  Member& old = GivenAMember("old", 1);
  Serve(old, kNewEvents, "Event");
  StartPedia();
  UntilEverythingIsListed();
  Eventually("both are advertised",
             [&] { return IsAdvertised(kEvents) && IsAdvertised(kNewEvents); });
  EXPECT_EQ(CountStored("old", kNewEvents), 0u);
}

// After the upgrade of a cluster the same objects, in the same resourceVersions, come in a version
// that says more.
TEST_F(SyncVersionsTest, ABetterVersionIsReadAsSoonAsItIsServed) {
  Member& old = GivenAMember("old", 1);
  Serve(old, kOldCronJobs, "CronJob");
  ASSERT_THAT(old.world.Load(kOldCronJobs, CronJob(kOldCronJobs, "nightly", 7).dump()), IsOk());
  StartPedia();
  Eventually("it is stored", [&] { return CountStored("old", kCronJobs) == 1; });

  Json better = CronJob(kCronJobs, "nightly", 7);
  better["spec"]["timeZone"] = "Europe/Paris";
  Serve(old, kCronJobs, "CronJob");
  ASSERT_THAT(old.world.Load(kCronJobs, better.dump()), IsOk());
  bool was_gone = false;
  Eventually("what only the better version says is stored", [&] {
    const Json stored = Stored(kCronJobs, "nightly");
    was_gone = was_gone || stored.empty();
    return stored.value("spec", Json::object()).contains("timeZone");
  });
  EXPECT_FALSE(was_gone);
  Eventually("it is advertised", [&] { return IsAdvertised(kCronJobs); });
}

TEST_F(SyncVersionsTest, ABetterVersionIsReadAfterARestartToo) {
  Member& old = GivenAMember("old", 1);
  Serve(old, kOldCronJobs, "CronJob");
  ASSERT_THAT(old.world.Load(kOldCronJobs, CronJob(kOldCronJobs, "nightly", 7).dump()), IsOk());
  StartPedia();
  Eventually("it is stored", [&] { return CountStored("old", kCronJobs) == 1; });
  UntilEverythingIsListed();
  StopPedia();

  Json better = CronJob(kCronJobs, "nightly", 7);
  better["spec"]["timeZone"] = "Europe/Paris";
  Serve(old, kCronJobs, "CronJob");
  ASSERT_THAT(old.world.Load(kCronJobs, better.dump()), IsOk());
  StartPedia();
  Eventually("what only the better version says is stored",
             [&] { return Stored(kCronJobs, "nightly")["spec"].contains("timeZone"); });
}

}  // namespace
}  // namespace pedia::synchro
