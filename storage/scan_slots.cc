#include "storage/scan_slots.h"

#include <algorithm>

namespace pedia::storage {

ScanSlots::Outcome ScanSlots::Take(Clock::time_point deadline,
                                   const std::function<bool()>& cancelled, int most_waiting) {
  constexpr auto kBetweenQuestions = std::chrono::milliseconds(50);
  std::unique_lock lock(mutex_);
  if (free_ == 0 && waiting_ >= most_waiting) return Outcome::kCrowded;
  ++waiting_;
  bool given_up = false;
  while (free_ == 0 && !given_up) {
    const Clock::time_point now = Clock::now();
    given_up = now >= deadline || cancelled();
    if (!given_up) freed_.wait_until(lock, std::min(deadline, now + kBetweenQuestions));
  }
  --waiting_;
  if (given_up) return Outcome::kGivenUp;
  --free_;
  return Outcome::kTaken;
}

void ScanSlots::GiveBack() {
  {
    const std::scoped_lock lock(mutex_);
    ++free_;
  }
  freed_.notify_one();
}

}  // namespace pedia::storage
