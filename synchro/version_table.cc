#include "synchro/version_table.h"

#include <algorithm>
#include <charconv>
#include <random>
#include <string>
#include <utility>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace pedia::synchro {
namespace {

// Full at 85 %; then it grows by half.
constexpr size_t kInitialCapacity = 16;
constexpr bool IsCrowded(size_t size, size_t capacity) { return size * 20 >= capacity * 17; }

uint64_t Seed() {
  static const uint64_t seed = [] {
    std::random_device device;
    return (static_cast<uint64_t>(device()) << 32) | device();
  }();
  return seed;
}

}  // namespace

ObjectKey MakeObjectKey(std::string_view name_space, std::string_view name) {
  thread_local std::string text;
  text.assign(name_space);
  text.push_back('\0');
  text.append(name);
  const XXH128_hash_t hash = XXH3_128bits_withSeed(text.data(), text.size(), Seed());
  ObjectKey key{hash.high64, hash.low64 & ~uint64_t{0xff}};
  if (key.high == 0 && key.low == 0) key.high = 1;
  return key;
}

uint64_t PackResourceVersion(std::string_view resource_version) {
  uint64_t number = 0;
  const char* end = resource_version.data() + resource_version.size();
  const auto [stop, error] = std::from_chars(resource_version.data(), end, number);
  if (error == std::errc() && stop == end) return number;
  if (resource_version.empty()) return 0;
  return XXH3_64bits_withSeed(resource_version.data(), resource_version.size(), Seed()) |
         (uint64_t{1} << 63);
}

size_t VersionTable::Home(const Slot& slot) const {
  // The high half of high * capacity: an even spread over a capacity that is no power of two.
  __extension__ using Wide = unsigned __int128;
  return static_cast<size_t>((static_cast<Wide>(slot.high) * capacity_) >> 64);
}

size_t VersionTable::FindSlot(const ObjectKey& key) const {
  size_t at = Home(Slot{key.high, 0, 0});
  while (!IsEmpty(slots_[at])) {
    if (slots_[at].high == key.high && (slots_[at].low & ~kMarkBits) == key.low) return at;
    if (++at == capacity_) at = 0;
  }
  return at;
}

const uint64_t* VersionTable::Find(const ObjectKey& key) const {
  if (capacity_ == 0) return nullptr;
  const Slot& slot = slots_[FindSlot(key)];
  return IsEmpty(slot) ? nullptr : &slot.version;
}

void VersionTable::Put(const ObjectKey& key, uint64_t version) {
  if (capacity_ == 0 || IsCrowded(size_ + 1, capacity_)) Grow();
  Slot& slot = slots_[FindSlot(key)];
  if (IsEmpty(slot)) {
    ++size_;
    ++seen_;
  } else if ((slot.low & kMarkBits) != mark_) {
    ++seen_;
  }
  slot = Slot{key.high, key.low | mark_, version};
}

void VersionTable::Mark(const ObjectKey& key) {
  if (capacity_ == 0) return;
  Slot& slot = slots_[FindSlot(key)];
  if (IsEmpty(slot) || (slot.low & kMarkBits) == mark_) return;
  slot.low = key.low | mark_;
  ++seen_;
}

bool VersionTable::Erase(const ObjectKey& key) {
  if (capacity_ == 0) return false;
  size_t hole = FindSlot(key);
  if (IsEmpty(slots_[hole])) return false;
  --size_;
  if ((slots_[hole].low & kMarkBits) == mark_) --seen_;
  // Moves later slots of the run back, so that no search stops at the hole.
  for (size_t at = hole;;) {
    if (++at == capacity_) at = 0;
    if (IsEmpty(slots_[at])) break;
    const size_t home = Home(slots_[at]);
    const bool stays = hole <= at ? (hole < home && home <= at) : (hole < home || home <= at);
    if (stays) continue;
    slots_[hole] = slots_[at];
    hole = at;
  }
  slots_[hole] = Slot{};
  return true;
}

void VersionTable::BeginList() {
  seen_ = 0;
  mark_ = mark_ == kMarkBits ? 1 : mark_ + 1;
  if (mark_ != 1) return;
  // The marks start over: forget those of 255 lists ago. Mark 0 is no list's.
  for (size_t i = 0; i < capacity_; ++i) {
    if (!IsEmpty(slots_[i])) slots_[i].low &= ~kMarkBits;
  }
}

std::vector<ObjectKey> VersionTable::UnseenKeys() const {
  std::vector<ObjectKey> keys;
  keys.reserve(unseen());
  for (size_t i = 0; i < capacity_; ++i) {
    const Slot& slot = slots_[i];
    if (!IsEmpty(slot) && (slot.low & kMarkBits) != mark_)
      keys.push_back({slot.high, slot.low & ~kMarkBits});
  }
  return keys;
}

uint64_t VersionTable::Newest() const {
  uint64_t newest = 0;
  for (size_t i = 0; i < capacity_; ++i) {
    if (IsOrdered(slots_[i].version)) newest = std::max(newest, slots_[i].version);
  }
  return newest;
}

void VersionTable::Grow() {
  const size_t old_capacity = capacity_;
  const std::unique_ptr<Slot[]> old = std::move(slots_);
  capacity_ = std::max(kInitialCapacity, old_capacity + old_capacity / 2);
  slots_ = std::make_unique<Slot[]>(capacity_);
  for (size_t i = 0; i < old_capacity; ++i) {
    if (!IsEmpty(old[i])) slots_[FindSlot({old[i].high, old[i].low & ~kMarkBits})] = old[i];
  }
}

}  // namespace pedia::synchro
