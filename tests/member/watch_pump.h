// WatchPump: one thread that carries all watches of a simulated cluster.
// Source: Kubernetes API concepts "Efficient detection of changes", "Watch bookmarks".
#pragma once
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "apiserver/http_server.h"
#include "tests/member/world.h"

namespace pedia::member {

// How BreakWatches ends running watches.
enum class WatchBreak {
  kClose,     // The stream ends properly, as after timeoutSeconds.
  kDrop,      // The connection breaks.
  kExpire,    // An ERROR event with 410 Expired, then the end.
  kError,     // An ERROR event with 500 InternalError, then the end.
  kTruncate,  // Half an event, then the end.
  kGarbage,   // A line that is no JSON, then the end.
  kFreeze,    // Nothing more comes; the connection stays open. Never undone.
};

struct Watch {
  using Clock = std::chrono::steady_clock;
  GroupVersionResource gvr;
  std::string namespace_name;                      // "" = all.
  std::shared_ptr<const ObjectSelector> selector;  // Null: all objects.
  std::string path;                                // For Break.
  uint64_t cursor = 0;                             // Events after this are sent.
  std::optional<ListPage> initial;                 // Objects to send as ADDED before any event.
  bool bookmarks = false;
  bool duplicates = false;                    // Every event is sent twice.
  std::optional<Clock::time_point> deadline;  // Ends the stream properly.
  std::chrono::milliseconds event_delay{0};
  std::shared_ptr<apiserver::ResponseWriter> response;  // Its head has been written.
};

// The line of an ERROR event with this status.
std::string ErrorEventLine(const Status& status);

// Thread-safe.
class WatchPump {
 public:
  // `world` must outlive the pump. Bookmarks are sent to watches that were silent for
  // `bookmark_interval`.
  WatchPump(World& world, std::chrono::milliseconds bookmark_interval);
  ~WatchPump();

  void Add(Watch watch);
  void Break(WatchBreak how, std::string_view path_prefix);  // Of the watches that run now.
  size_t count() const;

 private:
  struct Running;
  struct Signal;
  using Clock = Watch::Clock;

  void Run(const std::stop_token& stop);
  Clock::time_point Advance(Running& running, Clock::time_point now);
  bool Fill(Running& running, Clock::time_point now);
  void Render(Running& running, const EventBatch& batch) const;
  void RenderInitial(Running& running) const;
  void RenderBookmark(Running& running, const ObjectRenderer& renderer) const;
  bool ApplyBreak(Running& running);

  World& world_;
  const std::chrono::milliseconds bookmark_interval_;
  const std::shared_ptr<Signal> signal_;  // Shared with callbacks that may outlive the pump.
  mutable std::mutex mutex_;
  std::list<std::unique_ptr<Running>> watches_;
  uint64_t subscription_ = 0;
  std::jthread thread_;
};

}  // namespace pedia::member
