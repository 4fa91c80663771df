#include "query/access_filter.h"

#include <gtest/gtest.h>

namespace pedia::query {
namespace {

TEST(AccessFilterTest, EverythingIsSeenUnlessItIsRestricted) {
  EXPECT_TRUE(AccessFilter().Matches("c1", "shop"));
  EXPECT_TRUE(AccessFilter().Matches("c1", ""));
  EXPECT_FALSE(AccessFilter::Nothing().Matches("c1", "shop"));
  EXPECT_FALSE(AccessFilter::Nothing().Matches("", ""));
  EXPECT_FALSE(AccessFilter().IsNothing());
  EXPECT_TRUE(AccessFilter::Nothing().IsNothing());
}

TEST(AccessFilterTest, AnObjectMustFitOneOfTheThree) {
  const AccessFilter filter{true, {"c1"}, {"shop"}, {{"c2", "a"}, {"c3", "b"}}};
  EXPECT_TRUE(filter.Matches("c1", "any"));
  EXPECT_TRUE(filter.Matches("c9", "shop"));
  EXPECT_TRUE(filter.Matches("c2", "a"));
  EXPECT_TRUE(filter.Matches("c3", "b"));
  EXPECT_FALSE(filter.Matches("c2", "b"));
  EXPECT_FALSE(filter.Matches("c3", "a"));
  EXPECT_FALSE(filter.Matches("c", "shopping"));
  EXPECT_FALSE(filter.Matches("c4", "zzz"));
  EXPECT_FALSE(filter.IsNothing());
}

TEST(AccessFilterTest, ObjectsWithoutANamespaceAreSeenOnlyInWholeClusters) {
  const AccessFilter filter{true, {"c1"}, {"", "shop"}, {{"c2", ""}, {"c2", "a"}}};
  EXPECT_TRUE(filter.Matches("c1", ""));
  EXPECT_FALSE(filter.Matches("c2", ""));
  EXPECT_FALSE(filter.Matches("c3", ""));
}

TEST(AccessFilterTest, NormalizingKeepsWhatIsSeen) {
  AccessFilter filter{
      true,
      {"c2", "c1", "c2"},
      {"shop", "", "a"},
      {{"c3", "z"}, {"c1", "x"}, {"c3", "shop"}, {"c3", ""}, {"c3", "b"}, {"c3", "z"}}};
  filter.Normalize();
  const AccessFilter want{true, {"c1", "c2"}, {"a", "shop"}, {{"c3", "b"}, {"c3", "z"}}};
  EXPECT_EQ(filter, want);
}

TEST(ResourceAccessTest, AResourceThatIsNotNamedIsNotSeen) {
  ResourceAccess access;
  access.Set({"", "pods"}, {});
  access.Set({"apps", "deployments"}, {true, {"c1"}, {}, {}});
  EXPECT_FALSE(access.Of({"", "pods"}).restricted);
  EXPECT_TRUE(access.Of({"apps", "deployments"}).Matches("c1", ""));
  EXPECT_TRUE(access.Of({"", "secrets"}).IsNothing());
  EXPECT_TRUE(access.Of({"apps", "pods"}).IsNothing());
  EXPECT_TRUE(access.Of({"zzz", "zzz"}).IsNothing());
  access.Set({"", "pods"}, AccessFilter::Nothing());
  EXPECT_TRUE(access.Of({"", "pods"}).IsNothing());
  EXPECT_EQ(access.resources.size(), 2u);
}

}  // namespace
}  // namespace pedia::query
