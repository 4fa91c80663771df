// A 64-bit hash that is the same in every build and process, for continue tokens. Detects damage,
// not forgery.
// Source: FNV-1a.
#pragma once
#include <cstdint>
#include <string_view>

namespace pedia::query {

constexpr uint64_t Hash(std::string_view bytes) {
  uint64_t hash = 0xcbf29ce484222325;
  for (const char c : bytes) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return hash;
}

}  // namespace pedia::query
