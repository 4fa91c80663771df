// WorkerPool: a fixed number of threads that run tasks from a bounded queue. Private to the http
// library.
#pragma once
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace pedia::apiserver {

// Thread-safe. Tasks must not throw.
class WorkerPool {
 public:
  // `capacity`: tasks running or waiting.
  WorkerPool(int threads, size_t capacity);
  ~WorkerPool() { Stop(); }

  bool Submit(std::function<void()> task);  // False: at capacity, or stopped.
  // Drops waiting tasks, waits for running ones. Idempotent; not from a task.
  void Stop();

 private:
  void Run();

  const size_t capacity_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> waiting_;
  size_t running_ = 0;
  bool stopped_ = false;
  std::vector<std::jthread> threads_;
};

}  // namespace pedia::apiserver
