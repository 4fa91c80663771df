#include "synchro/openapi_share.h"

#include <utility>

namespace pedia::synchro {
namespace {

constexpr size_t kMaxKnown = 10'000;

}  // namespace

OpenApiShare::OpenApiShare(int slots) {
  state_.With([&](State& state) { state.free = slots; });
}

uint64_t OpenApiShare::Acquire(kube::EventLoop& loop, std::function<void(Slot)> go) {
  const uint64_t id = state_.With([&](State& state) {
    state.waiting.emplace(state.next_id, Waiting{&loop, std::move(go)});
    return state.next_id++;
  });
  Serve();
  return id;
}

void OpenApiShare::Cancel(uint64_t id) {
  state_.With([&](State& state) { state.waiting.erase(id); });
}

void OpenApiShare::Serve() {
  const std::optional<Waiting> next = state_.With([](State& state) -> std::optional<Waiting> {
    if (state.free == 0 || state.waiting.empty()) return std::nullopt;
    --state.free;
    return std::move(state.waiting.extract(state.waiting.begin()).mapped());
  });
  if (!next) return;
  next->loop->Post([go = next->go, slot = MakeSlot()]() mutable { go(std::move(slot)); });
}

OpenApiShare::Slot OpenApiShare::MakeSlot() {
  return {nullptr, [this](void*) {
            state_.With([](State& state) { ++state.free; });
            Serve();
          }};
}

void OpenApiShare::Remember(const std::string& source, const std::string& hash) {
  state_.With([&](State& state) {
    if (state.known.size() >= kMaxKnown) state.known.clear();  // They are only a saving.
    state.known.insert_or_assign(source, hash);
  });
}

std::optional<std::string> OpenApiShare::HashOf(const std::string& source) const {
  return state_.With([&](const State& state) -> std::optional<std::string> {
    const auto found = state.known.find(source);
    if (found == state.known.end()) return std::nullopt;
    return found->second;
  });
}

}  // namespace pedia::synchro
