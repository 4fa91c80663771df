#include "storage/scan_slots.h"

#include <algorithm>

namespace pedia::storage {

bool ScanSlots::Take(Clock::time_point deadline, const std::function<bool()>& cancelled) {
  constexpr auto kBetweenQuestions = std::chrono::milliseconds(50);
  std::unique_lock lock(mutex_);
  while (free_ == 0) {
    const Clock::time_point now = Clock::now();
    if (now >= deadline || cancelled()) return false;
    freed_.wait_until(lock, std::min(deadline, now + kBetweenQuestions));
  }
  --free_;
  return true;
}

void ScanSlots::GiveBack() {
  {
    const std::scoped_lock lock(mutex_);
    ++free_;
  }
  freed_.notify_one();
}

}  // namespace pedia::storage
