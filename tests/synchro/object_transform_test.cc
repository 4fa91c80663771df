#include "synchro/object_transform.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/testing/matchers.h"

namespace pedia::synchro {
namespace {

using pedia::testing::FailsWith;
using pedia::testing::IsOk;
using ::testing::HasSubstr;

struct TransformCase {
  std::string_view name;
  std::string_view object;
  std::string_view want;
};

class TransformObjectTest : public ::testing::TestWithParam<TransformCase> {};

TEST_P(TransformObjectTest, GivesTheStoredBytes) {
  const auto body =
      TransformObject({"c1", {"apps", "v1", "deployments"}, "Deployment"}, GetParam().object);
  ASSERT_THAT(body, IsOk());
  EXPECT_EQ(*body, GetParam().want);
}

#define TYPE R"("kind":"Deployment","apiVersion":"apps/v1",)"
#define CLUSTER R"("shadow.clusterpedia.io/cluster-name":"c1")"

INSTANTIATE_TEST_SUITE_P(
    Objects, TransformObjectTest,
    ::testing::Values(
        // The type.
        TransformCase{"ItemOfATypedListGetsItsType", R"({"metadata":{"name":"a"},"spec":{}})",
                      "{" TYPE R"("metadata":{"name":"a","annotations":{)" CLUSTER
                      R"(}},"spec":{}})"},
        TransformCase{
            "WatchedObjectKeepsItsType",
            R"({"kind":"Deployment","apiVersion":"apps/v1","metadata":{"name":"a"},"spec":{}})",
            "{" TYPE R"("metadata":{"name":"a","annotations":{)" CLUSTER R"(}},"spec":{}})"},
        TransformCase{
            "CustomResourceKeepsItsSortedKeys",
            R"({"apiVersion":"e.com/v1","kind":"W","metadata":{"annotations":{"a":"b"},"name":"a"}})",
            R"({"apiVersion":"e.com/v1","kind":"W","metadata":{"annotations":{"a":"b",)" CLUSTER
            R"(},"name":"a"}})"},
        TransformCase{
            "TypeAfterTheMetadataIsNotRepeated", R"({"metadata":{},"kind":"K","apiVersion":"v9"})",
            R"({"metadata":{"annotations":{)" CLUSTER R"(}},"kind":"K","apiVersion":"v9"})"},
        // What is pruned.
        TransformCase{"ManagedFieldsGo",
                      R"({"metadata":{"managedFields":[{"a":1}],"name":"a","uid":"u"}})",
                      "{" TYPE R"("metadata":{"name":"a","uid":"u","annotations":{)" CLUSTER "}}}"},
        TransformCase{
            "LastAppliedGoesAndOthersStayInOrder",
            R"({"metadata":{"annotations":{"z":"1","kubectl.kubernetes.io/last-applied-configuration":"{}","a":"2"}}})",
            "{" TYPE R"("metadata":{"annotations":{"z":"1","a":"2",)" CLUSTER "}}}"},
        TransformCase{
            "AClusterAnnotationOfTheMemberIsReplaced",
            R"({"metadata":{"annotations":{"shadow.clusterpedia.io/cluster-name":"other","a":"2"}}})",
            "{" TYPE R"("metadata":{"annotations":{"a":"2",)" CLUSTER "}}}"},
        TransformCase{"NullAnnotationsBecomeAMap",
                      R"({"metadata":{"annotations":null,"name":"a"}})",
                      "{" TYPE R"("metadata":{"annotations":{)" CLUSTER R"(},"name":"a"}})"},
        // What is kept.
        TransformCase{"ValuesKeepEveryByte",
                      R"({"metadata":{"labels":{ "a" : "\u00e9\/" }},"x": [ 1.50, 1e3 ,"é"]})",
                      "{" TYPE
                      R"("metadata":{"labels":{ "a" : "\u00e9\/" },"annotations":{)" CLUSTER
                      R"(}},"x":[ 1.50, 1e3 ,"é"]})"},
        TransformCase{"ManagedFieldsElsewhereStay",
                      R"({"metadata":{},"spec":{"managedFields":[1],"annotations":{}}})",
                      "{" TYPE R"("metadata":{"annotations":{)" CLUSTER
                      R"(}},"spec":{"managedFields":[1],"annotations":{}}})"}),
    [](const auto& param) { return std::string(param.param.name); });

#undef TYPE
#undef CLUSTER

TEST(TransformObjectTest, EscapesTheClusterName) {
  const auto body = TransformObject({"c\"1", {"", "v1", "pods"}, "Pod"}, R"({"metadata":{}})");
  ASSERT_THAT(body, IsOk());
  EXPECT_THAT(*body, HasSubstr(R"("shadow.clusterpedia.io/cluster-name":"c\"1")"));
}

TEST(TransformObjectTest, RefusesWhatIsNoObjectWithMetadata) {
  const ObjectContext pods{"c1", {"", "v1", "pods"}, "Pod"};
  EXPECT_THAT(TransformObject(pods, "[]"),
              FailsWith(StatusReason::kBadRequest, HasSubstr("no object")));
  EXPECT_THAT(TransformObject(pods, R"({"spec":{}})"),
              FailsWith(StatusReason::kBadRequest, HasSubstr("no metadata")));
  EXPECT_THAT(TransformObject(pods, R"({"metadata":"x"})"),
              FailsWith(StatusReason::kBadRequest, HasSubstr("no metadata")));
  EXPECT_THAT(TransformObject(pods, R"({"metadata":{"a":)"),
              FailsWith(StatusReason::kBadRequest, HasSubstr("malformed")));
}

}  // namespace
}  // namespace pedia::synchro
