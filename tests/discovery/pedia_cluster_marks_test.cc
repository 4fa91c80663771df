#include "discovery/pedia_cluster_marks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pedia::discovery {
namespace {

using ::testing::ElementsAre;

constexpr const char* kObject =
    R"({"metadata":{"name":"c1","resourceVersion":"5","deletionTimestamp":"2026-11-24T00:00:00Z",)"
    R"("finalizers":["a","clusterpedia.io/cluster-synchro-controller"]},"spec":{"shardingName":"s"},)"
    R"("status":{"shardingName":"","conditions":[{"type":"Ready","status":"True","reason":"Ready",)"
    R"("message":"","lastTransitionTime":"1970-01-01T00:00:01Z"}]}})";

TEST(ReadMarksTest, ReadsWhatThereIs) {
  const PediaClusterMarks marks = ReadMarks(kObject);
  EXPECT_EQ(marks.resource_version, "5");
  EXPECT_TRUE(marks.being_deleted);
  EXPECT_TRUE(marks.HasFinalizer());
  EXPECT_EQ(marks.wanted_shard, "s");
  EXPECT_EQ(marks.shard, "");
  EXPECT_THAT(marks.conditions, ElementsAre(Condition{"Ready", "True", "Ready", "", 1}));
  ASSERT_NE(marks.FindCondition("Ready"), nullptr);
  EXPECT_EQ(marks.FindCondition("Validated"), nullptr);
}

TEST(ReadMarksTest, TellsNoShardFromTheOneWithoutAName) {
  EXPECT_EQ(ReadMarks("{}").shard, std::nullopt);
  EXPECT_EQ(ReadMarks(R"({"status":{"shardingName":null}})").shard, std::nullopt);
  EXPECT_EQ(ReadMarks(R"({"status":{"shardingName":""}})").shard, "");
}

TEST(ReadMarksTest, SurvivesAnything) {
  for (const char* object :
       {"", "{", "[]", "7", R"({"metadata":7,"spec":[],"status":"x"})",
        R"({"metadata":{"finalizers":[1],"resourceVersion":3,"deletionTimestamp":null}})"}) {
    const PediaClusterMarks marks = ReadMarks(object);
    EXPECT_FALSE(marks.being_deleted) << object;
    EXPECT_FALSE(marks.HasFinalizer()) << object;
    EXPECT_EQ(marks.shard, std::nullopt) << object;
  }
}

TEST(MakeFinalizerPatchTest, ChangesOnlyItsOwn) {
  EXPECT_EQ(MakeFinalizerPatch(ReadMarks(kObject), false),
            R"({"metadata":{"resourceVersion":"5","finalizers":["a"]}})");
  EXPECT_EQ(MakeFinalizerPatch(ReadMarks("{}"), true),
            R"({"metadata":{"finalizers":["clusterpedia.io/cluster-synchro-controller"]}})");
}

TEST(MakeConditionsPatchTest, CanLetGoOfTheShard) {
  const PediaClusterMarks marks = ReadMarks(kObject);
  const std::string conditions =
      R"("conditions":[{"type":"Ready","status":"True","lastTransitionTime":)"
      R"("1970-01-01T00:00:01Z","reason":"Ready","message":""}])";
  EXPECT_EQ(MakeConditionsPatch(marks, marks.conditions, false),
            R"({"metadata":{"resourceVersion":"5"},"status":{)" + conditions + "}}");
  EXPECT_EQ(
      MakeConditionsPatch(marks, marks.conditions, true),
      R"({"metadata":{"resourceVersion":"5"},"status":{"shardingName":null,)" + conditions + "}}");
}

}  // namespace
}  // namespace pedia::discovery
