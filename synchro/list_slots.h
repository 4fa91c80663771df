// ListSlots: how many lists of one cluster may run at a time, so that a first sync needs little
// memory.
#pragma once
#include <deque>
#include <functional>
#include <utility>

namespace pedia::synchro {

// One thread.
class ListSlots {
 public:
  explicit ListSlots(int slots) : free_(slots) {}

  // Calls `go` when there is a slot, at once if there is one free; then Release is owed.
  void Acquire(std::function<void()> go) {
    if (free_ == 0) {
      waiting_.push_back(std::move(go));
      return;
    }
    --free_;
    go();
  }
  // Forgets those who wait.
  void Clear() { waiting_.clear(); }
  void Release() {
    if (waiting_.empty()) {
      ++free_;
      return;
    }
    const std::function<void()> next = std::move(waiting_.front());
    waiting_.pop_front();
    next();
  }

 private:
  int free_;
  std::deque<std::function<void()>> waiting_;
};

}  // namespace pedia::synchro
