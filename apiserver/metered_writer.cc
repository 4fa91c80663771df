#include "apiserver/metered_writer.h"

#include <utility>

namespace pedia::apiserver {

MeteredWriter::MeteredWriter(std::shared_ptr<ResponseWriter> writer,
                             std::shared_ptr<RequestJournal> journal, RequestReport report)
    : writer_(std::move(writer)),
      journal_(std::move(journal)),
      start_(std::chrono::steady_clock::now()),
      report_(std::move(report)) {
  journal_->RequestStarted();
}

MeteredWriter::~MeteredWriter() {
  report_.seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  journal_->RequestOver(report_);
}

void MeteredWriter::WriteHead(int status, const HeaderFields& headers,
                              std::optional<uint64_t> content_length) {
  report_.code = status;
  for (const auto& [name, value] : headers) {
    if (name == "Pedia-Query-Plan") report_.plan = value;
    if (name == "Pedia-Objects-Scanned") report_.scanned = value;
  }
  writer_->WriteHead(status, headers, content_length);
}

bool MeteredWriter::Write(std::string_view bytes) {
  report_.body_bytes += bytes.size();
  return writer_->Write(bytes);
}

bool MeteredWriter::WriteBuffer(std::string buffer) {
  report_.body_bytes += buffer.size() - kWriteRoom;
  return writer_->WriteBuffer(std::move(buffer));
}

// Counted as answered now: how long people stay in a shell says nothing about pedia.
std::shared_ptr<UpgradedConnection> MeteredWriter::Upgrade() {
  std::shared_ptr<UpgradedConnection> connection = writer_->Upgrade();
  if (connection) report_.code = 101;
  return connection;
}

bool MeteredWriter::TryWrite(std::string_view bytes, size_t limit) {
  const bool sent = writer_->TryWrite(bytes, limit);
  if (sent) report_.body_bytes += bytes.size();
  return sent;
}

}  // namespace pedia::apiserver
