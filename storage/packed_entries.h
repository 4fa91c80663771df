// The searchable entries of one object in one blob: what was stored, for finding what an update
// changes, and what conditions that no index answers are evaluated on.
//   repeated, ascending by key: varint key id, varint length of the value, value
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pedia::storage {

struct KeyedValue {
  int64_t key_id;
  std::string_view value;
  bool operator==(const KeyedValue&) const = default;
};

// Requires: `entries` sorted by key_id, at most one value each, key_id >= 0.
std::string PackEntries(const std::vector<KeyedValue>& entries);

// Walks a packed list; damaged bytes end it. The values are views into `packed`.
class PackedEntries {
 public:
  explicit PackedEntries(std::string_view packed) : rest_(packed) {}
  std::optional<KeyedValue> Next();

 private:
  std::string_view rest_;
};

std::vector<KeyedValue> UnpackEntries(std::string_view packed);
std::optional<std::string_view> FindPackedValue(std::string_view packed, int64_t key_id);

// Which keys an object has, without their values: a row of `key_sets`.
//   repeated, ascending: varint key id
// Requires: `key_ids` ascending, each >= 0.
std::string PackKeySet(const std::vector<int64_t>& key_ids);
// Damaged bytes end it.
std::vector<int64_t> UnpackKeySet(std::string_view packed);

}  // namespace pedia::storage
