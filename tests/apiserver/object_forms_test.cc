#include "apiserver/object_forms.h"

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace pedia::apiserver
