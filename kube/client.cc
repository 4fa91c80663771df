#include "kube/client.h"

#include <future>

#include "kube/curl_client_core.h"
#include "kube/curl_tunnel_core.h"

namespace pedia::kube {
namespace {

class DocumentHandler : public ResponseHandler {
 public:
  DocumentHandler(std::function<void(Result<Client::Document>)> done, size_t max_bytes)
      : done_(std::move(done)), max_bytes_(max_bytes) {}

  void OnHead(const ResponseHead& head) override { document_.head = head; }
  Flow OnData(std::string_view bytes) override {
    too_large_ = document_.body.size() + bytes.size() > max_bytes_;
    if (too_large_) return Flow::kAbort;
    document_.body.append(bytes);
    return Flow::kContinue;
  }
  void OnDone(const Status& status) override {
    if (too_large_) {
      done_(ServiceUnavailable("the response is larger than " + std::to_string(max_bytes_) +
                               " bytes"));
    } else if (!status.ok()) {
      done_(status);
    } else {
      done_(std::move(document_));
    }
  }

 private:
  std::function<void(Result<Client::Document>)> done_;
  size_t max_bytes_;
  Client::Document document_;
  bool too_large_ = false;
};

}  // namespace

Client::Client(EventLoop& loop, RestConfig config)
    : core_(std::make_shared<Core>(loop, std::move(config))) {}
Client::~Client() { core_->Close(); }

Client::RequestId Client::Start(Request request, std::unique_ptr<ResponseHandler> handler) {
  return core_->Start(std::move(request), std::move(handler));
}
void Client::Cancel(RequestId id) { core_->Cancel(id); }
void Client::Resume(RequestId id) { core_->Resume(id); }

Client::RequestId Client::Get(Request request, std::function<void(Result<Document>)> done,
                              size_t max_bytes) {
  return core_->Start(std::move(request),
                      std::make_unique<DocumentHandler>(std::move(done), max_bytes));
}

Result<Client::Document> Client::Call(Request request, size_t max_bytes) {
  if (core_->loop().InLoopThread())
    return InternalError("a blocking request on the thread that would have to answer it");
  const auto promise = std::make_shared<std::promise<Result<Document>>>();
  auto answer = promise->get_future();
  Get(
      std::move(request),
      [promise](Result<Document> document) { promise->set_value(std::move(document)); }, max_bytes);
  return answer.get();
}

std::shared_ptr<Tunnel> Client::OpenTunnel(Request request, std::string protocol,
                                           std::unique_ptr<TunnelHandler> handler) {
  const auto tunnel = std::make_shared<Tunnel::Core>(
      core_->loop().shared_core(), std::move(request), std::move(protocol), std::move(handler));
  core_->Open(tunnel);
  return std::make_shared<Tunnel>(tunnel);
}

EventLoop& Client::loop() { return core_->loop(); }
const RestConfig& Client::config() const { return core_->config(); }

}  // namespace pedia::kube
