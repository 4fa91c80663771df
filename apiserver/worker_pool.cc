#include "apiserver/worker_pool.h"

#include <algorithm>
#include <utility>

namespace pedia::apiserver {

WorkerPool::WorkerPool(int threads, size_t capacity) : capacity_(capacity) {
  for (int i = 0; i < std::max(threads, 1); ++i) threads_.emplace_back([this] { Run(); });
}

bool WorkerPool::Submit(std::function<void()> task) {
  {
    const std::scoped_lock lock(mutex_);
    if (stopped_ || waiting_.size() + running_ >= capacity_) return false;
    waiting_.push_back(std::move(task));
  }
  wake_.notify_one();
  return true;
}

void WorkerPool::Stop() {
  std::deque<std::function<void()>> dropped;
  {
    const std::scoped_lock lock(mutex_);
    stopped_ = true;
    dropped.swap(waiting_);
  }
  wake_.notify_all();
  dropped.clear();
  threads_.clear();  // Joins.
}

void WorkerPool::Run() {
  std::unique_lock lock(mutex_);
  while (true) {
    wake_.wait(lock, [this] { return stopped_ || !waiting_.empty(); });
    if (stopped_) return;
    std::function<void()> task = std::move(waiting_.front());
    waiting_.pop_front();
    ++running_;
    lock.unlock();
    task();
    task = nullptr;  // What it owns may take locks of its own.
    lock.lock();
    --running_;
  }
}

}  // namespace pedia::apiserver
