#include "storage/object_row.h"

#include <gtest/gtest.h>

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

TEST(EncodeObjectTest, IgnoresValuesOfTheWrongType) {
  const Result<ObjectRow> row = EncodeObject(
      kPods,
      R"({"metadata":{"name":"a","labels":{"n":1,"o":{},"ok":"v"},"ownerReferences":{},"creationTimestamp":null},
               "spec":null,"status":{"phase":{"x":1},"podIP":null}})");
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
