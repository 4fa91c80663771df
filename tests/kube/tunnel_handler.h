// CollectingTunnel: keeps what comes out of a Tunnel, and how it ended.
#pragma once
#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "kube/tunnel.h"

namespace pedia::kube {

// Thread-safe; shared by a test and the handler it gives away.
struct CollectedTunnel {
  bool WaitFor(const std::function<bool(const std::string& bytes)>& enough) {
    std::unique_lock lock(mutex);
    return changed.wait_for(lock, std::chrono::seconds(20), [&] { return enough(bytes); });
  }
  // Nothing if it does not end in time.
  std::optional<Status> WaitForEnd() {
    std::unique_lock lock(mutex);
    changed.wait_for(lock, std::chrono::seconds(20), [&] { return end.has_value(); });
    return end;
  }

  std::mutex mutex;
  std::condition_variable changed;
  std::string bytes;
  std::optional<Status> end;
  int ends = 0;
  size_t pause_at = SIZE_MAX;  // Pauses once so many bytes have come, until it is raised.
};

class CollectingTunnel : public TunnelHandler {
 public:
  explicit CollectingTunnel(std::shared_ptr<CollectedTunnel> into) : into_(std::move(into)) {}
  bool OnData(std::string_view bytes) override {
    const std::scoped_lock lock(into_->mutex);
    into_->bytes += bytes;
    into_->changed.notify_all();
    return into_->bytes.size() < into_->pause_at;
  }
  void OnEnd(const Status& status) override {
    const std::scoped_lock lock(into_->mutex);
    into_->end = status;
    ++into_->ends;
    into_->changed.notify_all();
  }

 private:
  const std::shared_ptr<CollectedTunnel> into_;
};

}  // namespace pedia::kube
