#include "apiserver/proxy_answer.h"

#include <charconv>
#include <cstdint>
#include <optional>
#include <utility>

#include "apiserver/http_wire.h"

namespace pedia::apiserver {
namespace {

std::optional<uint64_t> LengthOf(const HeaderFields& headers) {
  for (const auto& [name, value] : headers) {
    if (!EqualsIgnoringCase(name, "Content-Length")) continue;
    uint64_t length = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), length);
    if (error == std::errc() && end == value.data() + value.size()) return length;
  }
  return std::nullopt;
}

}  // namespace

ProxyAnswer::ProxyAnswer(const Exchange& exchange, MemberPlace place)
    : writer_(exchange.response), own_(exchange.headers), place_(std::move(place)) {
  request_.method = exchange.request.method;
  request_.target = exchange.request.target;
  request_.headers = exchange.request.headers;
}

HeaderFields ProxyAnswer::HeadersOf(const HeaderFields& member) const {
  return HeadersToClient(member, own_, place_);
}

void ProxyAnswer::Head(int code, const HeaderFields& member) {
  has_begun_ = true;
  writer_->WriteHead(code, HeadersOf(member), LengthOf(member));
}

kube::Flow ProxyAnswer::Body(std::string_view bytes, const std::function<void()>& room) {
  if (bytes.empty() || writer_->TryWrite(bytes, kHighWater)) return kube::Flow::kContinue;
  if (writer_->ClientGone()) return kube::Flow::kAbort;
  writer_->OnDrained(kLowWater, room);
  return kube::Flow::kPause;
}

bool ProxyAnswer::Append(std::string_view bytes) {
  return bytes.empty() || writer_->TryWrite(bytes, SIZE_MAX);
}

bool ProxyAnswer::IsFull() { return !writer_->TryWrite("", kHighWater) && !writer_->ClientGone(); }

void ProxyAnswer::End(const Status& status) {
  if (has_begun_) return status.ok() ? writer_->Finish() : writer_->Abort();
  has_begun_ = true;
  Exchange exchange{request_, writer_};
  exchange.headers = own_;
  SendStatus(exchange, status.ok() ? ServiceUnavailable("the cluster gave no answer") : status);
}

}  // namespace pedia::apiserver
