// BootClock: a steady clock that goes on while the machine sleeps, so that who has slept longer than
// a Lease lasts knows it on waking: CLOCK_MONOTONIC, which std::chrono::steady_clock is, stands still
// meanwhile.
// Source: clock_gettime(2), CLOCK_BOOTTIME.
#pragma once
#include <time.h>

#include <chrono>

namespace pedia::kube {

struct BootClock {
  using duration = std::chrono::nanoseconds;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<BootClock>;
  static constexpr bool is_steady = true;

  static time_point now() {
    timespec time{};
    clock_gettime(CLOCK_BOOTTIME, &time);
    return time_point(std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec));
  }
};

}  // namespace pedia::kube
