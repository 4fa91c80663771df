// OpenApiShare: what the OpenAPI readers of all clusters have in common: how many documents may be
// in memory at a time, and which are known from another cluster.
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "kube/event_loop.h"
#include "meta/guarded.h"

namespace pedia::synchro {

// Thread-safe. Outlives its slots and the loops.
class OpenApiShare {
 public:
  // The right to have a document in memory; given back with the last copy.
  using Slot = std::shared_ptr<void>;

  explicit OpenApiShare(int slots);

  // Calls `go` on `loop`'s thread, later, as soon as there is a slot; first come, first served.
  uint64_t Acquire(kube::EventLoop& loop, std::function<void(Slot)> go);
  // Owed before `loop` ends. Does nothing if `go` has been called or is about to be.
  void Cancel(uint64_t id);

  // `source`: a hash that means the same document in every cluster; `hash`: its name in the store.
  void Remember(const std::string& source, const std::string& hash);
  std::optional<std::string> HashOf(const std::string& source) const;

 private:
  struct Waiting {
    kube::EventLoop* loop;
    std::function<void(Slot)> go;
  };
  struct State {
    int free = 0;
    uint64_t next_id = 1;
    std::map<uint64_t, Waiting> waiting;
    std::map<std::string, std::string> known;
  };

  void Serve();  // Whoever waits and can have a slot.
  Slot MakeSlot();

  Guarded<State> state_;
};

}  // namespace pedia::synchro
