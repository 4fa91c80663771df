#include "storage/object_row.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <random>

#include "storage/body_codec.h"
#include "storage/indexed_fields.h"
#include "tests/testing/matchers.h"

namespace pedia::storage {
namespace {

using ::testing::_;
using ::testing::ElementsAre;
using testing::FailsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::IsOk;

const GroupVersionResource kPods{"", "v1", "pods"};

constexpr std::string_view kPod = R"({
  "kind": "Pod", "apiVersion": "v1",
  "metadata": {"name": "web-0", "namespace": "shop", "uid": "u-1", "resourceVersion": "77",
    "creationTimestamp": "2026-01-02T03:04:05Z", "deletionTimestamp": "2026-01-02T03:04:06Z",
    "labels": {"tier": "front", "app\u002fx": "w\u00e4b", "empty": ""},
    "ownerReferences": [{"uid": "no", "controller": false}, {"controller": true, "uid": "u-0"}, {"uid": "late"}]},
  "spec": {"nodeName": "n1", "serviceAccountName": "sa", "hostNetwork": true, "containers": [{"nodeName": "no"}]},
  "status": {"podIP": "10.0.0.1", "phase": "Running", "podIPs": [{"ip": "10.0.0.1"}]}})";

TEST(EncodeObjectTest, ReadsIdentityOwnerAndTimes) {
  const Result<ObjectRow> row = EncodeObject(kPods, kPod);
  ASSERT_THAT(row, IsOk());
  EXPECT_EQ(row->name, "web-0");
  EXPECT_EQ(row->name_space, "shop");
  EXPECT_EQ(row->uid, "u-1");
  EXPECT_EQ(row->resource_version, "77");
  EXPECT_EQ(row->owner_uid, "u-0");
  EXPECT_EQ(row->created, 1'767'323'045);
  EXPECT_EQ(row->deleted, 1'767'323'046);
}

TEST(EncodeObjectTest, ReadsLabelsAndIndexedFieldsSorted) {
  const Result<ObjectRow> row = EncodeObject(kPods, kPod);
  ASSERT_THAT(row, IsOk());
  EXPECT_THAT(row->entries,
              ElementsAre(Entry{"f:spec.hostNetwork", "true"}, Entry{"f:spec.nodeName", "n1"},
                          Entry{"f:spec.serviceAccountName", "sa"},
                          Entry{"f:status.phase", "Running"}, Entry{"f:status.podIP", "10.0.0.1"},
                          Entry{"l:app/x",
                                "w\xc3\xa4"
                                "b"},
                          Entry{"l:empty", ""}, Entry{"l:tier", "front"}));
}

TEST(EncodeObjectTest, KeepsTheBytesOfTheBody) {
  const Result<ObjectRow> row = EncodeObject(kPods, kPod);
  std::string buffer;
  EXPECT_EQ(*DecodeBody(row->body, &buffer), kPod);
}

TEST(EncodeObjectTest, ReadsFieldsAtEveryDepthOfOtherKinds) {
  const auto entries = [](const GroupVersionResource& gvr, std::string_view json) {
    const Result<ObjectRow> row = EncodeObject(gvr, json);
    return row.ok() ? row->entries : std::vector<Entry>{};
  };
  EXPECT_THAT(entries({"", "v1", "secrets"},
                      R"({"metadata":{"name":"s"},"type":"Opaque","data":{"type":"no"}})"),
              ElementsAre(Entry{"f:type", "Opaque"}));
  EXPECT_THAT(
      entries({"apps", "v1", "deployments"}, R"({"spec":{"replicas":3},"metadata":{"name":"s"}})"),
      ElementsAre(Entry{"f:spec.replicas", "3"}));
  EXPECT_THAT(
      entries({"", "v1", "persistentvolumes"},
              R"({"metadata":{"name":"s"},"spec":{"claimRef":{"namespace":"n","name":"c"}}})"),
      ElementsAre(Entry{"f:spec.claimRef.name", "c"}, Entry{"f:spec.claimRef.namespace", "n"}));
  EXPECT_THAT(entries({"x.io", "v1", "things"},
                      R"({"metadata":{"name":"s"},"status":{"phase":"Up"},"spec":{"x":1}})"),
              ElementsAre(Entry{"f:status.phase", "Up"}));
}

TEST(EncodeObjectTest, AnIndexedObjectOrArrayIsItsJson) {
  const Result<ObjectRow> row = EncodeObject(
      kPods, R"({"status":{"phase":{"x": 1},"podIP":[]},"metadata":{"name":"a"},"spec":[]})");
  ASSERT_THAT(row, IsOk());
  EXPECT_THAT(row->entries,
              ElementsAre(Entry{"f:status.phase", R"({"x": 1})"}, Entry{"f:status.podIP", "[]"}));
}

TEST(EncodeObjectTest, OfARepeatedFieldTheFirstCounts) {
  const Result<ObjectRow> row = EncodeObject(
      kPods,
      R"({"metadata":{"name":"a"},"status":{"phase":"1","phase":"2"},"status":{"podIP":""}})");
  ASSERT_THAT(row, IsOk());
  EXPECT_THAT(row->entries, ElementsAre(Entry{"f:status.phase", "1"}));
}

TEST(EncodeObjectTest, IgnoresValuesOfTheWrongType) {
  const Result<ObjectRow> row = EncodeObject(
      kPods,
      R"({"metadata":{"name":"a","labels":{"n":1,"o":{},"ok":"v"},"ownerReferences":{},"creationTimestamp":null},
               "spec":null,"status":{"phase":null,"podIP":null}})");
  ASSERT_THAT(row, IsOk());
  EXPECT_THAT(row->entries, ElementsAre(Entry{"l:ok", "v"}));
  EXPECT_EQ(row->created, 0);
}

TEST(EncodeObjectTest, ARepeatedKeyCountsWithItsLastValue) {
  const Result<ObjectRow> row =
      EncodeObject(kPods, R"({"metadata":{"name":"a","labels":{"x":"1","y":"2","x":"3"}}})");
  ASSERT_THAT(row, IsOk());
  EXPECT_THAT(row->entries, ElementsAre(Entry{"l:x", "3"}, Entry{"l:y", "2"}));
}

TEST(EncodeObjectTest, RefusesWhatIsNoNamedObject) {
  EXPECT_THAT(EncodeObject(kPods, "[]"),
              FailsWith(StatusReason::kBadRequest, HasSubstr("no JSON object")));
  EXPECT_THAT(EncodeObject(kPods, "{}"),
              FailsWith(StatusReason::kBadRequest, HasSubstr("metadata.name")));
  EXPECT_THAT(EncodeObject(kPods, R"({"metadata":{"name":""}})"),
              FailsWith(StatusReason::kBadRequest, _));
  EXPECT_THAT(EncodeObject(kPods, R"({"metadata":{"name":"a")"),
              FailsWith(StatusReason::kBadRequest, _));
  EXPECT_THAT(EncodeObject(kPods, ""), FailsWith(StatusReason::kBadRequest, _));
}

TEST(IndexedValueTest, KeepsShortValuesAndCutsLongOnesAtACharacter) {
  EXPECT_EQ(IndexedValue(std::string(190, 'x')), std::string(190, 'x'));
  const std::string cut = IndexedValue(std::string(191, 'x'));
  EXPECT_EQ(cut.size(), 190u);
  EXPECT_EQ(cut.substr(0, 174), std::string(173, 'x') + "#");
  EXPECT_NE(cut, IndexedValue(std::string(192, 'x')));
  std::string umlauts;
  for (int i = 0; i < 100; ++i) umlauts += "\xc3\xa4";
  EXPECT_EQ(IndexedValue(umlauts).find('#'), 172u);
}

TEST(IndexedValueTest, OfBytesThatAreNoCharactersIsNoLonger) {
  const std::string cut = IndexedValue(std::string(191, '\x80'));
  EXPECT_EQ(cut.find('#'), 170u);
  EXPECT_TRUE(MayBeCut(cut));
}

TEST(LabelPathTest, CutsOnlyKeysThatKubernetesDoesNotAllow) {
  const std::string longest = std::string(253, 'd') + '/' + std::string(63, 'n');
  EXPECT_EQ(LabelPath(longest), "l:" + longest);
  const std::string key(10'000, 'k');
  EXPECT_EQ(LabelPath(key).size(), 2u + 512u);
  EXPECT_NE(LabelPath(key), LabelPath(key + 'k'));
}

nlohmann::json RandomValue(std::mt19937* random, int depth) {
  const auto pick = [random](unsigned n) { return (*random)() % n; };
  switch (pick(depth > 0 ? 8 : 6)) {
    case 0:
      return nullptr;
    case 1:
      return pick(2) == 0;
    case 2:
      return static_cast<int>(pick(1000)) - 500;
    case 3:
      return static_cast<double>(pick(1000)) / 8;
    case 4:
      return std::string(pick(300), "ab\"\\\n"[pick(5)]);
    case 5:
      return "text" + std::to_string(pick(5));
    case 6: {
      nlohmann::json list = nlohmann::json::array();
      while (pick(3) != 0) list.push_back(RandomValue(random, depth - 1));
      return list;
    }
    default: {
      nlohmann::json object = nlohmann::json::object();
      while (pick(3) != 0) object["k\"" + std::to_string(pick(9))] = RandomValue(random, depth - 1);
      return object;
    }
  }
}

// "spec.nodeName" as the JSON pointer "/spec/nodeName".
nlohmann::json::json_pointer Pointer(std::string_view dotted) {
  std::string pointer = "/" + std::string(dotted);
  std::replace(pointer.begin(), pointer.end(), '.', '/');
  return nlohmann::json::json_pointer(pointer);
}

TEST(EncodeObjectTest, EntriesSayWhatADomFindsAtTheIndexedPathsOfRandomObjects) {
  std::mt19937 random(7);
  size_t found = 0;
  for (int i = 0; i < 2'000; ++i) {
    const char* resources[] = {"pods", "events", "persistentvolumes", "secrets", "others"};
    const GroupVersionResource gvr{"", "v1", resources[random() % 5]};
    nlohmann::json object = {{"noise", RandomValue(&random, 3)}, {"metadata", {{"name", "a"}}}};
    for (const std::string_view field : IndexedFields(gvr)) {
      if (random() % 3 == 0) continue;
      try {
        object[Pointer(field)] = RandomValue(&random, 3);
      } catch (const nlohmann::json::exception&) {  // Its parent is no object.
      }
      if (random() % 20 == 0) object[std::string(field.substr(0, field.find('.')))] = nullptr;
    }
    std::vector<Entry> expected;
    for (const std::string_view field : IndexedFields(gvr)) {
      if (!object.contains(Pointer(field)) || object[Pointer(field)].is_null()) continue;
      const nlohmann::json& value = object[Pointer(field)];
      const std::string text = value.is_string() ? value.get<std::string>() : value.dump();
      expected.push_back({"f:" + std::string(field), IndexedValue(text)});
    }
    found += expected.size();
    const Result<ObjectRow> row = EncodeObject(gvr, object.dump());
    ASSERT_THAT(row, IsOk());
    ASSERT_EQ(row->entries, expected) << object.dump();
  }
  EXPECT_GT(found, 2'000u);
}

TEST(IndexedFieldsTest, NoFieldIsBelowAList) {
  for (const char* resource : {"pods", "nodes", "services", "events", "secrets", "other"}) {
    for (const std::string_view field : IndexedFields({"", "v1", resource}))
      EXPECT_EQ(field.find('['), std::string_view::npos) << field;
  }
}

TEST(IndexedFieldsTest, AreSortedSoThatPathsWithOneParentAreNeighbours) {
  for (const char* resource :
       {"pods", "nodes", "services", "events", "secrets", "persistentvolumes", "other"}) {
    const auto fields = IndexedFields({"", "v1", resource});
    EXPECT_THAT(std::vector<std::string_view>(fields.begin(), fields.end()),
                ::testing::Not(IsEmpty()));
    EXPECT_TRUE(std::is_sorted(fields.begin(), fields.end())) << resource;
  }
}

}  // namespace
}  // namespace pedia::storage
