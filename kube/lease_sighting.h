// LeaseSighting: what was last seen of a Lease, and for how long it has been so: whether its holder
// lives. Source: client-go/tools/leaderelection ("observedTime").
#pragma once
#include <algorithm>
#include <chrono>

#include "kube/boot_clock.h"
#include "kube/lease.h"

namespace pedia::kube {

// A holder counts as dead only by two answers of the server that are further apart than its Lease
// lasts and show no change. So neither other machines' clocks, nor a pause of this process, nor a
// server that was away make a living holder look dead. One thread.
class LeaseSighting {
 public:
  // `record` was in an answer, which has just come, to a request that was sent at `asked`.
  void See(const LeaseRecord& record, BootClock::time_point asked) {
    if (!any_ || record != record_) since_ = BootClock::now();
    any_ = true;
    record_ = record;
    asked_ = asked;
  }
  const LeaseRecord& record() const { return record_; }
  // How long the Lease lasts after a change; `own` if the record does not say.
  BootClock::duration Lasts(std::chrono::milliseconds own) const {
    if (record_.duration_seconds > 0) return std::chrono::seconds(record_.duration_seconds);
    return own;
  }
  // Whether nothing had changed for so long when the server was asked last.
  bool IsDead(std::chrono::milliseconds own) const { return asked_ - since_ >= Lasts(own); }
  // When to ask so that the answer can tell whether the holder is dead.
  std::chrono::milliseconds UntilDeath(std::chrono::milliseconds own) const {
    const auto left = since_ + Lasts(own) - BootClock::now();
    return std::max(std::chrono::milliseconds(1),
                    std::chrono::ceil<std::chrono::milliseconds>(left));
  }

 private:
  LeaseRecord record_;
  bool any_ = false;
  BootClock::time_point since_{}, asked_{};
};

}  // namespace pedia::kube
