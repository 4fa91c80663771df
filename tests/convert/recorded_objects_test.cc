// Conversions against the word of kube-apiserver v1.32, which served the same objects in several
// versions, and against the hand-made worlds of older ones; round trips of all that is recorded.
#include <gmock/gmock.h>

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "convert/family_table.h"
#include "tests/convert/convert_fixture.h"
#include "tests/member/recorded_world.h"

namespace pedia::convert {
namespace {

using Json = nlohmann::json;
using OrderedJson = nlohmann::ordered_json;

// Without null, "", {} and [], and without managedFields and selfLink, which name a version.
Json EssentialOf(const Json& value) {
  Json essential = value;
  if (value.is_object()) {
    essential = Json::object();
    for (const auto& [key, member] : value.items()) {
      const bool names_version = key == "managedFields" || key == "selfLink";
      const Json inner = names_version ? Json() : EssentialOf(member);
      if (!inner.is_null() && inner != "" && inner != Json::object() && inner != Json::array())
        essential[key] = inner;
    }
  } else if (value.is_array()) {
    for (Json& element : essential) element = EssentialOf(element);
  }
  return essential;
}

Json Essential(const std::string& text) { return EssentialOf(Json::parse(text)); }

constexpr const char* kNow = "world/world.json.gz";
constexpr const char* k122 = "world-1.22/world.json";
constexpr const char* k119 = "world-1.19/world.json";

const OrderedJson& World(const std::string& file) {
  static std::map<std::string, OrderedJson> worlds;
  OrderedJson& world = worlds[file];
  if (world.is_null()) {
    world = OrderedJson::parse(*member::ReadWorldFile(PEDIA_SOURCE_ROOT "/tests/testdata/" + file));
  }
  return world;
}

// The recorded objects of `gvr` by uid, with kind and apiVersion; none if it was not served.
std::map<std::string, std::string> Objects(const std::string& file,
                                           const GroupVersionResource& gvr) {
  std::map<std::string, std::string> objects;
  if (!World(file).contains(gvr.Path())) return objects;
  const OrderedJson& list = World(file)[gvr.Path()];
  const std::string kind = list["kind"];
  for (OrderedJson item : list["items"]) {
    item["kind"] = kind.substr(0, kind.size() - 4);
    item["apiVersion"] = gvr.GroupVersion();
    objects[item["metadata"]["uid"]] = item.dump();
  }
  return objects;
}

// Versions in which one cluster serves the same objects.
struct Versions {
  const char* world;
  const char* resource;
  std::vector<const char*> versions;
};

const Versions kServed[] = {
    {kNow, "horizontalpodautoscalers", {"autoscaling/v2", "autoscaling/v1"}},
    {kNow, "events", {"v1", "events.k8s.io/v1"}},
    {k122, "cronjobs", {"batch/v1", "batch/v1beta1"}},
    {k122,
     "horizontalpodautoscalers",
     {"autoscaling/v2beta2", "autoscaling/v2beta1", "autoscaling/v1"}},
    {k122, "poddisruptionbudgets", {"policy/v1", "policy/v1beta1"}},
    {k122, "endpointslices", {"discovery.k8s.io/v1", "discovery.k8s.io/v1beta1"}},
    {k122, "events", {"v1", "events.k8s.io/v1", "events.k8s.io/v1beta1"}},
    {k119,
     "horizontalpodautoscalers",
     {"autoscaling/v2beta2", "autoscaling/v2beta1", "autoscaling/v1"}},
    {k119,
     "ingresses",
     {"networking.k8s.io/v1", "networking.k8s.io/v1beta1", "extensions/v1beta1"}},
    {k119, "events", {"v1", "events.k8s.io/v1", "events.k8s.io/v1beta1"}}};

void ExpectConverted(const char* world, const GroupVersionResource& from,
                     const GroupVersionResource& to) {
  const auto objects = Objects(world, from);
  const auto expected = Objects(world, to);
  ASSERT_FALSE(objects.empty());
  ASSERT_EQ(objects.size(), expected.size());
  for (const auto& [uid, object] : objects) {
    const std::string converted = Convert(from, to, object);
    ASSERT_TRUE(Json::accept(converted)) << converted;
    EXPECT_EQ(Essential(converted), Essential(expected.at(uid))) << world << " " << from.ToString();
  }
}

TEST(RecordedObjectsTest, ConvertToWhatTheirClusterServes) {
  for (const Versions& served : kServed) {
    for (const char* from : served.versions) {
      for (const char* to : served.versions) {
        if (from != to)
          ExpectConverted(served.world, Gvr(from, served.resource), Gvr(to, served.resource));
      }
    }
  }
}

TEST(RoundTripTest, OfEveryRecordedObjectThroughEveryVersionLosesNothing) {
  size_t objects = 0;
  for (const FamilyRow& row : FamilyTable()) {
    for (const std::string_view resource : row.resources) {
      const GroupVersionResource stored = Gvr(row.members[0].group_version, resource);
      for (const auto& [uid, object] : Objects(kNow, stored)) {
        ++objects;
        for (const FamilyMember& member : row.members) {
          const GroupVersionResource other = Gvr(member.group_version, resource);
          if (other == stored) continue;
          const std::string back = Convert(other, stored, Convert(stored, other, object));
          ASSERT_TRUE(Json::accept(back)) << back;
          EXPECT_EQ(Essential(back), Essential(object)) << other.ToString();
        }
      }
    }
  }
  EXPECT_GT(objects, 300u);
}

}  // namespace
}  // namespace pedia::convert
