// Backoff: how long to wait after a failure: doubling, with jitter, up to a limit.
// Source: k8s.io/apimachinery/pkg/util/wait.Backoff as client-go's reflector uses it.
#pragma once
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <random>

namespace pedia::kube {

// A number in [low, high], from this thread's generator.
inline int64_t RandomBetween(int64_t low, int64_t high) {
  thread_local std::mt19937_64 generator{std::random_device{}()};
  return std::uniform_int_distribution<int64_t>(low, std::max(low, high))(generator);
}

// One thread.
class Backoff {
 public:
  Backoff(std::chrono::milliseconds initial, std::chrono::milliseconds max)
      : initial_(initial), max_(max) {}

  // Between 75 % and 125 % of a delay that doubles with each call.
  std::chrono::milliseconds Next() {
    delay_ = delay_.count() == 0 ? initial_ : std::min(delay_ * 2, max_);
    return std::chrono::milliseconds(RandomBetween(delay_.count() * 3 / 4, delay_.count() * 5 / 4));
  }
  void Reset() { delay_ = {}; }

 private:
  std::chrono::milliseconds initial_, max_, delay_{0};
};

}  // namespace pedia::kube
