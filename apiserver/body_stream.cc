#include "apiserver/body_stream.h"

#include <utility>

#include "apiserver/write_buffers.h"

namespace pedia::apiserver {
namespace {

constexpr size_t kHoldBytes = 32 * 1024;
constexpr auto kPatience = std::chrono::milliseconds(5);
// Of what follows: large enough that handing over to the connection's thread costs little.
constexpr size_t kFlushBytes = WriteBuffers::kBytes;
constexpr size_t kRoom = ResponseWriter::kWriteRoom;

std::string EmptyBuffer() {
  std::string buffer = WriteBuffers::Take();
  buffer.assign(kRoom, ' ');
  return buffer;
}

bool WantsPretty(const query::UrlQuery& query) {
  const std::string_view value = query.Get("pretty");
  return value == "1" || value == "t" || value == "T" || value == "true" || value == "True" ||
         value == "TRUE";
}

}  // namespace

BodyStream::BodyStream(Exchange& exchange, const MediaType& media)
    : exchange_(exchange),
      content_type_(media.ContentType()),
      writer_(media.format, WantsPretty(exchange.query)),
      pending_(EmptyBuffer()) {}

BodyStream::~BodyStream() { WriteBuffers::Return(std::move(pending_)); }

bool BodyStream::Document(std::string_view json) {
  writer_.Document(json, &pending_);
  return FlushIfLong();
}

bool BodyStream::BeginList(std::string_view head, std::string_view key) {
  writer_.BeginList(head, key, &pending_);
  return FlushIfLong();
}

bool BodyStream::Item(std::string_view json) {
  writer_.Item(json, &pending_);
  return FlushIfLong();
}

bool BodyStream::EndList(std::string_view tail) {
  writer_.EndList(tail, &pending_);
  return FlushIfLong();
}

HeaderFields BodyStream::Headers() const {
  HeaderFields headers = exchange_.headers;
  headers.emplace_back("Content-Type", content_type_);
  headers.emplace_back("Vary", "Accept, Accept-Encoding");
  return headers;
}

void BodyStream::Start() {
  HeaderFields headers = Headers();
  if (AcceptsGzip(exchange_.request.headers)) gzip_ = GzipWriter::TryMake();
  if (gzip_) headers.emplace_back("Content-Encoding", "gzip");
  exchange_.response->WriteHead(200, headers, {});
  started_ = true;
}

// A page that comes fast is sent at once; one that comes slowly is not kept from who waits for it.
size_t BodyStream::HeldBytes() const {
  const bool waits = !started_ && Clock::now() - begun_ > kPatience;
  return (waits ? kHoldBytes : kFlushBytes) + kRoom;
}

bool BodyStream::FlushIfLong() {
  if (client_gone_) return false;
  return pending_.size() < kHoldBytes + kRoom || pending_.size() < HeldBytes() || Flush();
}

bool BodyStream::Flush() {
  if (!started_) Start();
  if (gzip_) {
    gzip_->Write(std::string_view(pending_).substr(kRoom), compressed_);
    client_gone_ = !compressed_.empty() && !exchange_.response->Write(compressed_);
    compressed_.clear();
    pending_.resize(kRoom);
  } else if (pending_.size() > kRoom) {
    client_gone_ = !exchange_.response->WriteBuffer(std::move(pending_));
    pending_ = EmptyBuffer();
  }
  return !client_gone_;
}

void BodyStream::Finish() {
  if (client_gone_) return;
  if (!started_ && pending_.size() < kHoldBytes + kRoom) {
    started_ = true;
    return exchange_.response->Send(200, Headers(), std::string_view(pending_).substr(kRoom));
  }
  if (!Flush()) return;
  if (gzip_) {
    gzip_->Finish(compressed_);
    if (!exchange_.response->Write(compressed_)) return;
  }
  exchange_.response->Finish();
}

}  // namespace pedia::apiserver
