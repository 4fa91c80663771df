#include "synchro/merge_queue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
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
using ::testing::SizeIs;

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

// All series of one to three changes of an object (A, U, D for added, updated, deleted), and what
// they amount to: a kind, and the number of the change whose object is meant.
const std::map<std::string, std::string> kSeries = {{"A", "A1"},   {"U", "U1"},   {"D", "D1"},    //
                                                    {"AA", "A2"},  {"AU", "A2"},  {"AD", "D2"},   //
                                                    {"UA", "A2"},  {"UU", "U2"},  {"UD", "D2"},   //
                                                    {"DA", "U2"},  {"DU", "D1"},  {"DD", "D2"},   //
                                                    {"AAA", "A3"}, {"AAU", "A3"}, {"AAD", "D3"},  //
                                                    {"AUA", "A3"}, {"AUU", "A3"}, {"AUD", "D3"},  //
                                                    {"ADA", "U3"}, {"ADU", "D2"}, {"ADD", "D3"},  //
                                                    {"UAA", "A3"}, {"UAU", "A3"}, {"UAD", "D3"},  //
                                                    {"UUA", "A3"}, {"UUU", "U3"}, {"UUD", "D3"},  //
                                                    {"UDA", "U3"}, {"UDU", "D2"}, {"UDD", "D3"},  //
                                                    {"DAA", "A3"}, {"DAU", "U3"}, {"DAD", "D3"},  //
                                                    {"DUA", "U3"}, {"DUU", "D1"}, {"DUD", "D3"},  //
                                                    {"DDA", "U3"}, {"DDU", "D2"}, {"DDD", "D3"}};

PendingChange ChangeOf(const std::string& series, size_t index, size_t bytes = 0) {
  const EventKind kind = series[index] == 'A'   ? EventKind::kAdded
                         : series[index] == 'U' ? EventKind::kUpdated
                                                : EventKind::kDeleted;
  return Pending(kind, "a", std::to_string(index + 1), bytes);
}

char LetterOf(EventKind kind) {
  return kind == EventKind::kAdded ? 'A' : kind == EventKind::kUpdated ? 'U' : 'D';
}

TEST(FoldChangesTest, FollowsTheTableForSeries) {
  for (const auto& [series, want] : kSeries) {
    PendingChange folded = ChangeOf(series, 0);
    for (size_t i = 1; i < series.size(); ++i)
      folded = FoldChanges(std::move(folded), ChangeOf(series, i));
    EXPECT_EQ(LetterOf(folded.kind) + folded.change.row.resource_version, want) << series;
  }
}

std::string Taken(MergeQueue& queue) {
  const auto batch = queue.Take(10, milliseconds(0));
  EXPECT_EQ(batch->changes.size(), 1u);
  queue.Done(batch->bytes);
  return LetterOf(batch->kinds.front()) + batch->changes.front().row.resource_version;
}

// What was taken is not touched any more: what comes then stands by itself.
TEST(MergeQueueTest, FollowsTheTableWhereverASeriesIsInterrupted) {
  for (const auto& [series, whole] : kSeries) {
    for (unsigned cuts = 0; cuts < 1u << (series.size() - 1); ++cuts) {
      MergeQueue queue(1 << 20);
      size_t begin = 0;
      for (size_t i = 0; i < series.size(); ++i) {
        queue.Push(KeyOf("a"), ChangeOf(series, i));
        if (i + 1 < series.size() && (cuts >> i & 1) == 0) continue;
        std::string want = kSeries.at(series.substr(begin, i + 1 - begin));
        want[1] = static_cast<char>(want[1] + static_cast<int>(begin));
        EXPECT_EQ(Taken(queue), want) << series << " cut at " << cuts;
        begin = i + 1;
      }
      EXPECT_EQ(queue.bytes(), 0u) << series;
      EXPECT_FALSE(queue.WaitForWork(milliseconds(0))) << series;
    }
  }
}

TEST(MergeQueueTest, CountsTheBytesOfEveryFold) {
  for (const auto& [series, want] : kSeries) {
    MergeQueue queue(1 << 30);
    for (size_t i = 0; i < series.size(); ++i)
      queue.Push(KeyOf("a"), ChangeOf(series, i, 1'000'000 * (i + 1)));
    const auto counted = static_cast<double>(queue.bytes());
    EXPECT_NEAR(counted, 1e6 * (want[1] - '0'), 1e4) << series;
  }
}

TEST(MergeQueueTest, AnObjectThatIsBeingWrittenCountsBesideItsNextChange) {
  MergeQueue queue(1 << 30);
  PushAdded(queue, "a", "1", 1'000'000);
  const auto first = queue.Take(10, milliseconds(0));
  const size_t one = queue.bytes();
  PushAdded(queue, "a", "2", 1'000'000);
  EXPECT_EQ(queue.bytes(), 2 * one);
  queue.Done(first->bytes);
  EXPECT_EQ(queue.bytes(), one);
  queue.Clear();
  EXPECT_EQ(queue.bytes(), 0u);
}

TEST(MergeQueueTest, ClearLeavesWhatIsBeingWritten) {
  MergeQueue queue(1 << 20);
  PushAdded(queue, "a");
  const auto taken = queue.Take(10, milliseconds(0));
  PushAdded(queue, "b");
  queue.Clear();
  EXPECT_EQ(queue.bytes(), taken->bytes);
  queue.Done(taken->bytes);
  EXPECT_EQ(queue.bytes(), 0u);
}

TEST(MergeQueueTest, ABatchOfHugeObjectsIsSmall) {
  MergeQueue queue(1 << 30);
  for (const char* name : {"a", "b", "c"}) PushAdded(queue, name, "", 5 << 20);
  PushAdded(queue, "huge", "", 20 << 20);
  EXPECT_THAT(Names(queue.Take(10, milliseconds(0))), ElementsAre("a", "b"));
  EXPECT_THAT(Names(queue.Take(10, milliseconds(0))), ElementsAre("c", "huge"));
}

TEST(MergeQueueTest, WakesProducersOnceAndOnlyWhenAQuarterIsFree) {
  MergeQueue queue(100'000);
  for (const char* name : {"a", "b", "c", "d", "e"}) PushAdded(queue, name, "", 20'000);
  int woken = 0;
  EXPECT_TRUE(queue.WaitForRoom([&] { ++woken; }));
  const auto first = queue.Take(1, milliseconds(0));
  queue.Done(first->bytes);
  EXPECT_EQ(woken, 0) << "80,000 of 100,000 are used";
  const auto second = queue.Take(1, milliseconds(0));
  queue.Done(second->bytes);
  EXPECT_EQ(woken, 1);
  queue.Done(queue.Take(1, milliseconds(0))->bytes);
  EXPECT_EQ(woken, 1);
}

// Its name is the cluster whose it is.
void PushJob(MergeQueue& queue, const std::string& name) {
  queue.PushJob([](storage::Store&) { return Status(); }, name);
}
std::string TakenJob(MergeQueue& queue) {
  const auto batch = queue.Take(10, milliseconds(600'000));
  return batch->job && batch->changes.empty() ? batch->cluster : "not a job";
}

TEST(MergeQueueTest, JobsAreBarriersThatTakeNoRoom) {
  MergeQueue queue(1 << 20);
  PushJob(queue, "1");
  PushJob(queue, "2");
  EXPECT_EQ(queue.bytes(), 0u);
  PushAdded(queue, "a", "1");
  PushJob(queue, "3");
  EXPECT_EQ(TakenJob(queue), "1");
  EXPECT_EQ(TakenJob(queue), "2");
  EXPECT_THAT(Names(queue.Take(10, milliseconds(600'000))), ElementsAre("a1"))
      << "nobody waits for company before a job";
  PushAdded(queue, "a", "2");  // Not before the job: what stood there was taken.
  EXPECT_EQ(TakenJob(queue), "3");
  EXPECT_THAT(Names(queue.Take(10, milliseconds(0))), ElementsAre("a2"));
}

TEST(MergeQueueTest, DropForgetsOneClusterAndMakesRoom) {
  MergeQueue queue(10'000);
  PushAdded(queue, "a", "1");
  PendingChange other = Pending(EventKind::kAdded, "big", "1", 20'000);
  other.change.cluster = "d";
  queue.Push(KeyOf("big", 2), std::move(other));
  PushJob(queue, "d");
  PushJob(queue, "c");
  PushAdded(queue, "b", "1");
  bool woken = false;
  EXPECT_TRUE(queue.WaitForRoom([&] { woken = true; }));
  queue.Drop("d");
  EXPECT_TRUE(woken);
  EXPECT_EQ(queue.size(), 3u);
  PushAdded(queue, "b", "2");
  PushAdded(queue, "a", "2");
  EXPECT_THAT(Names(queue.Take(10, milliseconds(0))), ElementsAre("a2"));
  EXPECT_EQ(TakenJob(queue), "c");
  EXPECT_THAT(Names(queue.Take(10, milliseconds(0))), ElementsAre("b2"));
}

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

TEST(MergeQueueTest, WakesFewAtOnceAndAllInTheEnd) {
  MergeQueue queue(10'000);
  PushAdded(queue, "a", "", 20'000);
  std::vector<int> woken;
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(queue.WaitForRoom([&, i] { woken.push_back(i); }));
  queue.Done(queue.Take(10, milliseconds(0))->bytes);
  EXPECT_THAT(woken, SizeIs(16));
  // Those were gone meanwhile, or had nothing to say.
  EXPECT_FALSE(queue.WaitForWork(milliseconds(0)));
  EXPECT_THAT(woken, SizeIs(100));
  EXPECT_TRUE(std::is_sorted(woken.begin(), woken.end()));
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

TEST(MergeQueueTest, DropForgetsOneClusterAndKeepsTheOthersInOrder) {
  MergeQueue queue(10'000);
  const auto push_gone = [&](const std::string& name, size_t bytes) {
    PendingChange change = Pending(EventKind::kAdded, name, "", bytes);
    change.change.cluster = "gone";
    queue.Push(KeyOf(name), std::move(change));
  };
  const auto job = [](storage::Store&) { return Status(); };
  PushAdded(queue, "a");
  push_gone("b", 20'000);
  queue.PushJob(job, "gone");
  PushAdded(queue, "c");
  queue.PushJob(job, "c");
  push_gone("d", 0);
  PushAdded(queue, "e");
  int woken = 0;
  EXPECT_TRUE(queue.WaitForRoom([&] { ++woken; }));
  queue.Drop("gone");
  EXPECT_EQ(woken, 1);
  PushAdded(queue, "a", "2");  // Still folds into what waits.
  PushAdded(queue, "b", "2");
  const auto changes = queue.Take(10, milliseconds(0));
  EXPECT_THAT(Names(changes), ElementsAre("a2", "c"));
  queue.Done(changes->bytes);
  const auto kept = queue.Take(10, milliseconds(0));
  ASSERT_TRUE(kept && kept->job);
  EXPECT_EQ(kept->cluster, "c");
  const auto rest = queue.Take(10, milliseconds(0));
  EXPECT_THAT(Names(rest), ElementsAre("e", "b2"));
  queue.Done(rest->bytes);
  EXPECT_EQ(queue.bytes(), 0u);
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
