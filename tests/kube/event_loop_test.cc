#include "kube/event_loop.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <thread>
#include <vector>

namespace pedia::kube {
namespace {

using std::chrono::milliseconds;
using ::testing::ElementsAre;

TEST(EventLoopTest, RunsTasksInOrderOnItsThread) {
  EventLoop loop;
  std::vector<int> order;
  std::promise<bool> in_loop;
  for (int i = 0; i < 3; ++i) loop.Post([&, i] { order.push_back(i); });
  loop.Post([&] { in_loop.set_value(loop.InLoopThread()); });
  EXPECT_TRUE(in_loop.get_future().get());
  EXPECT_FALSE(loop.InLoopThread());
  EXPECT_THAT(order, ElementsAre(0, 1, 2));
}

TEST(EventLoopTest, RunsTimersByTheirTimeNotTheirOrder) {
  EventLoop loop;
  std::vector<int> order;
  std::promise<void> done;
  loop.Post([&] {
    loop.PostAfter(milliseconds(30), [&] {
      order.push_back(30);
      done.set_value();
    });
    loop.PostAfter(milliseconds(1), [&] { order.push_back(1); });
    loop.PostAfter(milliseconds(10), [&] { order.push_back(10); });
    loop.PostAfter(milliseconds(-5), [&] { order.push_back(0); });
  });
  done.get_future().get();
  EXPECT_THAT(order, ElementsAre(0, 1, 10, 30));
}

TEST(EventLoopTest, DoesNotRunATimerCancelledOnItsThreadEvenIfItIsDue) {
  EventLoop loop;
  std::promise<void> done;
  bool ran = false;
  loop.Post([&] {
    const TimerId due = loop.PostAfter(milliseconds(1), [&] { ran = true; });
    std::this_thread::sleep_for(milliseconds(5));  // Now it is due, and cancelled only then.
    loop.CancelTimer(due);
    loop.CancelTimer(due);
    loop.CancelTimer(12345);
    loop.PostAfter(milliseconds(5), [&] { done.set_value(); });
  });
  done.get_future().get();
  EXPECT_FALSE(ran);
}

TEST(EventLoopTest, WakesForATimerSetFromAnotherThread) {
  EventLoop loop;
  std::promise<void> done;
  loop.PostAfter(milliseconds(1), [&] { done.set_value(); });
  EXPECT_EQ(done.get_future().wait_for(std::chrono::seconds(20)), std::future_status::ready);
}

TEST(EventLoopTest, RunsWhatWasPostedBeforeItsEndButNoTimers) {
  std::atomic<int> tasks = 0;
  std::atomic<int> timers = 0;
  {
    EventLoop loop;
    loop.PostAfter(std::chrono::hours(1), [&] { ++timers; });
    for (int i = 0; i < 100; ++i) {
      loop.Post([&] {
        ++tasks;
        loop.Post([&] { ++tasks; });
      });
    }
  }
  EXPECT_EQ(tasks, 200);
  EXPECT_EQ(timers, 0);
}

TEST(EventLoopTest, EndsAlthoughATaskPostsItselfForEver) {
  std::function<void()> again;  // Outlives the loop, which may run it until its end.
  EventLoop loop;
  again = [&] { loop.Post(again); };
  loop.Post(again);
}

TEST(EventLoopTest, TakesTasksAndTimersFromManyThreads) {
  EventLoop loop;
  std::atomic<int> count = 0;
  std::promise<void> done;
  const auto tick = [&] {
    if (++count == 4000) done.set_value();
  };
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int j = 0; j < 500; ++j) {
        loop.Post(tick);
        loop.PostAfter(milliseconds(j % 3), tick);
      }
    });
  }
  EXPECT_EQ(done.get_future().wait_for(std::chrono::seconds(60)), std::future_status::ready);
}

}  // namespace
}  // namespace pedia::kube
