// BodyStream: the body of one 200 answer on its way out: JSON goes in, what the client asked for
// comes out (JSON, indented JSON, YAML; gzipped when asked for and long). The first 32 KB are held
// back, and more if it comes fast: a body that ends within them is sent with its Content-Length and
// never compressed, and a failure until then can still become a Status.
#pragma once
#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include "apiserver/document_writer.h"
#include "apiserver/exchange.h"
#include "apiserver/gzip_writer.h"

namespace pedia::apiserver {

// One thread. Either Document, or BeginList, Item*, EndList (as DocumentWriter); each blocks as the
// connection does and is false when the client is gone. Then Finish. Dropped without Finish, the
// answer stays incomplete.
class BodyStream {
 public:
  // `exchange` must outlive it; its headers are sent with the first bytes.
  BodyStream(Exchange& exchange, const MediaType& media);
  ~BodyStream();
  BodyStream(const BodyStream&) = delete;

  bool Document(std::string_view json);
  bool BeginList(std::string_view head, std::string_view key);
  bool Item(std::string_view json);
  bool EndList(std::string_view tail);
  void Finish();
  // Whether the head is on its way, so that nothing else can be answered any more.
  bool started() const { return started_; }
  // Whether nobody waits for this any more. Any thread.
  bool ClientGone() const { return exchange_.response->ClientGone(); }

 private:
  using Clock = std::chrono::steady_clock;

  size_t HeldBytes() const;
  bool FlushIfLong();
  bool Flush();
  void Start();
  HeaderFields Headers() const;

  Exchange& exchange_;
  const std::string content_type_;
  DocumentWriter writer_;
  std::string pending_;  // Not compressed yet; behind ResponseWriter::kWriteRoom.
  const Clock::time_point begun_ = Clock::now();
  std::unique_ptr<GzipWriter> gzip_;
  std::string compressed_;
  bool started_ = false;
  bool client_gone_ = false;
};

}  // namespace pedia::apiserver
