#include "apiserver/write_buffers.h"

#include <utility>
#include <vector>

#include "meta/guarded.h"

namespace pedia::apiserver {
namespace {

constexpr size_t kCapacity = WriteBuffers::kBytes + 64 * 1024;
constexpr size_t kMostIdle = 64;

Guarded<std::vector<std::string>>& Idle() {
  static Guarded<std::vector<std::string>> idle;
  return idle;
}

}  // namespace

std::string WriteBuffers::Take() {
  std::string buffer;
  Idle().With([&](std::vector<std::string>& idle) {
    if (idle.empty()) return;
    buffer = std::move(idle.back());  // Used last, so it is in the caches.
    idle.pop_back();
  });
  buffer.reserve(kCapacity);
  return buffer;
}

void WriteBuffers::Return(std::string&& buffer) {
  std::string own = std::move(buffer);  // Freed, if it is, without the lock.
  if (own.capacity() < kCapacity || own.capacity() > 2 * kCapacity) return;
  own.clear();
  Idle().With([&](std::vector<std::string>& idle) {
    if (idle.size() < kMostIdle) idle.push_back(std::move(own));
  });
}

}  // namespace pedia::apiserver
