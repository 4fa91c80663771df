// Churn: changes the synthetic pods of a World at a given rate, reproducibly.
#pragma once
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <random>
#include <thread>
#include <vector>

#include "tests/member/synthetic.h"
#include "tests/member/world.h"

namespace pedia::member {

// Of 10 changes 6 are updates, 2 creations and 2 deletions. Thread-safe.
class Churn {
 public:
  // `world` must outlive this and contain `cluster`'s pods (LoadSynthetic). Starts at rate 0.
  Churn(World& world, std::shared_ptr<const SyntheticCluster> cluster, uint64_t seed = 1);
  ~Churn();

  void SetRate(double changes_per_second);  // 0 stops; when this returns, no change is under way.
  void Step(int changes);                   // Makes changes at once, on this thread.
  void UpdateAll();                         // Changes every pod once, on this thread.
  uint64_t changes() const { return changes_; }

 private:
  struct Pod {
    uint32_t index;
    uint32_t revision;
  };
  void Run(const std::stop_token& stop);
  void ChangeOne();  // With mutex_ held.

  World& world_;
  const std::shared_ptr<const SyntheticCluster> cluster_;
  std::mutex mutex_;
  std::condition_variable_any rate_changed_;
  double rate_ = 0;
  bool rate_is_new_ = false;
  std::mt19937_64 random_;
  std::vector<Pod> pods_;
  uint32_t next_index_;
  std::atomic<uint64_t> changes_ = 0;
  std::jthread thread_;
};

}  // namespace pedia::member
