#include "synchro/merge_queue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace pedia::synchro {
namespace {

using std::chrono::milliseconds;
using storage::Change;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

PendingChange Pending(EventKind kind, std::string name, std::string version = "",
                      size_t bytes = 0) {
  Change change{kind == EventKind::kDeleted ? Change::Action::kDelete : Change::Action::kUpsert,
                "c",
                {"", "v1", "pods"},
                "Pod",
                {}};
  change.row.name = std::move(name);
  change.row.resource_version = std::move(version);
  change.row.body.resize(bytes);
  return {kind, std::move(change)};
}

ChangeKey KeyOf(const std::string& name, uint64_t source = 1) {
  return {source, MakeObjectKey("", name)};
}

void PushAdded(MergeQueue& queue, const std::string& name, const std::string& version = "",
               size_t bytes = 0) {
  queue.Push(KeyOf(name), Pending(EventKind::kAdded, name, version, bytes));
}

std::vector<std::string> Names(const std::optional<Batch>& batch) {
  std::vector<std::string> names;
  if (!batch) return names;
  for (const Change& change : batch->changes)
    names.push_back(change.row.name + change.row.resource_version);
  return names;
}

struct FoldCase {
  EventKind older, newer, want;
  bool keeps_older_object;
};

class FoldChangesTest : public ::testing::TestWithParam<FoldCase> {};

TEST_P(FoldChangesTest, FollowsTheTable) {
  const FoldCase& test = GetParam();
  const PendingChange folded =
      FoldChanges(Pending(test.older, "a", "1"), Pending(test.newer, "a", "2"));
  EXPECT_EQ(folded.kind, test.want);
  EXPECT_EQ(folded.change.row.resource_version, test.keeps_older_object ? "1" : "2");
  EXPECT_EQ(folded.change.action,
            test.want == EventKind::kDeleted ? Change::Action::kDelete : Change::Action::kUpsert);
}

INSTANTIATE_TEST_SUITE_P(
    Rules, FoldChangesTest,
    ::testing::Values(
        FoldCase{EventKind::kAdded, EventKind::kAdded, EventKind::kAdded, false},
        FoldCase{EventKind::kAdded, EventKind::kUpdated, EventKind::kAdded, false},
        FoldCase{EventKind::kAdded, EventKind::kDeleted, EventKind::kDeleted, false},
        FoldCase{EventKind::kUpdated, EventKind::kAdded, EventKind::kAdded, false},
        FoldCase{EventKind::kUpdated, EventKind::kUpdated, EventKind::kUpdated, false},
        FoldCase{EventKind::kUpdated, EventKind::kDeleted, EventKind::kDeleted, false},
        FoldCase{EventKind::kDeleted, EventKind::kAdded, EventKind::kUpdated, false},
        FoldCase{EventKind::kDeleted, EventKind::kUpdated, EventKind::kDeleted, true},
        FoldCase{EventKind::kDeleted, EventKind::kDeleted, EventKind::kDeleted, false}));

TEST(MergeQueueTest, KeepsOneChangePerObjectWhereTheObjectFirstStood) {
  MergeQueue queue(1 << 20);
  PushAdded(queue, "a", "1");
  PushAdded(queue, "b", "1");
  queue.Push(KeyOf("a"), Pending(EventKind::kUpdated, "a", "2"));
  EXPECT_THAT(Names(queue.Take(10, milliseconds(0))), ElementsAre("a2", "b1"));
}

TEST(MergeQueueTest, DoesNotMixObjectsOfTwoSources) {
  MergeQueue queue(1 << 20);
  queue.Push(KeyOf("a", 1), Pending(EventKind::kDeleted, "a", "1"));
  queue.Push(KeyOf("a", 2), Pending(EventKind::kAdded, "a", "2"));
  EXPECT_THAT(Names(queue.Take(10, milliseconds(0))), ElementsAre("a1", "a2"));
}

TEST(MergeQueueTest, DoesNotTouchWhatWasTaken) {
  MergeQueue queue(1 << 20);
  PushAdded(queue, "a", "1");
  const auto first = queue.Take(10, milliseconds(0));
  PushAdded(queue, "a", "2");
  EXPECT_THAT(Names(first), ElementsAre("a1"));
  EXPECT_THAT(Names(queue.Take(10, milliseconds(0))), ElementsAre("a2"));
}

TEST(MergeQueueTest, RunsAJobBetweenWhatCameBeforeAndAfterIt) {
  MergeQueue queue(1 << 20);
  PushAdded(queue, "a");
  queue.PushJob([](storage::Store&) { return Status(); });
  PushAdded(queue, "b");
  queue.Push(KeyOf("a"),
             Pending(EventKind::kUpdated, "a", "2"));  // Folds into what stands before the job.
  EXPECT_THAT(Names(queue.Take(10, milliseconds(0))), ElementsAre("a2"));
  const auto job = queue.Take(10, milliseconds(0));
  ASSERT_TRUE(job && job->job);
  EXPECT_THAT(Names(queue.Take(10, milliseconds(0))), ElementsAre("b"));
}

TEST(MergeQueueTest, GivesNoMoreThanABatch) {
  MergeQueue queue(1 << 20);
  for (const char* name : {"a", "b", "c"}) PushAdded(queue, name);
  EXPECT_THAT(Names(queue.Take(2, milliseconds(0))), ElementsAre("a", "b"));
  EXPECT_THAT(Names(queue.Take(2, milliseconds(0))), ElementsAre("c"));
}

TEST(MergeQueueTest, TellsProducersWhenThereIsRoomAgain) {
  MergeQueue queue(10'000);
  int woken = 0;
  EXPECT_FALSE(queue.WaitForRoom([&] { ++woken; }));
  PushAdded(queue, "a", "", 20'000);
  EXPECT_TRUE(queue.WaitForRoom([&] { ++woken; }));
  const auto batch = queue.Take(10, milliseconds(0));
  ASSERT_TRUE(batch);
  EXPECT_TRUE(queue.WaitForRoom([&] { ++woken; })) << "what is being written still counts";
  EXPECT_EQ(woken, 0);
  queue.Done(batch->bytes);
  EXPECT_EQ(woken, 2);
  EXPECT_EQ(queue.bytes(), 0u);
  EXPECT_FALSE(queue.WaitForRoom([] {}));
}

TEST(MergeQueueTest, CountsTheBytesOfWhatAFoldLeaves) {
  MergeQueue queue(1 << 20);
  PushAdded(queue, "a", "1", 100'000);
  queue.Push(KeyOf("a"), Pending(EventKind::kDeleted, "a", "2"));
  EXPECT_LT(queue.bytes(), 10'000u);
}

TEST(MergeQueueTest, WaitsForCompany) {
  MergeQueue queue(1 << 20);
  PushAdded(queue, "0");
  std::thread company([&] {
    for (int i = 1; i < 250; ++i) PushAdded(queue, std::to_string(i));
  });
  EXPECT_GE(queue.Take(1'000, milliseconds(600'000))->changes.size(), 200u);
  company.join();
}

TEST(MergeQueueTest, AChangeThatHasWaitedLongEnoughWaitsNoLonger) {
  MergeQueue queue(1 << 20);
  PushAdded(queue, "a");
  EXPECT_THAT(Names(queue.Take(1'000, milliseconds(5))), ElementsAre("a"));
}

TEST(MergeQueueTest, WaitsNoLongerWhenThereIsMuchToWrite) {
  MergeQueue queue(1 << 20);
  for (int i = 0; i < 300; ++i) PushAdded(queue, std::to_string(i));
  EXPECT_EQ(queue.Take(1'000, milliseconds(600'000))->changes.size(), 300u);
}

TEST(MergeQueueTest, SaysWhetherThereIsWork) {
  MergeQueue queue(1 << 20);
  EXPECT_FALSE(queue.WaitForWork(milliseconds(1)));
  PushAdded(queue, "a");
  EXPECT_TRUE(queue.WaitForWork(milliseconds(600'000)));
  queue.Clear();
  EXPECT_FALSE(queue.WaitForWork(milliseconds(1)));
  queue.Close();
  EXPECT_TRUE(queue.WaitForWork(milliseconds(600'000))) << "Take says that it is over";
}

TEST(MergeQueueTest, EndsWhenClosedAndEmpty) {
  MergeQueue queue(1 << 20);
  PushAdded(queue, "a");
  queue.Close();
  EXPECT_THAT(Names(queue.Take(10, milliseconds(60'000))), ElementsAre("a"))
      << "closed: nobody else will come";
  EXPECT_FALSE(queue.Take(10, milliseconds(60'000)).has_value());
}

TEST(MergeQueueTest, ClearForgetsEverything) {
  MergeQueue queue(1 << 20);
  PushAdded(queue, "a");
  queue.PushJob([](storage::Store&) { return Status(); });
  queue.Clear();
  EXPECT_EQ(queue.bytes(), 0u);
  PushAdded(queue, "a", "2");
  EXPECT_THAT(Names(queue.Take(10, milliseconds(0))), ElementsAre("a2"));
  EXPECT_THAT(Names(std::nullopt), IsEmpty());
}

TEST(MergeQueueTest, ManyProducersLoseNothing) {
  MergeQueue queue(64 << 20);
  constexpr int kEach = 5'000;
  std::vector<std::thread> producers;
  for (int producer = 0; producer < 4; ++producer) {
    producers.emplace_back([&queue, producer] {
      for (int i = 0; i < kEach; ++i)
        PushAdded(queue, std::to_string(producer) + "-" + std::to_string(i));
    });
  }
  size_t taken = 0;
  while (taken < 4 * kEach) {
    const auto batch = queue.Take(100, milliseconds(1));
    taken += batch->changes.size();
    queue.Done(batch->bytes);
  }
  for (std::thread& producer : producers) producer.join();
  EXPECT_EQ(taken, 4u * kEach);
  EXPECT_EQ(queue.bytes(), 0u);
}

}  // namespace
}  // namespace pedia::synchro
