#include "storage/audit_digests.h"

#include <algorithm>
#include <functional>

namespace pedia::storage {
namespace {

// Spreads each bit over all of them.
uint64_t Mix(uint64_t number) {
  number = (number ^ (number >> 32)) * 0x9fb21c651e98df25;
  number = (number ^ (number >> 29)) * 0xd6e8feb86659fd93;
  return number ^ (number >> 32);
}

uint64_t NumberOf(std::string_view text) { return std::hash<std::string_view>()(text); }

uint64_t ObjectNumber(int64_t id, std::string_view okey) {
  return Mix(NumberOf(okey) + static_cast<uint64_t>(id));
}

uint64_t EntryNumber(uint64_t object, const KeyedValue& entry) {
  return Mix(Mix(object + NumberOf(entry.value)) + static_cast<uint64_t>(entry.key_id));
}

}  // namespace

int64_t AuditDigests::Add(int64_t id, std::string_view okey, std::string_view packed) {
  const uint64_t object = ObjectNumber(id, okey);
  PackedEntries entries(packed);
  int64_t count = 0;
  for (; const auto entry = entries.Next(); ++count)
    sums_[SumOf(id)] += EntryNumber(object, *entry);
  return count;
}

void AuditDigests::Remove(int64_t id, std::string_view okey, const KeyedValue& entry) {
  sums_[SumOf(id)] -= EntryNumber(ObjectNumber(id, okey), entry);
}

bool AuditDigests::AnyDiffers() const {
  return std::any_of(sums_.begin(), sums_.end(), [](uint64_t sum) { return sum != 0; });
}

}  // namespace pedia::storage
