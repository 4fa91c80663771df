#include "storage/packed_entries.h"

namespace pedia::storage {
namespace {

void AppendVarint(uint64_t value, std::string* out) {
  for (; value >= 0x80; value >>= 7) out->push_back(static_cast<char>((value & 0x7f) | 0x80));
  out->push_back(static_cast<char>(value));
}

// Takes a number off the front of `rest`; damage takes everything.
std::optional<uint64_t> ReadVarint(std::string_view* rest) {
  uint64_t value = 0;
  for (size_t i = 0; i < rest->size() && i < 9; ++i) {
    const auto byte = static_cast<unsigned char>((*rest)[i]);
    value |= static_cast<uint64_t>(byte & 0x7f) << (7 * i);
    if (byte < 0x80) {
      rest->remove_prefix(i + 1);
      return value;
    }
  }
  *rest = {};
  return std::nullopt;
}

}  // namespace

std::string PackEntries(const std::vector<KeyedValue>& entries) {
  size_t size = 0;
  for (const KeyedValue& entry : entries) size += entry.value.size() + 4;
  std::string packed;
  packed.reserve(size);
  for (const KeyedValue& entry : entries) {
    AppendVarint(static_cast<uint64_t>(entry.key_id), &packed);
    AppendVarint(entry.value.size(), &packed);
    packed.append(entry.value);
  }
  return packed;
}

std::optional<KeyedValue> PackedEntries::Next() {
  const std::optional<uint64_t> key_id = ReadVarint(&rest_);
  const std::optional<uint64_t> length = ReadVarint(&rest_);
  if (!key_id || !length || *length > rest_.size()) {
    rest_ = {};
    return std::nullopt;
  }
  const std::string_view value = rest_.substr(0, *length);
  rest_.remove_prefix(*length);
  return KeyedValue{static_cast<int64_t>(*key_id), value};
}

std::vector<KeyedValue> UnpackEntries(std::string_view packed) {
  std::vector<KeyedValue> entries;
  PackedEntries reader(packed);
  while (const std::optional<KeyedValue> entry = reader.Next()) entries.push_back(*entry);
  return entries;
}

std::optional<std::string_view> FindPackedValue(std::string_view packed, int64_t key_id) {
  PackedEntries reader(packed);
  while (const std::optional<KeyedValue> entry = reader.Next()) {
    if (entry->key_id == key_id) return entry->value;
    if (entry->key_id > key_id) break;
  }
  return std::nullopt;
}

std::string PackKeySet(const std::vector<int64_t>& key_ids) {
  std::string packed;
  packed.reserve(key_ids.size() * 2);
  for (const int64_t key_id : key_ids) AppendVarint(static_cast<uint64_t>(key_id), &packed);
  return packed;
}

std::vector<int64_t> UnpackKeySet(std::string_view packed) {
  std::vector<int64_t> key_ids;
  while (const std::optional<uint64_t> key_id = ReadVarint(&packed)) {
    key_ids.push_back(static_cast<int64_t>(*key_id));
  }
  return key_ids;
}

}  // namespace pedia::storage
