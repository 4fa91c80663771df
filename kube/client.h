// Client: HTTP requests to one kube-apiserver, asynchronous, with its credentials; HTTP/2 where
// offered. Source: Kubernetes API concepts (list, watch, 429 and Retry-After); client-go/rest.
#pragma once
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kube/event_loop.h"
#include "kube/rest_config.h"
#include "kube/tunnel.h"
#include "meta/result.h"

namespace pedia::kube {

using HeaderFields = std::vector<std::pair<std::string, std::string>>;

struct Request {
  std::string path_and_query;  // "/api/v1/pods?limit=500", below the server's own path prefix.
  std::string accept = "application/json";
  std::string method = "GET";
  std::string body{};
  std::string content_type{};  // Of the body.
  // More of them, as they go out. Not Host, Authorization, or what is about the connection or the
  // body's length: a request with these, or with anything that cannot stand in a header, ends with
  // BadRequest.
  HeaderFields headers{};
  std::string if_none_match{};                // An ETag; the answer may be 304 then.
  std::chrono::milliseconds timeout{30'000};  // Of the whole request; 0 = none (watches).
  std::chrono::milliseconds idle_timeout{0};  // No byte for so long ends it with Timeout; 0 = none.
  // HTTP/1.1 on a connection that no other request uses meanwhile: for responses that may be paused
  // for long.
  bool own_connection = false;
  bool long_lived = false;  // A watch: little data, mostly none; it gets smaller buffers.
};

struct ResponseHead {
  int code = 0;
  std::string content_type;
  std::optional<int> retry_after_seconds;
  std::string etag;
  HeaderFields headers{};  // All of them, in order, names as sent.
};

enum class Flow { kContinue, kPause, kAbort };

// Receives one response, all calls on the loop's thread.
class ResponseHandler {
 public:
  virtual ~ResponseHandler() = default;
  virtual void OnHead(const ResponseHead& head) = 0;
  // `bytes` are valid during the call. kPause: these bytes are NOT consumed, and come again after
  // Resume(). kAbort: ends the request, OnDone follows.
  virtual Flow OnData(std::string_view bytes) = 0;
  // Exactly once, last. Success: the response was complete (whatever its code). Errors:
  // BadRequest (the request cannot be sent), ServiceUnavailable (not reachable, TLS, broken off,
  // credentials plugin failed), Timeout; the message names the cause without credentials.
  virtual void OnDone(const Status& status) = 0;
};

// Requests of one Client share its connections: HTTP/2 where the server offers it, else one
// connection per running request. At most 1000 requests without a timeout (watches) and 128 others
// run at once; more wait. All functions are thread-safe.
class Client {
 public:
  // `loop` must outlive the client. Cheap: nothing is connected yet.
  Client(EventLoop& loop, RestConfig config);
  // Cancels what is running; no callback comes after this returns when called on the loop's thread.
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  using RequestId = uint64_t;
  RequestId Start(Request request, std::unique_ptr<ResponseHandler> handler);
  // OnDone(cancelled) still comes, later; on the loop's thread nothing else does.
  void Cancel(RequestId id);
  // After kPause. May be called before OnData has returned kPause, too.
  void Resume(RequestId id);

  // A small document as a whole, whatever the method. `done(document)`, also of an answer that is a
  // failure, or a transport error. At most `max_bytes` (else an error). A request that was sent and
  // not answered may have been carried out.
  struct Document {
    ResponseHead head;
    std::string body;
  };
  RequestId Get(Request request, std::function<void(Result<Document>)> done,
                size_t max_bytes = 64 << 20);

  // Sends `request` with "Upgrade: <protocol>" on a connection of its own, whatever its answer is.
  std::shared_ptr<Tunnel> OpenTunnel(Request request, std::string protocol,
                                     std::unique_ptr<TunnelHandler> handler);

  // As Get, blocking. Errors also: InternalError on the loop's thread, which would wait for itself.
  Result<Document> Call(Request request, size_t max_bytes = 64 << 20);

  EventLoop& loop();
  const RestConfig& config() const;

 private:
  class Core;
  std::shared_ptr<Core> core_;
};

// The Status a member sent as the body of a failed request, or one made from the code. `body` may
// be anything.
Status StatusFromResponse(int code, std::string_view body, std::optional<int> retry_after_seconds);

}  // namespace pedia::kube
