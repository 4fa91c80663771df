#include "apiserver/object_forms.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace pedia::apiserver {
namespace {

const TypeMeta kPod{"Pod", "v1"};

std::string Whole(std::string_view body) {
  std::string out;
  AppendObject(body, kPod, &out);
  return out;
}

TEST(AppendObjectTest, PutsTheTypeInFront) {
  EXPECT_EQ(Whole(R"({"metadata":{"name":"a"}})"),
            R"({"kind":"Pod","apiVersion":"v1","metadata":{"name":"a"}})");
  EXPECT_EQ(Whole(R"({"metadata":{"kind":"x"},"kind":"Pod"})"),
            R"({"apiVersion":"v1","metadata":{"kind":"x"},"kind":"Pod"})");
}

TEST(AppendObjectTest, LeavesTypedObjectsAsTheyAre) {
  const std::string body = R"({"apiVersion":"v1","metadata":{},"kind":"Pod","x":1})";
  EXPECT_EQ(Whole(body), body);
}

TEST(AppendMetadataOnlyTest, CopiesTheBytesOfMetadata) {
  std::string out;
  AppendMetadataOnly(R"({"spec":{"metadata":1},"metadata": {"name" : "a"} ,"status":{}})", kPod,
                     &out);
  EXPECT_EQ(out, R"({"kind":"Pod","apiVersion":"v1","metadata":{"name" : "a"}})");
}

TEST(AppendMetadataOnlyTest, GivesEmptyMetadataForAnObjectWithout) {
  std::string out;
  AppendMetadataOnly("{}", kPod, &out);
  EXPECT_EQ(out, R"({"kind":"Pod","apiVersion":"v1","metadata":{}})");
}

TEST(AppendPartialObjectTest, SaysWhatItIs) {
  std::string out;
  AppendPartialObject(R"({"metadata":{"name":"a"},"spec":{}})", "v1beta1", &out);
  EXPECT_EQ(
      out,
      R"({"kind":"PartialObjectMetadata","apiVersion":"meta.k8s.io/v1beta1","metadata":{"name":"a"}})");
}

TEST(ResourceVersionOfTest, ReadsItFromMetadata) {
  EXPECT_EQ(
      ResourceVersionOf(R"({"resourceVersion":"1","metadata":{"name":"a","resourceVersion":"7"}})"),
      "7");
  EXPECT_EQ(ResourceVersionOf(R"({"metadata":{}})"), "");
}

TEST(AppendPartialObjectTest, LeavesOutWhatCarriesOtherVersions) {
  std::string out;
  AppendPartialObject(
      R"({"metadata":{"name":"a","annotations":{"deprecated.daemonset.template.generation":"1","x":"y"},"uid":"u"}})",
      "v1", &out);
  EXPECT_EQ(
      out,
      R"({"kind":"PartialObjectMetadata","apiVersion":"meta.k8s.io/v1","metadata":{"name":"a","annotations":{"x":"y"},"uid":"u"}})");
}

TEST(AppendPartialObjectTest, OfACollectionKeepsThemAndLeavesOutNumbers) {
  std::string out;
  AppendPartialObjectWithoutNumbers(
      R"({"metadata":{"generation":1,"annotations":{"deprecated.daemonset.template.generation":"1"},"deletionGracePeriodSeconds":30}})",
      "v1", &out);
  EXPECT_EQ(
      out,
      R"({"kind":"PartialObjectMetadata","apiVersion":"meta.k8s.io/v1","metadata":{"annotations":{"deprecated.daemonset.template.generation":"1"}}})");
}

std::string WithEvents(std::string_view body, const std::vector<std::string>& events) {
  std::string out;
  AppendWithEvents(body, events, &out);
  return out;
}

// What the annotation holds for the event {"a":"b"}.
constexpr const char* kOneEvent = R"("shadow.clusterpedia.io/events":"[{\"a\":\"b\"}]")";

TEST(AppendWithEventsTest, PutsTheAnnotationInFrontOfTheOthers) {
  EXPECT_EQ(
      WithEvents(R"({"kind":"Pod", "metadata": { "annotations": { "x":"y"},"name":"a"},"spec":1})",
                 {R"({"a":"b"})"}),
      R"({"kind":"Pod", "metadata": { "annotations": {)" + std::string(kOneEvent) +
          R"(, "x":"y"},"name":"a"},"spec":1})");
}

TEST(AppendWithEventsTest, MakesAnnotationsWhereThereAreNone) {
  const std::string event = R"({"a":"b"})";
  EXPECT_EQ(WithEvents(R"({"metadata":{}})", {event}),
            R"({"metadata":{"annotations":{)" + std::string(kOneEvent) + "}}}");
  EXPECT_EQ(WithEvents(R"({"metadata":{"name":"a"}})", {event}),
            R"({"metadata":{"annotations":{)" + std::string(kOneEvent) + R"(},"name":"a"}})");
  EXPECT_EQ(WithEvents(R"({"metadata":{"annotations":{}}})", {event}),
            R"({"metadata":{"annotations":{)" + std::string(kOneEvent) + "}}}");
  EXPECT_EQ(WithEvents(R"({"metadata":{"annotations":null,"name":"a"}})", {event}),
            R"({"metadata":{"annotations":{)" + std::string(kOneEvent) + R"(},"name":"a"}})");
}

TEST(AppendWithEventsTest, ReplacesOneThatTheObjectBrings) {
  EXPECT_EQ(
      WithEvents(R"({"metadata":{"annotations":{"a":"1","shadow.clusterpedia.io/events":"x"}}})",
                 {R"({"a":"b"})"}),
      R"({"metadata":{"annotations":{"a":"1",)" + std::string(kOneEvent) + "}}}");
}

TEST(AppendWithEventsTest, LeavesObjectsWithoutEventsOrMetadataAlone) {
  for (const char* body : {R"({"metadata":{"annotations":{}}})", "[]", "{}"}) {
    EXPECT_EQ(WithEvents(body, {}), body);
  }
  for (const char* body : {R"({"spec":{}})", R"({"metadata":7})", "[]", "7"})
    EXPECT_EQ(WithEvents(body, {"{}"}), body);
}

TEST(AppendWithEventsTest, TakesTheClusterAnnotationFromTheEvents) {
  const std::string events = R"("shadow.clusterpedia.io/events":)";
  const std::string cluster = R"("shadow.clusterpedia.io/cluster-name":"c1")";
  const auto injected = [&](const std::string& event) {
    const std::string text = WithEvents(R"({"metadata":{}})", {event});
    const nlohmann::json object = nlohmann::json::parse(text);
    return object["metadata"]["annotations"]["shadow.clusterpedia.io/events"].get<std::string>();
  };
  EXPECT_EQ(injected(R"({"kind":"Event","metadata":{"name":"e","annotations":{)" + cluster +
                     R"(},"uid":"u"},"note":"a \"b\" \\ ü"})"),
            R"([{"kind":"Event","metadata":{"name":"e","uid":"u"},"note":"a \"b\" \\ ü"}])");
  EXPECT_EQ(injected(R"({"metadata":{"annotations":{"a":"b",)" + cluster + R"(,"c":"d"}}})"),
            R"([{"metadata":{"annotations":{"a":"b","c":"d"}}}])");
  EXPECT_EQ(injected(R"({"message":"shadow.clusterpedia.io/cluster-name","metadata":null})"),
            R"([{"message":"shadow.clusterpedia.io/cluster-name","metadata":{}}])");
}

TEST(AppendWithEventsTest, JoinsEventsInTheirOrder) {
  EXPECT_EQ(
      WithEvents(R"({"metadata":{}})", {"{\"n\":1}", "{\"n\":2}"}),
      R"({"metadata":{"annotations":{"shadow.clusterpedia.io/events":"[{\"n\":1},{\"n\":2}]"}}})");
}

}  // namespace
}  // namespace pedia::apiserver
