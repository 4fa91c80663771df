#include "cmd/console.h"

#include <gmock/gmock.h>

namespace pedia::cmd {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

synchro::ClusterProgress Halfway() {
  return {"c1",
          true,
          true,
          {{{"", "v1", "pods"}, 500, 1000, false}, {{"", "v1", "nodes"}, 5, 5, true}}};
}

TEST(FormatProgressTest, CountsObjectsAndKinds) {
  EXPECT_THAT(FormatProgress({Halfway(), ""}, 100, false),
              ElementsAre(HasSubstr("] 505 of about 1005 objects, 1 of 2 kinds")));
  const auto by_kind = FormatProgress({Halfway(), ""}, 100, true);
  ASSERT_THAT(by_kind, SizeIs(2));
  EXPECT_EQ(by_kind[1], "    pods 500 of about 1000");
}

TEST(FormatProgressTest, SaysWhatKeepsAClusterBack) {
  EXPECT_THAT(FormatProgress({{"c2", false, false, {}}, ""}, 80, false),
              ElementsAre(HasSubstr("asking what it serves")));
  EXPECT_THAT(FormatProgress({{"c2", false, false, {}}, "connection refused"}, 80, false),
              ElementsAre(HasSubstr("connection refused")));
}

TEST(SummarizeProgressTest, IsOneLineForAllClusters) {
  const synchro::ClusterProgress done{"c0", true, true, {{{"", "v1", "pods"}, 7, 7, true}}};
  EXPECT_EQ(SummarizeProgress({{done, ""}, {Halfway(), ""}, {{"c2", false, false, {}}, "refused"}}),
            "1 of 3 clusters synced, 512 of about 1012 objects; c2: refused");
}

TEST(IsFirstSyncDoneTest, DoesNotWaitForClustersWithAProblem) {
  const synchro::ClusterProgress done{"c0", true, true, {{{"", "v1", "pods"}, 7, 7, true}}};
  EXPECT_TRUE(IsFirstSyncDone({{done, ""}, {{"c2", false, false, {}}, "refused"}}));
  EXPECT_FALSE(IsFirstSyncDone({{done, ""}, {{"c2", false, false, {}}, ""}}));
  EXPECT_FALSE(IsFirstSyncDone({{Halfway(), ""}}));
}

}  // namespace
}  // namespace pedia::cmd
