// MeteredWriter: passes one answer through to the network and tells Metrics about it when it is
// over.
#pragma once
#include <chrono>
#include <memory>
#include <string>

#include "apiserver/http_server.h"
#include "apiserver/metrics.h"

namespace pedia::apiserver {

// As thread-safe as ResponseWriter. The request is over when the last reference goes.
class MeteredWriter : public ResponseWriter {
 public:
  MeteredWriter(std::shared_ptr<ResponseWriter> writer, std::shared_ptr<Metrics> metrics);
  ~MeteredWriter() override;
  // The labels; call before the last reference is dropped. `gvr`: only of a resource that is really
  // served.
  void SetLabels(std::string verb, GroupVersionResource gvr);
  bool head_written() const { return record_.code != 0; }

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

 private:
  const std::shared_ptr<ResponseWriter> writer_;
  const std::shared_ptr<Metrics> metrics_;
  const std::chrono::steady_clock::time_point start_;
  RequestRecord record_;
};

}  // namespace pedia::apiserver
