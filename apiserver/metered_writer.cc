#include "apiserver/metered_writer.h"

#include <utility>

namespace pedia::apiserver {

MeteredWriter::MeteredWriter(std::shared_ptr<ResponseWriter> writer,
                             std::shared_ptr<Metrics> metrics)
    : writer_(std::move(writer)),
      metrics_(std::move(metrics)),
      start_(std::chrono::steady_clock::now()) {
  record_.verb = "other";
  metrics_->RequestStarted();
}

MeteredWriter::~MeteredWriter() {
  record_.seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  metrics_->RequestFinished(record_);
}

void MeteredWriter::SetLabels(std::string verb, GroupVersionResource gvr) {
  record_.verb = std::move(verb);
  record_.gvr = std::move(gvr);
}

void MeteredWriter::WriteHead(int status, const HeaderFields& headers,
                              std::optional<uint64_t> content_length) {
  record_.code = status;
  writer_->WriteHead(status, headers, content_length);
}

bool MeteredWriter::Write(std::string_view bytes) {
  record_.body_bytes += bytes.size();
  return writer_->Write(bytes);
}

bool MeteredWriter::WriteBuffer(std::string buffer) {
  record_.body_bytes += buffer.size() - kWriteRoom;
  return writer_->WriteBuffer(std::move(buffer));
}

bool MeteredWriter::TryWrite(std::string_view bytes, size_t limit) {
  const bool sent = writer_->TryWrite(bytes, limit);
  if (sent) record_.body_bytes += bytes.size();
  return sent;
}

}  // namespace pedia::apiserver
