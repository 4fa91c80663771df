// Transfer: one request of a Client and its response, as a libcurl easy handle.
#pragma once
#include <curl/curl.h>

#include <array>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "kube/client.h"
#include "kube/credentials.h"
#include "kube/endpoint.h"

namespace pedia::kube {

Status CancelledStatus();

// On the loop's thread, but for its construction and destruction. Invariant: the handler gets
// OnDone exactly once, from the destructor if from nobody before.
class Transfer {
 public:
  using Clock = std::chrono::steady_clock;

  Transfer(Client::RequestId id, Request request, std::unique_ptr<ResponseHandler> handler);
  ~Transfer();
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  // What the transfer tells its client; both are called from within libcurl.
  struct Events {
    std::function<void()> connected;  // Before the request is sent.
    std::function<bool(uint64_t generation)>
        unauthorized;  // 401: whether to try again. The response is dropped if so.
  };

  // Makes the handle for a (new) attempt. It stays valid as long as `endpoint` does. Errors:
  // BadRequest for a request that cannot be sent, ServiceUnavailable.
  Status Prepare(const Endpoint& endpoint, CredentialPtr credential, Events events);
  CURL* easy() const { return easy_; }
  void FreeHandle();

  // Ends the transfer with `why`, as soon as libcurl looks at it again; OnData does not come any
  // more. The first reason stays.
  void Abort(Status why);
  // Of an attempt that ended with `code`.
  Status Outcome(CURLcode code) const;
  std::string Describe(const std::string& cause) const {
    return request.method + " " + url_for_messages + ": " + cause;
  }
  // Calls OnDone, unless it has been called. The handler may destroy the client in it.
  void Conclude(const Status& status);

  bool wants_retry() const { return wants_retry_ && !abort_reason_; }
  bool paused() const { return paused_; }
  void Unpause();

  const Client::RequestId id;
  const Request request;
  std::string url_for_messages;  // Without the query.
  Clock::time_point last_activity = Clock::now();
  // Of the client's book-keeping.
  bool running = false;  // Out of the queue.
  bool connecting = false;
  bool launched = false;  // Its handle is in the multi handle.
  TimerId total_timer = 0;
  TimerId idle_timer = 0;

 private:
  static size_t WriteCallback(char* data, size_t size, size_t count, void* self);
  static size_t HeaderCallback(char* data, size_t size, size_t count, void* self);
  static int PreRequestCallback(void* self, char*, char*, int, int);

  void SetMethod();
  void SetProtocol(const Endpoint& endpoint);
  bool SetHeaders(const Endpoint& endpoint);
  size_t OnBytes(std::string_view bytes);
  size_t OnHeaderLine(std::string_view line);
  void OnHeadersEnd();

  std::unique_ptr<ResponseHandler> handler_;
  bool done_ = false;
  CURL* easy_ = nullptr;
  curl_slist* headers_ = nullptr;
  curl_slist* connect_to_ = nullptr;
  std::array<char, CURL_ERROR_SIZE> error_{};
  CredentialPtr credential_;
  Events events_;
  ResponseHead head_;
  size_t header_bytes_ = 0;
  bool head_complete_ = false;
  bool retried_ = false;
  bool wants_retry_ = false;
  bool paused_ = false;
  std::optional<Status> abort_reason_;
};

}  // namespace pedia::kube
