// StreamKeeper: watches how fast clients take long answers, and cuts off those that are too slow for
// what they hold: a thread and a view of the store while their handler waits for them, memory for
// what was written and not sent. Private to the http library.
#pragma once
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "apiserver/http_server.h"
#include "meta/guarded.h"

namespace pedia::apiserver {

// An answer on its way.
class KeptStream {
 public:
  struct Progress {
    size_t unsent = 0;     // Bytes.
    int64_t sent = 0;      // Bytes, ever.
    bool waiting = false;  // The handler waits for room.
  };
  virtual ~KeptStream() = default;
  virtual Progress progress() const = 0;
  virtual const std::string& client() const = 0;  // For the log.
  virtual void CloseConnection() = 0;             // Without waiting.
};

// Thread-safe, but for Check.
class StreamKeeper {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr std::chrono::milliseconds kTick{250};

  explicit StreamKeeper(const HttpServerOptions& options);

  // What all responses hold.
  void Count(int64_t bytes) { held_ += bytes; }
  bool IsFull() const { return held_.load() >= total_; }
  void Watch(std::weak_ptr<KeptStream> stream);
  // Once every kTick, never twice at a time. `crowded`: others wait for what slow clients hold.
  void Check(Clock::time_point now, bool crowded);

 private:
  struct Kept {
    std::weak_ptr<KeptStream> stream;
    int64_t sent = 0;
    Clock::time_point seen{};        // When `sent` was that.
    Clock::time_point slow_since{};  // The epoch: it is not.
    bool closed = false;
  };
  struct Cut {
    std::shared_ptr<KeptStream> stream;
    Clock::duration slow{};
    const char* why = "";
  };
  void Measure(const KeptStream::Progress& progress, Clock::time_point now, Kept* kept) const;
  std::vector<Cut> Choose(Clock::time_point now, bool full, bool crowded);
  static void LogCut(const Cut& cut);

  const int64_t total_;
  const int64_t slow_bytes_per_second_;
  const std::chrono::milliseconds patience_;
  const std::chrono::milliseconds crowded_patience_;
  std::atomic<int64_t> held_ = 0;
  // A stream comes here while it holds its own lock, so nothing else is locked under this one.
  Guarded<std::vector<std::weak_ptr<KeptStream>>> new_;
  std::vector<Kept> kept_;  // Of Check.
};

}  // namespace pedia::apiserver
