#include "storage/object_key.h"

#include <gmock/gmock.h>

namespace pedia::storage {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

bool Contains(const KeyRange& range, const std::string& okey) {
  if (range.exact) return okey == range.low;
  return okey > range.low && (range.high.empty() || okey < range.high);
}

TEST(ObjectKeyTest, OrdersAsTheTupleOfItsParts) {
  const std::vector<std::string> sorted = {
      ObjectKey("a", "", "z"),    ObjectKey("a", "n", "!"),   ObjectKey("a", "n", "a"),
      ObjectKey("a", "n-1", "a"), ObjectKey("a-b", "a", "a"), ObjectKey("a.b", "", "a"),
      ObjectKey("a1", "", ""),    ObjectKey("b", "", "a"),
  };
  EXPECT_TRUE(std::is_sorted(sorted.begin(), sorted.end()));
}

TEST(ObjectKeyTest, ARangeHoldsExactlyItsClusterOrNamespace) {
  const KeyRange cluster = KeyRange::Cluster("a");
  EXPECT_TRUE(Contains(cluster, ObjectKey("a", "", "x")));
  EXPECT_TRUE(Contains(cluster, ObjectKey("a", "zz", "\xff")));
  EXPECT_FALSE(Contains(cluster, ObjectKey("a-b", "", "x")));
  EXPECT_FALSE(Contains(cluster, ObjectKey("a\"", "", "x")));
  const KeyRange none = KeyRange::Namespace("a", "");
  EXPECT_TRUE(Contains(none, ObjectKey("a", "", "x")));
  EXPECT_FALSE(Contains(none, ObjectKey("a", "n", "x")));
}

TEST(ObjectKeyTest, SeparatorsAreNoPartOfAClusterOrNamespace) {
  EXPECT_TRUE(IsKeyPart(""));
  EXPECT_TRUE(IsKeyPart("arn:aws:eks:eu-west-1:1:cluster/x_y@z"));
  EXPECT_FALSE(IsKeyPart("a!b"));
  EXPECT_FALSE(IsKeyPart("a b"));
  EXPECT_FALSE(IsKeyPart(std::string_view("a\0b", 3)));
}

TEST(NarrowTest, KeepsWhatBothConditionsAllow) {
  EXPECT_THAT(Narrow({true, {"a", "b"}, {"b"}}, "").in, ElementsAre("a"));
  EXPECT_THAT(Narrow({true, {"a", "b"}, {}}, "b").in, ElementsAre("b"));
  EXPECT_THAT(Narrow({true, {"a"}, {}}, "b").in, IsEmpty());
  EXPECT_THAT(Narrow({false, {}, {"b"}}, "b").in, IsEmpty());
  EXPECT_THAT(Narrow({false, {}, {"b"}}, "").not_in, ElementsAre("b"));
}

TEST(RangesOfTest, LeavesOutWhatNoKeyCanContain) {
  const query::NameSet clusters{true, {"", "a", "a!b"}, {}};
  const query::NameSet namespaces{true, {"", "n", "n m"}, {}};
  EXPECT_THAT(RangesOf(clusters, namespaces),
              ElementsAre(KeyRange::Namespace("a", ""), KeyRange::Namespace("a", "n")));
  EXPECT_THAT(RangesOf(clusters, {}), ElementsAre(KeyRange::Cluster("a")));
}

TEST(RangesAfterTest, CutsTheRangesAtAKey) {
  const std::vector<KeyRange> ranges = {KeyRange::Cluster("a"), KeyRange::Cluster("b"),
                                        KeyRange::Cluster("c")};
  const std::string key = ObjectKey("b", "n", "x");
  EXPECT_THAT(RangesAfter(ranges, key, false),
              ElementsAre(KeyRange{key, "b\""}, KeyRange::Cluster("c")));
  EXPECT_THAT(RangesAfter({{key, "", true}}, key, false), IsEmpty());
  EXPECT_THAT(RangesAfter({KeyRange{}}, key, false), ElementsAre(KeyRange{key, ""}));
}

TEST(RangesAfterTest, KeepsTheKeyItselfIfItIsWanted) {
  const KeyRange itself{"b!n!x", "", true};
  EXPECT_THAT(RangesAfter({KeyRange::Cluster("b")}, "b!n!x", true),
              ElementsAre(itself, KeyRange{"b!n!x", "b\""}));
  EXPECT_THAT(RangesAfter({itself}, "b!n!x", true), ElementsAre(itself));
  EXPECT_THAT(RangesAfter({KeyRange::Cluster("c")}, "b!n!x", true),
              ElementsAre(KeyRange::Cluster("c")));
}

TEST(SplitKeyTest, GivesTheParts) {
  const KeyParts parts = SplitKey("c!n!x!y");
  EXPECT_EQ(parts.cluster, "c");
  EXPECT_EQ(parts.name_space, "n");
  EXPECT_EQ(parts.name, "x!y");
  EXPECT_EQ(SplitKey("c!n").name, "");
}

}  // namespace
}  // namespace pedia::storage
