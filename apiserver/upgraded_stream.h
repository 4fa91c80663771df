// UpgradedStream: a connection that has left HTTP, between those who speak on it, from any thread,
// and the io thread that has its socket. Private to the http library.
#pragma once
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "apiserver/http_server.h"

namespace pedia::apiserver {

// Thread-safe. What the io thread calls, only one thread calls.
class UpgradedStream {
 public:
  // How the io thread is told, from any thread; may post, never call back.
  struct Wakeups {
    std::function<void()> output;  // Take has something to say.
    std::function<void()> input;   // wants_input is true now.
  };
  explicit UpgradedStream(Wakeups wakeups) : wakeups_(std::move(wakeups)) {}

  // The users' side, as UpgradedConnection says.
  void Start(std::function<bool(std::string_view bytes)> received);
  void Resume();
  bool Write(std::string_view bytes);
  size_t unsent() const;
  void OnDrained(size_t low_water, std::function<void()> drained);
  void Close();

  // The io thread's side.
  enum class Next { kSend, kWait, kClose };  // kClose: all is sent and nothing more will come.
  Next Take(std::string& out);               // `out` must be empty.
  void Sent(size_t bytes);
  bool closing() const;  // Nothing more will be written.
  bool wants_input() const;
  void Received(std::string_view bytes);  // Only if wants_input.
  void InputEnd();                        // Idempotent.
  void Cut();                             // The connection is gone.

 private:
  void WakeOutput(std::unique_lock<std::mutex>& lock);

  mutable std::mutex mutex_;
  Wakeups wakeups_;
  bool output_woken_ = false;
  std::deque<std::string> pending_;
  size_t unsent_ = 0;  // Of pending_ and of what was taken.
  size_t low_water_ = 0;
  std::function<void()> drained_;
  std::function<bool(std::string_view bytes)> received_;  // Runs and dies on the io thread.
  bool started_ = false;
  bool paused_ = false;
  bool resumed_ = false;  // While received_ runs.
  bool closing_ = false;
  bool cut_ = false;
};

// For users: its end closes the stream.
std::shared_ptr<UpgradedConnection> MakeUpgradedConnection(std::shared_ptr<UpgradedStream> stream);

}  // namespace pedia::apiserver
