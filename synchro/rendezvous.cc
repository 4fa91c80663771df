#include "synchro/rendezvous.h"

#include <cstdint>

namespace pedia::synchro {
namespace {

// FNV-1a, 64 bits.
uint64_t Add(uint64_t hash, std::string_view text) {
  for (const char c : text) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 0x100000001b3;
  }
  return hash;
}

// Every bit of the result depends on every bit of `hash`: the last step of splitmix64. FNV alone
// favours some members.
uint64_t Mix(uint64_t hash) {
  hash = (hash ^ (hash >> 30)) * 0xbf58476d1ce4e5b9;
  hash = (hash ^ (hash >> 27)) * 0x94d049bb133111eb;
  return hash ^ (hash >> 31);
}

uint64_t Weight(std::string_view cluster, std::string_view member) {
  constexpr uint64_t kStart = 0xcbf29ce484222325;
  return Mix(Add(Add(Add(kStart, member), std::string_view("\0", 1)), cluster));
}

}  // namespace

std::string_view OwnerOf(std::string_view cluster, std::span<const std::string> members) {
  std::string_view owner;
  uint64_t best = 0;
  for (const std::string_view member : members) {
    const uint64_t weight = Weight(cluster, member);
    const bool better = weight > best || (weight == best && member < owner);
    if (!owner.empty() && !better) continue;
    owner = member;
    best = weight;
  }
  return owner;
}

}  // namespace pedia::synchro
