#include "apiserver/worker_pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <latch>
#include <optional>
#include <string>
#include <thread>

namespace pedia::apiserver {
namespace {

bool Eventually(const std::function<bool()>& condition) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return true;
}

// A pool whose tasks run until they are released.
class WorkerPoolTest : public ::testing::Test {
 protected:
  void Start(const WorkerPool::Options& options) { pool_.emplace(options); }
  ~WorkerPoolTest() override { Release(); }
  void Release() {
    released_ = true;
    released_.notify_all();
  }
  std::atomic<int>& Running(char client) { return running_[static_cast<unsigned char>(client)]; }
  bool Submit(const std::string& client, bool bulk = false) {
    return pool_->Submit(
        [this, running = &Running(client[0])] {
          ++*running;
          released_.wait(false);
          --*running;
          ++done_;
        },
        {client, bulk});
  }
  // That no further task begins cannot be waited for; this is long enough to notice one.
  void Settle() { std::this_thread::sleep_for(std::chrono::milliseconds(30)); }

  std::atomic<int> running_[256] = {};
  std::atomic<int> done_ = 0;
  std::atomic<bool> released_ = false;
  std::optional<WorkerPool> pool_;
};

TEST_F(WorkerPoolTest, RunsEverythingInTheEnd) {
  Start({.threads = 4, .bulk = 2, .capacity = 100});
  for (int i = 0; i < 30; ++i) {
    ASSERT_TRUE(Submit("a"));
    ASSERT_TRUE(Submit("b", /*bulk=*/true));
  }
  Release();
  EXPECT_TRUE(Eventually([&] { return done_ == 60; }));
}

TEST_F(WorkerPoolTest, GivesAClientAsManyThreadsAsItLeavesFree) {
  Start({.threads = 8, .bulk = 4, .capacity = 100});
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(Submit("a"));
  ASSERT_TRUE(Eventually([&] { return Running('a') == 4; }));
  Settle();
  EXPECT_EQ(Running('a'), 4);
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(Submit("b"));
  EXPECT_TRUE(Eventually([&] { return Running('b') == 2; }));
  ASSERT_TRUE(Submit("c"));
  EXPECT_TRUE(Eventually([&] { return Running('c') == 1; }));
}

TEST_F(WorkerPoolTest, BoundsBulkTasksAndSharesThemOut) {
  Start({.threads = 16, .bulk = 4, .capacity = 100});
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(Submit("a", /*bulk=*/true));
  ASSERT_TRUE(Eventually([&] { return Running('a') == 2; }));
  EXPECT_TRUE(pool_->BulkIsCrowded());
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(Submit("b", /*bulk=*/true));
  EXPECT_TRUE(Eventually([&] { return Running('b') == 1; }));
  Settle();
  EXPECT_LE(Running('a') + Running('b'), 4);
  ASSERT_TRUE(Submit("a"));
  EXPECT_TRUE(Eventually([&] { return Running('a') == 3; }));
}

TEST_F(WorkerPoolTest, GivesAllThreadsToTasksOfNobody) {
  Start({.threads = 3, .bulk = 1, .capacity = 100});
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(pool_->Submit(
        [this] {
          ++running_[0];
          released_.wait(false);
        },
        {}));
  }
  EXPECT_TRUE(Eventually([&] { return running_[0] == 3; }));
}

TEST_F(WorkerPoolTest, RefusesBeyondItsCapacity) {
  Start({.threads = 1, .bulk = 1, .capacity = 2});
  EXPECT_TRUE(Submit("a"));
  EXPECT_TRUE(Submit("b"));
  EXPECT_FALSE(Submit("c"));
}

TEST_F(WorkerPoolTest, KeepsRoomForOthersInItsQueue) {
  Start({.threads = 1, .bulk = 1, .capacity = 10});
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(Submit("a"));
  EXPECT_FALSE(Submit("a"));
  EXPECT_TRUE(Submit("b"));
}

TEST_F(WorkerPoolTest, TakesAnyNumberWithoutACapacity) {
  Start({.threads = 1, .bulk = 1});
  for (int i = 0; i < 2'000; ++i) ASSERT_TRUE(Submit("a"));
  Release();
  EXPECT_TRUE(Eventually([&] { return done_ == 2'000; }));
}

TEST_F(WorkerPoolTest, DoesNotCountWhatIsNotToBeCounted) {
  Start({.threads = 1, .bulk = 1, .capacity = 2});
  ASSERT_TRUE(Submit("a"));
  for (int i = 0; i < 20; ++i)
    ASSERT_TRUE(pool_->Submit([this] { ++done_; }, {.client = "b", .counted = false}));
  EXPECT_TRUE(Submit("b"));
  EXPECT_FALSE(Submit("c"));
  Release();
  EXPECT_TRUE(Eventually([&] { return done_ == 22; }));
  EXPECT_TRUE(Eventually([&] { return Submit("c"); }));
}

TEST_F(WorkerPoolTest, KeepsThreadsForTasksOfNobody) {
  Start({.threads = 3, .bulk = 1, .capacity = 100, .kept = 1});
  for (const char* client : {"a", "b", "c"}) ASSERT_TRUE(Submit(client));
  ASSERT_TRUE(Eventually([&] { return Running('a') + Running('b') + Running('c') == 2; }));
  Settle();
  EXPECT_EQ(Running('a') + Running('b') + Running('c'), 2);
  std::latch done(1);
  ASSERT_TRUE(pool_->Submit([&] { done.count_down(); }, {}));
  done.wait();
}

TEST_F(WorkerPoolTest, CountsATaskThatTurnsOutToBeBulk) {
  Start({.threads = 4, .bulk = 1, .capacity = 100});
  std::atomic<int> turned = 0;
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(pool_->Submit(
        [&] {
          EXPECT_TRUE(WorkerPool::ThisTaskIsBulk());
          EXPECT_FALSE(WorkerPool::ThisTaskIsBulk());
          ++turned;
          released_.wait(false);
        },
        {"a"}));
  }
  ASSERT_TRUE(Eventually([&] { return turned == 2; }));
  EXPECT_TRUE(pool_->BulkIsCrowded());
  EXPECT_FALSE(WorkerPool::ThisTaskIsBulk());
  pool_->Submit([] {}, {"a", /*bulk=*/true});
  Release();
  EXPECT_TRUE(Eventually([&] { return !pool_->BulkIsCrowded(); }));
}

TEST_F(WorkerPoolTest, TakesTurnsBetweenClients) {
  Start({.threads = 1, .bulk = 1, .capacity = 100});
  std::string order;  // Of the only thread.
  std::atomic<bool> go = false;
  ASSERT_TRUE(pool_->Submit([&] { go.wait(false); }, {"first"}));
  for (const char* client : {"a", "a", "a", "b", "b", "c"})
    ASSERT_TRUE(pool_->Submit([&order, client] { order += client; }, {client}));
  std::latch done(1);
  ASSERT_TRUE(pool_->Submit([&] { done.count_down(); }, {"z", /*bulk=*/true}));
  go = true;
  go.notify_all();
  done.wait();
  EXPECT_EQ(order, "abcaba");
}

}  // namespace
}  // namespace pedia::apiserver
