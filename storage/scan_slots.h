// ScanSlots: how many lists may read through objects' bytes at once, so that scans leave room for
// everything else.
#pragma once
#include <chrono>
#include <condition_variable>
#include <functional>
#include <limits>
#include <mutex>

namespace pedia::storage {

// Thread-safe.
class ScanSlots {
 public:
  using Clock = std::chrono::steady_clock;

  enum class Outcome {
    kTaken,
    kCrowded,  // `most_waiting` others wait already.
    kGivenUp,  // `deadline` passed, or `cancelled` said so.
  };

  explicit ScanSlots(int slots) : free_(slots) {}

  // Waits for a slot.
  Outcome Take(Clock::time_point deadline, const std::function<bool()>& cancelled,
               int most_waiting = std::numeric_limits<int>::max());
  void GiveBack();

 private:
  std::mutex mutex_;
  std::condition_variable freed_;
  int free_;
  int waiting_ = 0;
};

// A slot, held or not.
class ScanSlot {
 public:
  explicit ScanSlot(ScanSlots& slots) : slots_(slots) {}
  ScanSlot(const ScanSlot&) = delete;
  ScanSlot& operator=(const ScanSlot&) = delete;
  ~ScanSlot() { GiveBack(); }

  // Only the first time it may be refused for others that wait: what has begun goes on.
  ScanSlots::Outcome Take(ScanSlots::Clock::time_point deadline,
                          const std::function<bool()>& cancelled) {
    if (held_) return ScanSlots::Outcome::kTaken;
    const ScanSlots::Outcome outcome =
        begun_ ? slots_.Take(deadline, cancelled) : slots_.Take(deadline, cancelled, kMostWaiting);
    held_ = outcome == ScanSlots::Outcome::kTaken;
    begun_ = begun_ || held_;
    return outcome;
  }
  void GiveBack() {
    if (held_) slots_.GiveBack();
    held_ = false;
  }

 private:
  // Who waits holds a thread and a connection that others need.
  static constexpr int kMostWaiting = 4;

  ScanSlots& slots_;
  bool held_ = false;
  bool begun_ = false;
};

}  // namespace pedia::storage
