// ScanSlots: how many lists may read through objects' bytes at once, so that scans leave room for
// everything else.
#pragma once
#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>

namespace pedia::storage {

// Thread-safe.
class ScanSlots {
 public:
  using Clock = std::chrono::steady_clock;

  explicit ScanSlots(int slots) : free_(slots) {}

  // Waits for a slot. False if `deadline` passes or `cancelled` says so before.
  bool Take(Clock::time_point deadline, const std::function<bool()>& cancelled);
  void GiveBack();

 private:
  std::mutex mutex_;
  std::condition_variable freed_;
  int free_;
};

// A slot, held or not.
class ScanSlot {
 public:
  explicit ScanSlot(ScanSlots& slots) : slots_(slots) {}
  ScanSlot(const ScanSlot&) = delete;
  ScanSlot& operator=(const ScanSlot&) = delete;
  ~ScanSlot() { GiveBack(); }

  bool Take(ScanSlots::Clock::time_point deadline, const std::function<bool()>& cancelled) {
    return held_ || (held_ = slots_.Take(deadline, cancelled));
  }
  void GiveBack() {
    if (held_) slots_.GiveBack();
    held_ = false;
  }

 private:
  ScanSlots& slots_;
  bool held_ = false;
};

}  // namespace pedia::storage
