// MeteredWriter: passes one answer through to the network and tells the journal about the request
// when it is over.
#pragma once
#include <chrono>
#include <memory>
#include <string>

#include "apiserver/http_server.h"
#include "apiserver/request_journal.h"

namespace pedia::apiserver {

// As thread-safe as ResponseWriter. The request is over when the last reference goes.
class MeteredWriter : public ResponseWriter {
 public:
  // `report`: what the request says.
  MeteredWriter(std::shared_ptr<ResponseWriter> writer, std::shared_ptr<RequestJournal> journal,
                RequestReport report);
  ~MeteredWriter() override;
  // For the handler chain, on its thread, as long as that holds a reference: all but how the request
  // is answered.
  RequestReport& report() { return report_; }
  bool head_written() const { return report_.code != 0; }

  void WriteHead(int status, const HeaderFields& headers,
                 std::optional<uint64_t> content_length) override;
  bool Write(std::string_view bytes) override;
  bool WriteBuffer(std::string buffer) override;
  bool TryWrite(std::string_view bytes, size_t limit) override;
  void Finish() override { writer_->Finish(); }
  void Abort() override { writer_->Abort(); }
  bool ClientGone() const override { return writer_->ClientGone(); }
  void OnClientGone(std::function<void()> callback) override {
    writer_->OnClientGone(std::move(callback));
  }
  void OnDrained(size_t low_water, std::function<void()> drained) override {
    writer_->OnDrained(low_water, std::move(drained));
  }
  std::shared_ptr<UpgradedConnection> Upgrade() override;

 private:
  const std::shared_ptr<ResponseWriter> writer_;
  const std::shared_ptr<RequestJournal> journal_;
  const std::chrono::steady_clock::time_point start_;
  RequestReport report_;
};

}  // namespace pedia::apiserver
