// EventLoop::Core: what the loop offers to the other files of this folder: sockets, and a word
// before it ends.
#pragma once
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include "kube/event_loop.h"

namespace pedia::kube {

// Something with sockets on the loop. Both functions are called on the loop's thread.
class LoopMember {
 public:
  virtual ~LoopMember() = default;
  virtual void OnSocket(int fd, bool readable, bool writable, bool failed) = 0;
  virtual void OnLoopEnd() = 0;
};

class EventLoop::Core {
 public:
  using Clock = std::chrono::steady_clock;

  Core();
  ~Core();
  Core(const Core&) = delete;
  Core& operator=(const Core&) = delete;

  // Thread-safe. False: the loop has ended; the task was dropped.
  bool Post(std::function<void()> task);
  // Thread-safe. 0 if the loop has ended.
  TimerId PostAfter(std::chrono::milliseconds delay, std::function<void()> task);
  void CancelTimer(TimerId id);
  bool InLoopThread() const { return std::this_thread::get_id() == thread_id_.load(); }
  // Ends the thread. Not on the loop's thread.
  void Stop();

  // On the loop's thread. A watched socket's member must unwatch it before it goes.
  void Watch(int fd, bool read, bool write, LoopMember* member);
  void Unwatch(int fd);
  void AddMember(const std::shared_ptr<LoopMember>& member);
  void RemoveMember(const LoopMember* member);

 private:
  struct Socket {
    LoopMember* member = nullptr;
    uint32_t generation =
        0;  // Tells an event of a closed socket from one of its number's next owner.
  };
  struct Timer {
    Clock::time_point due;
    std::function<void()> task;
  };

  void Run();
  int MillisecondsToWait();
  void DispatchSockets(int timeout_ms);
  void RunDueTimers();
  bool RunTasks();  // Whether there were any.
  void End();
  void EndMembers();
  void Wake();

  const int epoll_fd_;
  const int wake_fd_;
  std::atomic<std::thread::id> thread_id_{};

  std::mutex mutex_;  // Of the members up to the next empty line.
  bool stopping_ = false;
  bool ended_ = false;
  std::vector<std::function<void()>> tasks_;
  TimerId next_timer_ = 1;
  std::unordered_map<TimerId, Timer> timers_;
  std::set<std::pair<Clock::time_point, TimerId>> due_;

  std::unordered_map<int, Socket> sockets_;  // The rest belongs to the loop's thread.
  uint32_t next_generation_ = 0;
  std::unordered_map<const LoopMember*, std::weak_ptr<LoopMember>> members_;

  std::thread thread_;
};

}  // namespace pedia::kube
