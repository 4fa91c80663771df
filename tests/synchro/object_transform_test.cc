#include "synchro/object_transform.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "meta/base64.h"
#include "tests/testing/matchers.h"

namespace pedia::synchro {
namespace {

using pedia::testing::FailsWith;
using pedia::testing::IsOk;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

ObjectContext ContextOf(GroupVersionResource gvr, std::string kind, std::string cluster = "c1") {
  ObjectContext context;
  context.cluster = std::move(cluster);
  context.gvr = std::move(gvr);
  context.kind = std::move(kind);
  return context;
}

struct TransformCase {
  std::string_view name;
  std::string_view object;
  std::string_view want;
};

class TransformObjectTest : public ::testing::TestWithParam<TransformCase> {};

TEST_P(TransformObjectTest, GivesTheStoredBytes) {
  const auto body =
      TransformObject(ContextOf({"apps", "v1", "deployments"}, "Deployment"), GetParam().object);
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
  const auto body =
      TransformObject(ContextOf({"", "v1", "pods"}, "Pod", "c\"1"), R"({"metadata":{}})");
  ASSERT_THAT(body, IsOk());
  EXPECT_THAT(*body, HasSubstr(R"("shadow.clusterpedia.io/cluster-name":"c\"1")"));
}

TEST(TransformObjectTest, RefusesWhatIsNoObjectWithMetadata) {
  const ObjectContext pods = ContextOf({"", "v1", "pods"}, "Pod");
  EXPECT_THAT(TransformObject(pods, "[]"),
              FailsWith(StatusReason::kBadRequest, HasSubstr("no object")));
  EXPECT_THAT(TransformObject(pods, R"({"spec":{}})"),
              FailsWith(StatusReason::kBadRequest, HasSubstr("no metadata")));
  EXPECT_THAT(TransformObject(pods, R"({"metadata":"x"})"),
              FailsWith(StatusReason::kBadRequest, HasSubstr("no metadata")));
  EXPECT_THAT(TransformObject(pods, R"({"metadata":{"a":)"),
              FailsWith(StatusReason::kBadRequest, HasSubstr("malformed")));
}

ObjectContext SecretsIn(SecretData data) {
  ObjectContext context = ContextOf({"", "v1", "secrets"}, "Secret");
  context.secret_data = data;
  return context;
}

std::string Spared(SecretData data, std::string_view object) {
  const auto body = TransformObject(SecretsIn(data), object);
  EXPECT_THAT(body, IsOk());
  return body.ok() ? *body : "";
}

constexpr std::string_view kCluster =
    R"("annotations":{"shadow.clusterpedia.io/cluster-name":"c1"})";

TEST(TransformSecretTest, KeepsTheKeysOnly) {
  EXPECT_EQ(
      Spared(
          SecretData::kKeysOnly,
          R"({"kind":"Secret","apiVersion":"v1","metadata":{"name":"a"},"data":{"x":"aHVudGVyMg==","":"eA=="},"type":"Opaque","immutable":true})"),
      R"({"kind":"Secret","apiVersion":"v1","metadata":{"name":"a",)" + std::string(kCluster) +
          R"(},"data":{"x":"","":""},"type":"Opaque","immutable":true})");
}

TEST(TransformSecretTest, HashesTheBytesThatAreMeant) {
  // Of "hunter2", whose hash anybody can work out: sha256sum.
  const std::string hash =
      EncodeBase64("sha256:f52fbd32b2b3b86ff88ef6c490628285f482af15ddcb29541f94bcf526a3f6c7");
  const std::string_view object =
      R"({"kind":"Secret","apiVersion":"v1","metadata":{"name":"a"},"data":{"x":"aHVudGVyMg==","y":"aHVudGVy\u004dg=="},"stringData":{"z":"hunter2"}})";
  EXPECT_EQ(Spared(SecretData::kHash, object),
            R"({"kind":"Secret","apiVersion":"v1","metadata":{"name":"a",)" +
                std::string(kCluster) + R"(},"data":{"x":")" + hash + R"(","y":")" + hash +
                R"("},"stringData":{"z":")" + hash + R"("}})");
}

TEST(TransformSecretTest, FullKeepsWhatIsThere) {
  EXPECT_THAT(Spared(SecretData::kFull, R"({"metadata":{},"data":{"x":"aHVudGVyMg=="}})"),
              HasSubstr(R"("data":{"x":"aHVudGVyMg=="})"));
}

// Wherever a value stands in something that calls itself a Secret, nothing of it is left.
TEST(TransformSecretTest, NoByteSequenceOfAValueSurvives) {
  const std::string value = "c3VwZXJzZWNyZXR2YWx1ZQ==";  // Not a part of any key.
  const std::string last_applied = "kubectl.kubernetes.io/last-applied-configuration";
  const std::vector<std::string> objects = {
      R"({"metadata":{},"data":{"k":"@"}})",
      R"({"metadata":{},"data":{"k":"@"},"data":{"k":"@"}})",
      R"({"metadata":{},"d\u0061ta":{"k":"@"}})",
      R"({"data":{"k":"@"},"metadata":{},"stringData":{"k":"@"}})",
      R"({"metadata":{},"data":{"k":["@"]}})",
      R"({"metadata":{},"data":{"k":{"k":"@"}}})",
      R"({"metadata":{},"data":["@"]})",
      R"({"metadata":{},"data":"@"})",
      R"({"metadata":{},"Data":{"k":"@"}})",
      R"({"metadata":{},"spec":{"data":{"k":"@"}}})",
      R"({"metadata":{"annotations":{")" + last_applied + R"(":"{\"data\":{\"k\":\"@\"}}"}}})",
      R"({"metadata":{"annotations":{"kubectl.kubernetes.io\/last-applied-configuration":"@"}}})",
      R"({"metadata":{"\u0061nnotations":{")" + last_applied + R"(":"@"}}})",
      R"({"\u006detadata":{"annotations":{")" + last_applied + R"(":"@"}}})",
  };
  for (const SecretData data : {SecretData::kHash, SecretData::kKeysOnly}) {
    for (std::string object : objects) {
      while (object.find('@') != std::string::npos) object.replace(object.find('@'), 1, value);
      for (const bool prune : {true, false}) {
        ObjectContext context = SecretsIn(data);
        context.prune_last_applied = prune;
        const auto body = TransformObject(context, object);
        ASSERT_THAT(body, IsOk()) << object;
        for (size_t at = 0; at + 6 <= value.size(); ++at)
          ASSERT_THAT(*body, Not(HasSubstr(value.substr(at, 6)))) << object;
      }
    }
  }
}

TEST(TransformObjectTest, PrunesWhatItIsToldTo) {
  ObjectContext context = ContextOf({"", "v1", "pods"}, "Pod");
  const std::string_view object =
      R"({"metadata":{"managedFields":[1],"annotations":{"kubectl.kubernetes.io/last-applied-configuration":"{}"}}})";
  context.prune_managed_fields = false;
  EXPECT_THAT(*TransformObject(context, object),
              AllOf(HasSubstr("managedFields"), Not(HasSubstr("last-applied"))));
  context.prune_managed_fields = true;
  context.prune_last_applied = false;
  EXPECT_THAT(*TransformObject(context, object),
              AllOf(Not(HasSubstr("managedFields")), HasSubstr("last-applied")));
}

}  // namespace
}  // namespace pedia::synchro
