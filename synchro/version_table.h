// VersionTable: which objects of one resource of one cluster are stored, and in which version;
// nothing else of them is kept. An open-addressing table of hashes, 24 bytes a slot, at most 43
// bytes an object.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

namespace pedia::synchro {

// What stands for (namespace, name): 120 bits of a seeded hash. Two objects with equal keys are
// taken for one; at a million objects the odds are 1 in 10^24.
struct ObjectKey {
  uint64_t high = 0;
  uint64_t low = 0;  // The lowest 8 bits are 0.
  bool operator==(const ObjectKey&) const = default;
};

// The seed is random and the same for all tables of the process.
ObjectKey MakeObjectKey(std::string_view name_space, std::string_view name);

// A resourceVersion as a number; one that is no number as a hash. 0 only for "" and "0".
uint64_t PackResourceVersion(std::string_view resource_version);
// Whether a packed resourceVersion is that number itself, so that a higher one is newer.
constexpr bool IsOrdered(uint64_t packed) { return packed >> 63 == 0; }

// One thread.
class VersionTable {
 public:
  // Gives a key's version; null if the object is unknown. Valid until the next call that changes
  // the table.
  const uint64_t* Find(const ObjectKey& key) const;
  // Inserts or replaces; the object counts as seen in the current list.
  void Put(const ObjectKey& key, uint64_t version);
  bool Erase(const ObjectKey& key);
  // The object was seen in the current list. Requires: it is known.
  void Mark(const ObjectKey& key);

  // Starts a new list: no object counts as seen.
  void BeginList();
  // Known objects that the current list has not shown.
  size_t unseen() const { return size_ - seen_; }
  std::vector<ObjectKey> UnseenKeys() const;

  // The highest ordered version; 0 if there is none.
  uint64_t Newest() const;

  size_t size() const { return size_; }
  size_t memory_bytes() const { return capacity_ * sizeof(Slot); }

 private:
  // Empty: high and low are 0. `low` carries the list's mark in its lowest 8 bits.
  struct Slot {
    uint64_t high = 0;
    uint64_t low = 0;
    uint64_t version = 0;
  };
  static constexpr uint64_t kMarkBits = 0xff;

  static bool IsEmpty(const Slot& slot) { return slot.high == 0 && slot.low == 0; }
  size_t Home(const Slot& slot) const;
  size_t FindSlot(
      const ObjectKey& key) const;  // The key's slot, or the empty one where it belongs.
  void Grow();

  std::unique_ptr<Slot[]> slots_;
  size_t capacity_ = 0;
  size_t size_ = 0;
  size_t seen_ = 0;
  uint64_t mark_ = 1;  // 1..255
};

}  // namespace pedia::synchro
