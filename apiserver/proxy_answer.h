// ProxyAnswer: the client's side of a request that has gone on to a member: outlives the Exchange.
#pragma once
#include <functional>
#include <memory>
#include <string>

#include "apiserver/exchange.h"
#include "apiserver/proxy_headers.h"
#include "kube/client.h"

namespace pedia::apiserver {

// One thread at a time, any thread.
class ProxyAnswer {
 public:
  // What may wait to be sent to a client that is slower than its member, and what must be left of it
  // before more is read.
  static constexpr size_t kHighWater = 256 * 1024;
  static constexpr size_t kLowWater = 64 * 1024;

  ProxyAnswer(const Exchange& exchange, MemberPlace place);

  ResponseWriter& writer() { return *writer_; }
  void Head(int code, const HeaderFields& member);
  // For a head of 101.
  HeaderFields HeadersOf(const HeaderFields& member) const;
  // Takes the bytes, or not: then `room` runs when it would. kAbort: the client is gone.
  kube::Flow Body(std::string_view bytes, const std::function<void()>& room);
  // Takes the bytes in any case. False: the client is gone.
  bool Append(std::string_view bytes);
  bool IsFull();
  // The answer is complete if `status` is success, else it becomes a Status document, or breaks off
  // if it has begun.
  void End(const Status& status);

 private:
  HttpRequest request_;  // Without its body.
  const std::shared_ptr<ResponseWriter> writer_;
  const HeaderFields own_;
  const MemberPlace place_;
  bool has_begun_ = false;
};

}  // namespace pedia::apiserver
