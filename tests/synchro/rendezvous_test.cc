#include "synchro/rendezvous.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <vector>

namespace pedia::synchro {
namespace {

using ::testing::AllOf;
using ::testing::Each;
using ::testing::Ge;
using ::testing::Le;
using ::testing::Pair;
using ::testing::SizeIs;

using Members = std::vector<std::string>;

std::vector<std::string> Clusters(int count) {
  std::vector<std::string> clusters;
  for (int i = 0; i < count; ++i) clusters.push_back("cluster-" + std::to_string(i));
  return clusters;
}

// Processes of several builds share the clusters out, so an answer never changes.
TEST(RendezvousTest, AnswersAsItAlwaysHas) {
  const Members members{"manager-0_aa", "manager-1_bb", "manager-2_cc"};
  EXPECT_EQ(OwnerOf("c1", members), "manager-2_cc");
  EXPECT_EQ(OwnerOf("c2", members), "manager-1_bb");
  EXPECT_EQ(OwnerOf("c3", members), "manager-2_cc");
  EXPECT_EQ(OwnerOf("prod-eu-west-1", members), "manager-2_cc");
  EXPECT_EQ(OwnerOf("", members), "manager-0_aa");
}

TEST(RendezvousTest, NobodyOwnsAnythingWhereNobodyIs) { EXPECT_EQ(OwnerOf("c1", {}), ""); }

TEST(RendezvousTest, TheOrderOfTheMembersDoesNotMatter) {
  const Members members{"a", "b", "c", "d"};
  const Members reversed(members.rbegin(), members.rend());
  for (const std::string& cluster : Clusters(100))
    EXPECT_EQ(OwnerOf(cluster, members), OwnerOf(cluster, reversed)) << cluster;
}

TEST(RendezvousTest, WhoLeavesMovesOnlyItsOwnClusters) {
  const Members before{"a", "b", "c", "d"};
  for (const std::string& gone : before) {
    Members after = before;
    std::erase(after, gone);
    for (const std::string& cluster : Clusters(200)) {
      const std::string_view owner = OwnerOf(cluster, before);
      if (owner != gone) {
        EXPECT_EQ(OwnerOf(cluster, after), owner) << cluster;
      }
    }
  }
}

TEST(RendezvousTest, WhoLeavesIsReplacedByAllTheOthers) {
  const Members before{"a", "b", "c", "d"};
  std::map<std::string_view, int> heirs;
  const Members after{"b", "c", "d"};
  for (const std::string& cluster : Clusters(4'000)) {
    if (OwnerOf(cluster, before) == "a") ++heirs[OwnerOf(cluster, after)];
  }
  EXPECT_THAT(heirs, AllOf(SizeIs(3), Each(Pair(::testing::_, AllOf(Ge(250), Le(420))))));
}

TEST(RendezvousTest, SharesAreAboutEqual) {
  const Members members{"manager-6b7f_0a", "manager-6b7f_0b", "manager-6b7f_0c", "manager-6b7f_0d",
                        "manager-6b7f_0e"};
  std::map<std::string_view, int> shares;
  for (const std::string& cluster : Clusters(10'000)) ++shares[OwnerOf(cluster, members)];
  EXPECT_THAT(shares, AllOf(SizeIs(5), Each(Pair(::testing::_, AllOf(Ge(1'850), Le(2'150))))));
}

}  // namespace
}  // namespace pedia::synchro
