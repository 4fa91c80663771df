// ResponseStream: one answer on its way from a handler's thread to a connection's io thread,
// through a bounded buffer. Private to the http library.
#pragma once
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "apiserver/http_server.h"
#include "apiserver/http_wire.h"
#include "apiserver/stream_keeper.h"

namespace pedia::apiserver {

// Thread-safe. The handler's side behaves as ResponseWriter says; MakeWriter wraps it.
class ResponseStream : public KeptStream, public std::enable_shared_from_this<ResponseStream> {
 public:
  struct Options {
    bool head_only = false;   // The request was HEAD.
    int minor_version = 1;    // Of the request.
    bool keep_alive = true;   // As the client wants it.
    bool bulk = false;        // See RequestClass.
    size_t buffer_bytes = 0;  // See HttpServerOptions::write_buffer_bytes ...
    size_t page_bytes = 0;    // ... and page_buffer_bytes.
    std::string client{};     // For the log.
    // When set by the time the head is written, the answer is the last of its connection.
    std::shared_ptr<const std::atomic<bool>> draining{};
    std::shared_ptr<StreamKeeper> keeper{};
    std::function<void()> close{};  // Closes the connection. From any thread, without waiting.
    // Takes the connection out of HTTP. Empty: the request does not ask for that.
    std::function<std::shared_ptr<UpgradedConnection>()> upgrade{};
  };
  // `ready` tells the connection that Take has something to say. Called under the lock: it may
  // post, never call back.
  ResponseStream(Options options, std::function<void()> ready);
  ~ResponseStream() override;

  void WriteHead(int status, const HeaderFields& headers, std::optional<uint64_t> content_length);
  bool Write(std::string_view bytes);
  bool WriteBuffer(std::string buffer);
  bool TryWrite(std::string_view bytes, size_t limit);
  void Finish();
  void Abort();
  bool ClientGone() const;
  void OnClientGone(std::function<void()> callback);
  void OnDrained(size_t low_water, std::function<void()> drained);
  std::shared_ptr<UpgradedConnection> Upgrade();
  bool head_written() const;

  // What the connection does next.
  enum class Next {
    kSend,        // `out` holds bytes; report them by Sent.
    kWait,        // Nothing yet: `ready` will be called.
    kComplete,    // All sent. The stream will not call `ready` any more.
    kIncomplete,  // All sent that there is, and the answer was aborted: close the connection.
  };
  // Moves the next unsent bytes into `out`, which must be empty.
  Next Take(std::string& out);
  void Sent(size_t bytes);
  // The client has closed its side. It may still read; callbacks run, writing goes on.
  void PeerClosed();
  // Nothing will be sent any more. Releases a blocked Write.
  void Cut();
  // Whether the connection can be used after the answer; true before the head is written.
  bool keep_alive() const;
  // The end of the body is the end of the connection, so only a reset shows that it is incomplete.
  bool ends_by_close() const;

  // For the keeper.
  Progress progress() const override;
  const std::string& client() const override { return options_.client; }
  void CloseConnection() override { options_.close(); }

 private:
  enum class State { kHead, kBody, kFinished, kAborted, kUpgraded };

  void Notify();
  bool HasRoom() const;
  bool WaitForRoom(std::unique_lock<std::mutex>& lock);
  void AppendBody(std::string_view bytes);
  void AppendRaw(std::string_view bytes);
  void Count(size_t bytes);
  void Uncount(size_t bytes);
  std::string_view Admit(std::string_view bytes);
  bool writable() const { return !cut_ && state_ == State::kBody; }
  bool is_over() const { return state_ != State::kHead && state_ != State::kBody; }
  void RunCallbacks(std::unique_lock<std::mutex>& lock);

  const Options options_;
  mutable std::mutex mutex_;
  std::condition_variable room_;
  std::function<void()> ready_;
  bool notified_ = false;
  bool bulk_;
  bool kept_ = false;     // The keeper watches it.
  bool waiting_ = false;  // A Write waits for room.
  State state_ = State::kHead;
  Framing framing_ = Framing::kNone;
  bool keep_alive_;
  bool gone_ = false;  // The client closed its side, or cut_.
  bool cut_ = false;
  uint64_t remaining_ = 0;           // With kContentLength: body bytes still to come.
  std::deque<std::string> pending_;  // As they go on the wire.
  size_t unsent_ = 0;                // Of pending_ and of what was taken.
  int64_t sent_ = 0;
  std::vector<std::function<void()>> callbacks_;
  size_t low_water_ = 0;
  std::function<void()> drained_;
};

// A writer for handlers. Its end without Finish aborts the stream.
std::shared_ptr<ResponseWriter> MakeWriter(std::shared_ptr<ResponseStream> stream);

}  // namespace pedia::apiserver
