// EventLoop: one thread that runs callbacks, timers, and thousands of HTTP transfers (libcurl multi
// over epoll).
#pragma once
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>

namespace pedia::kube {

using TimerId = uint64_t;

class EventLoop {
 public:
  EventLoop();
  // Stops the thread. Requests still running end with OnDone(cancelled) before this returns; tasks
  // posted before run, timers do not. Must not be called on the loop's own thread.
  ~EventLoop();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  // Runs `task` on the loop's thread, after those posted before. Thread-safe. Tasks must not block.
  void Post(std::function<void()> task);
  // Thread-safe. Cancel of a timer that has run or never existed does nothing; a timer cancelled on
  // the loop's thread never runs.
  TimerId PostAfter(std::chrono::milliseconds delay, std::function<void()> task);
  void CancelTimer(TimerId id);
  bool InLoopThread() const;

  class Core;  // event_loop_core.h
  Core& core() { return *core_; }
  const std::shared_ptr<Core>& shared_core() const { return core_; }

 private:
  std::shared_ptr<Core> core_;
};

}  // namespace pedia::kube
