#include "tests/member/world.h"

#include <gmock/gmock.h>

#include <map>
#include <nlohmann/json.hpp>
#include <random>
#include <string>

#include "tests/testing/matchers.h"

namespace pedia::member {
namespace {

using pedia::testing::FailsWith;
using pedia::testing::IsOk;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

const GroupVersionResource kConfigMaps{"", "v1", "configmaps"};
const GroupVersionResource kDefinitions{"apiextensions.k8s.io", "v1", "customresourcedefinitions"};
const GroupVersionResource kGadgets{"example.com", "v1", "gadgets"};

constexpr std::string_view kGadgetDefinition =
    R"({"metadata":{"name":"gadgets.example.com"},"spec":{"group":"example.com",
  "scope":"Namespaced","names":{"plural":"gadgets","kind":"Gadget","shortNames":["ga"]},
  "versions":[{"name":"v1","served":true,"storage":true},{"name":"v1beta1","served":false,"storage":false}]}})";

class WorldTest : public ::testing::Test {
 protected:
  explicit WorldTest(WorldOptions options = {}) : world_(options) {
    for (const ApiGroupVersion& api : BasicApi()) world_.AddApi(api);
  }
  uint64_t Put(const std::string& name, const std::string& value) {
    const Result<uint64_t> put =
        world_.Put(kConfigMaps, R"({"data":{"v":")" + value +
                                    R"("},"metadata":{"namespace":"a","name":")" + name + R"("}})");
    EXPECT_THAT(put, IsOk());
    return put.ok() ? *put : 0;
  }
  uint64_t Delete(const std::string& name) {
    const Result<uint64_t> deleted = world_.Delete(kConfigMaps, {"a", name});
    EXPECT_THAT(deleted, IsOk());
    return deleted.ok() ? *deleted : 0;
  }
  // "name=value" of each object at a snapshot, in order.
  std::string Read(ListQuery query) {
    const Result<ListPage> page = world_.List(kConfigMaps, query);
    if (!page.ok()) return std::string(StatusReasonName(page.status().reason()));
    last_ = *page;
    std::string text;
    for (const ObjectVersion& object : page->objects) {
      std::string body;
      page->renderer->AppendItem(object, &body);
      const auto json = nlohmann::json::parse(body);
      text += json["metadata"]["name"].get<std::string>() + "=" +
              json["data"]["v"].get<std::string>() + " ";
    }
    return text;
  }
  std::string EventTypes(uint64_t cursor) {
    std::string types;
    for (const WatchEvent& event : world_.ReadEvents(kConfigMaps, cursor, 100).events) {
      types += "AMD"[static_cast<int>(event.type)];
    }
    return types;
  }
  World world_;
  ListPage last_;
};

TEST_F(WorldTest, PagesOfOneListShowTheStateOfItsFirstPage) {
  for (const char* name : {"a", "b", "c", "d"}) Put(name, "1");
  EXPECT_EQ(Read({.limit = 2}), "a=1 b=1 ");
  EXPECT_EQ(last_.remaining, 2u);
  const ListQuery second{
      .limit = 2, .start_key = last_.next_key, .resource_version = last_.resource_version};
  Put("c", "2");
  Delete("d");
  Put("bb", "2");
  EXPECT_EQ(Read(second), "c=1 d=1 ");
  EXPECT_EQ(last_.next_key, "");
  EXPECT_EQ(Read({}), "a=1 b=1 bb=2 c=2 ");
}

TEST_F(WorldTest, GivesEventsAfterTheCursorInOrder) {
  const uint64_t start = world_.resource_version();
  const uint64_t added = Put("a", "1");
  Put("a", "2");
  Delete("a");
  Put("a", "3");
  EXPECT_EQ(EventTypes(start), "AMDA");
  EXPECT_EQ(EventTypes(added), "MDA");
  EXPECT_EQ(EventTypes(world_.resource_version()), "");
}

TEST_F(WorldTest, ADeletionEventCarriesTheLastStateWithTheDeletionsResourceVersion) {
  const uint64_t put = Put("a", "1");
  const uint64_t deleted = Delete("a");
  const EventBatch batch = world_.ReadEvents(kConfigMaps, put, 10);
  ASSERT_EQ(batch.events.size(), 1u);
  std::string body;
  batch.renderer->AppendObject(batch.events[0].object, &body);
  const auto json = nlohmann::json::parse(body);
  EXPECT_EQ(json["data"]["v"], "1");
  EXPECT_EQ(json["metadata"]["resourceVersion"], std::to_string(deleted));
}

TEST_F(WorldTest, AReplacedObjectKeepsItsUidAndTime) {
  Put("a", "1");
  const auto before = nlohmann::json::parse(*world_.Get(kConfigMaps, {"a", "a"}));
  Put("a", "2");
  const auto after = nlohmann::json::parse(*world_.Get(kConfigMaps, {"a", "a"}));
  EXPECT_EQ(before["metadata"]["uid"], after["metadata"]["uid"]);
  EXPECT_EQ(before["metadata"]["creationTimestamp"], after["metadata"]["creationTimestamp"]);
  EXPECT_NE(before["metadata"]["resourceVersion"], after["metadata"]["resourceVersion"]);
}

TEST_F(WorldTest, AfterCompactionOlderSnapshotsAndCursorsAreExpired) {
  const uint64_t old = Put("a", "1");
  Put("a", "2");
  world_.Compact();
  EXPECT_EQ(Read({.resource_version = old}), "Expired");
  EXPECT_EQ(world_.ReadEvents(kConfigMaps, old, 10).state, EventBatch::State::kExpired);
  EXPECT_EQ(world_.ReadEvents(kConfigMaps, world_.resource_version(), 10).state,
            EventBatch::State::kOk);
  EXPECT_EQ(Read({}), "a=2 ");
}

TEST_F(WorldTest, RejectsWhatIsNoObjectOfTheResource) {
  EXPECT_THAT(world_.Put(kConfigMaps, "{"),
              FailsWith(StatusReason::kBadRequest, HasSubstr("not a Kubernetes object")));
  EXPECT_THAT(world_.Put(kConfigMaps, R"({"metadata":{"name":"a"}})"),
              FailsWith(StatusReason::kBadRequest, HasSubstr("scope")));
  EXPECT_THAT(world_.Put(kGadgets, R"({"metadata":{"name":"a","namespace":"b"}})"),
              FailsWith(StatusReason::kNotFound, HasSubstr("")));
  EXPECT_THAT(world_.Delete(kConfigMaps, {"a", "x"}),
              FailsWith(StatusReason::kNotFound, R"(configmaps "x" not found)"));
}

TEST_F(WorldTest, BuiltInKindsAreWrittenInStructOrderAndWithoutKindInLists) {
  Put("a", "1");
  const ListPage page = *world_.List(kConfigMaps, {});
  std::string item;
  page.renderer->AppendItem(page.objects[0], &item);
  EXPECT_THAT(item, StartsWith(R"({"metadata":{"name":"a","namespace":"a","uid":")"));
  EXPECT_THAT(*world_.Get(kConfigMaps, {"a", "a"}),
              StartsWith(R"({"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":)"));
}

TEST_F(WorldTest, ACustomResourceDefinitionServesItsResourceUntilItIsDeleted) {
  ASSERT_THAT(world_.Put(kDefinitions, kGadgetDefinition), IsOk());
  const Result<uint64_t> put =
      world_.Put(kGadgets, R"({"spec":{"z":1,"a":2},"metadata":{"namespace":"n","name":"g"}})");
  ASSERT_THAT(put, IsOk());
  EXPECT_THAT(*world_.Get(kGadgets, {"n", "g"}),
              StartsWith(R"({"apiVersion":"example.com/v1","kind":"Gadget","metadata":{"creat)"));
  EXPECT_THAT(*world_.DiscoveryDocument("/apis", DiscoveryFormat::kAggregatedV2),
              HasSubstr(R"("resource":"gadgets")"));
  EXPECT_EQ(world_.FindResource({"example.com", "v1beta1", "gadgets"}), nullptr);

  ASSERT_THAT(world_.Delete(kDefinitions, {"", "gadgets.example.com"}), IsOk());
  EXPECT_EQ(world_.FindResource(kGadgets), nullptr);
  EXPECT_EQ(world_.DiscoveryDocument("/apis/example.com", DiscoveryFormat::kLegacy), std::nullopt);
  // A running watch still sees the deletion of the objects before it ends.
  const EventBatch batch = world_.ReadEvents(kGadgets, *put, 10);
  ASSERT_EQ(batch.events.size(), 1u);
  EXPECT_EQ(batch.events[0].type, EventType::kDeleted);
  EXPECT_EQ(world_.ReadEvents(kGadgets, batch.up_to, 10).state, EventBatch::State::kResourceGone);
}

TEST_F(WorldTest, DumpShowsEveryObjectByItsPath) {
  Put("a", "1");
  const auto dump = world_.Dump();
  ASSERT_EQ(dump.size(), 1u);
  EXPECT_EQ(dump.begin()->first, "/api/v1/namespaces/a/configmaps/a");
}

class BoundedWorldTest : public WorldTest {
 protected:
  BoundedWorldTest() : WorldTest({.history_events = 20}) {}
};

TEST_F(BoundedWorldTest, EverySnapshotThatIsNotExpiredReadsAsItWas) {
  std::mt19937 random(7);
  std::map<uint64_t, std::string> states;  // By resourceVersion.
  std::map<std::string, std::string> model;
  for (int i = 0; i < 300; ++i) {
    const std::string name(1, static_cast<char>('a' + random() % 8));
    uint64_t version = 0;
    if (model.contains(name) && random() % 3 == 0) {
      version = Delete(name);
      model.erase(name);
    } else {
      model[name] = std::to_string(i);
      version = Put(name, model[name]);
    }
    std::string state;
    for (const auto& [key, value] : model) state += key + "=" + value + " ";
    states[version] = state;
    const uint64_t asked = version - random() % 40;
    if (!states.contains(asked)) continue;
    const std::string expected = version - asked > 20 ? "Expired" : states[asked];
    ASSERT_EQ(Read({.resource_version = asked}), expected)
        << "at " << version << ", asked for " << asked;
  }
}

TEST_F(BoundedWorldTest, ACursorBeyondTheHistoryIsExpired) {
  const uint64_t start = Put("a", "0");
  for (int i = 0; i < 20; ++i) Put("a", "1");
  EXPECT_EQ(world_.ReadEvents(kConfigMaps, start, 100).events.size(), 20u);
  Put("a", "2");
  EXPECT_EQ(world_.ReadEvents(kConfigMaps, start, 100).state, EventBatch::State::kExpired);
}

}  // namespace
}  // namespace pedia::member
