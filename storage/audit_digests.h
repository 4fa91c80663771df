// AuditDigests: whether two readings of many entries, in different orders, were of the same ones, in
// memory that does not grow with them.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "storage/packed_entries.h"

namespace pedia::storage {

// Sums, for each object, of numbers that stand for its entries: what one reading adds the other takes
// away. Objects whose ids are a multiple of kSums apart share a sum. That a sum comes to nothing
// although the readings differ has a chance of one in 2^64. One thread.
class AuditDigests {
 public:
  static constexpr int64_t kSums = 1 << 20;

  AuditDigests() : sums_(kSums) {}

  // The entries in `packed`, of the object `id`; returns how many there are.
  int64_t Add(int64_t id, std::string_view okey, std::string_view packed);
  void Remove(int64_t id, std::string_view okey, const KeyedValue& entry);

  // Whether something is left of the object, or of one that shares its sum.
  bool Differs(int64_t id) const { return sums_[SumOf(id)] != 0; }
  bool AnyDiffers() const;

 private:
  static size_t SumOf(int64_t id) {
    return static_cast<size_t>(static_cast<uint64_t>(id) % static_cast<uint64_t>(kSums));
  }

  std::vector<uint64_t> sums_;
};

}  // namespace pedia::storage
