// Dice: reproducible random choices. One thread.
#pragma once
#include <cstdint>
#include <initializer_list>
#include <random>
#include <string>
#include <vector>

namespace pedia::oracle {

class Dice {
 public:
  explicit Dice(uint64_t seed) : random_(seed) {}

  uint64_t Seed() { return random_(); }
  // From 0 to n - 1. Requires: n > 0.
  size_t Below(size_t n) { return static_cast<size_t>(random_() % n); }
  bool Chance(size_t percent) { return Below(100) < percent; }
  std::string Pick(std::initializer_list<const char*> texts) {
    return *(texts.begin() + Below(texts.size()));
  }
  template <typename T>
  const T& Of(const std::vector<T>& values) {
    return values[Below(values.size())];
  }

 private:
  std::mt19937_64 random_;
};

}  // namespace pedia::oracle
