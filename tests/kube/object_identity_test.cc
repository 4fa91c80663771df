#include "kube/object_identity.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/testing/matchers.h"

namespace pedia::kube {
namespace {

using ::pedia::testing::FailsWith;
using ::pedia::testing::IsOk;
using ::testing::HasSubstr;

TEST(ReadIdentityTest, ReadsNamespaceNameAndVersion) {
  const auto identity = ReadIdentity(
      R"({"kind":"Pod","metadata":{"name":"a\u0062","labels":{"name":"no"},"namespace":"n","resourceVersion":"7"},"spec":1})");
  ASSERT_THAT(identity, IsOk());
  EXPECT_EQ(identity->name, "ab");
  EXPECT_EQ(identity->name_space, "n");
  EXPECT_EQ(identity->resource_version, "7");
}

TEST(ReadIdentityTest, RefusesAnObjectWithoutAName) {
  for (const char* object : {"", "{}", "7", R"({"metadata":null})", R"({"metadata":{"name":""}})",
                             R"({"metadata":{"name":7}})"}) {
    EXPECT_THAT(ReadIdentity(object), FailsWith(StatusReason::kBadRequest, HasSubstr("an object")))
        << object;
  }
}

TEST(ReadResourceVersionTest, ReadsThatOfABookmark) {
  EXPECT_EQ(
      ReadResourceVersion(
          R"({"kind":"Pod","metadata":{"resourceVersion":"12746","creationTimestamp":null}})"),
      "12746");
  EXPECT_EQ(ReadResourceVersion(R"({"kind":"Pod"})"), "");
  EXPECT_EQ(ReadResourceVersion(R"({"metadata":{)"), "");
}

}  // namespace
}  // namespace pedia::kube
