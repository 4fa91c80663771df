// ResponseStream: one answer on its way from a handler's thread to a connection's io thread,
// through a bounded buffer. Private to the http library.
#pragma once
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "apiserver/http_server.h"
#include "apiserver/http_wire.h"

namespace pedia::apiserver {

// Thread-safe. The handler's side behaves as ResponseWriter says; MakeWriter wraps it.
class ResponseStream {
 public:
  struct Options {
    bool head_only = false;  // The request was HEAD.
    int minor_version = 1;   // Of the request.
    bool keep_alive = true;  // As the client wants it.
    size_t buffer_bytes = 0;
    // When set by the time the head is written, the answer is the last of its connection.
    std::shared_ptr<const std::atomic<bool>> draining{};
  };
  // `ready` tells the connection that Take has something to say. Called under the lock: it may
  // post, never call back.
  ResponseStream(const Options& options, std::function<void()> ready);

  void WriteHead(int status, const HeaderFields& headers, std::optional<uint64_t> content_length);
  bool Write(std::string_view bytes);
  bool TryWrite(std::string_view bytes, size_t limit);
  void Finish();
  void Abort();
  bool ClientGone() const;
  void OnClientGone(std::function<void()> callback);
  bool head_written() const;

  // What the connection does next.
  enum class Next {
    kSend,        // `out` holds bytes; report them by Sent.
    kWait,        // Nothing yet: `ready` will be called.
    kComplete,    // All sent. The stream will not call `ready` any more.
    kIncomplete,  // All sent that there is, and the answer was aborted: close the connection.
  };
  // Moves everything unsent into `out`, which must be empty; its capacity is reused.
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

 private:
  enum class State { kHead, kBody, kFinished, kAborted };

  void Notify();
  void AppendBody(std::string_view bytes);
  std::string_view Admit(std::string_view bytes);
  size_t unsent() const { return pending_.size() + taken_; }
  bool writable() const { return !cut_ && state_ == State::kBody; }
  void RunCallbacks(std::unique_lock<std::mutex>& lock);

  const Options options_;
  mutable std::mutex mutex_;
  std::condition_variable room_;
  std::function<void()> ready_;
  bool notified_ = false;
  State state_ = State::kHead;
  Framing framing_ = Framing::kNone;
  bool keep_alive_;
  bool gone_ = false;  // The client closed its side, or cut_.
  bool cut_ = false;
  uint64_t remaining_ = 0;  // With kContentLength: body bytes still to come.
  std::string pending_;     // As they go on the wire.
  size_t taken_ = 0;        // Taken, not yet sent.
  std::vector<std::function<void()>> callbacks_;
};

// A writer for handlers. Its end without Finish aborts the stream.
std::shared_ptr<ResponseWriter> MakeWriter(std::shared_ptr<ResponseStream> stream);

}  // namespace pedia::apiserver
