#include "apiserver/proxy_upgrade.h"

#include <mutex>
#include <string_view>
#include <utility>

#include "apiserver/http_wire.h"
#include "apiserver/response_parser.h"
#include "kube/tunnel.h"

namespace pedia::apiserver {
namespace {

constexpr size_t kHighWater = ProxyAnswer::kHighWater;
constexpr size_t kLowWater = ProxyAnswer::kLowWater;

// Both ends of one connection. What the member sends comes on the loop's thread, what the client
// sends on one of the server's; each end pauses while the other has too much to send.
class Relay : public std::enable_shared_from_this<Relay> {
 public:
  Relay(std::shared_ptr<ProxyAnswer> answer, std::shared_ptr<kube::Client> client,
        bool head_request)
      : client_(std::move(client)), answer_(std::move(answer)), parser_(head_request) {}

  void SetTunnel(std::shared_ptr<kube::Tunnel> tunnel) { tunnel_ = std::move(tunnel); }
  bool FromMember(std::string_view bytes);
  void MemberEnd(const Status& status);

 private:
  bool FromClient(std::string_view bytes);
  bool OnAnswer(std::string_view bytes);
  bool Switch();
  bool PassBody();
  void Fail(const Status& status);
  std::string SwitchingHead() const;

  const std::shared_ptr<kube::Client> client_;  // Lives as long as its tunnel connects.
  std::shared_ptr<kube::Tunnel> tunnel_;        // Set before the first byte comes.
  std::shared_ptr<ProxyAnswer> answer_;         // Null once it is over, or has become connection_.
  ResponseParser parser_;
  bool head_sent_ = false;
  std::shared_ptr<UpgradedConnection> connection_;
};

bool Relay::FromMember(std::string_view bytes) {
  if (!connection_) return OnAnswer(bytes);
  if (!connection_->Write(bytes)) {
    tunnel_->Close();
    return true;
  }
  if (connection_->unsent() <= kHighWater) return true;
  connection_->OnDrained(kLowWater, [tunnel = tunnel_] { tunnel->Resume(); });
  return false;
}

bool Relay::OnAnswer(std::string_view bytes) {
  if (!answer_) return true;
  if (!parser_.Feed(bytes)) {
    Fail(ServiceUnavailable("the cluster's answer is no HTTP"));
    return true;
  }
  if (!parser_.has_head()) return true;
  if (parser_.status() == 101) return Switch();
  if (!std::exchange(head_sent_, true)) answer_->Head(parser_.status(), parser_.headers());
  return PassBody();
}

// An ordinary answer instead of another protocol.
bool Relay::PassBody() {
  if (!answer_->Append(parser_.TakeBody()) || parser_.complete()) {
    std::exchange(answer_, nullptr)->End(Status());
    tunnel_->Close();
    return true;
  }
  if (!answer_->IsFull()) return true;
  answer_->writer().OnDrained(kLowWater, [tunnel = tunnel_] { tunnel->Resume(); });
  return false;
}

std::string Relay::SwitchingHead() const {
  std::string head = "HTTP/1.1 101 Switching Protocols\r\n";
  const auto add = [&](std::string_view name, std::string_view value) {
    head.append(name).append(": ").append(value).append("\r\n");
  };
  for (const auto& [name, value] : answer_->HeadersOf(parser_.headers())) add(name, value);
  for (const auto& [name, value] : parser_.headers()) {
    if (EqualsIgnoringCase(name, "Upgrade")) add("Upgrade", value);
  }
  add("Connection", "Upgrade");
  return head.append("\r\n");
}

bool Relay::Switch() {
  connection_ = answer_->writer().Upgrade();
  if (!connection_) {
    Fail(ServiceUnavailable("the connection cannot be upgraded"));
    return true;
  }
  connection_->Write(SwitchingHead());
  answer_.reset();
  connection_->Write(parser_.TakeRest());
  connection_->Start(
      [self = shared_from_this()](std::string_view bytes) { return self->FromClient(bytes); });
  return true;
}

bool Relay::FromClient(std::string_view bytes) {
  if (bytes.empty() || !tunnel_->Write(bytes)) {
    tunnel_->Close();
    return true;
  }
  if (tunnel_->unsent() <= kHighWater) return true;
  tunnel_->OnDrained(kLowWater, [connection = std::weak_ptr(connection_)] {
    if (const auto locked = connection.lock()) locked->Resume();
  });
  return false;
}

void Relay::Fail(const Status& status) {
  if (const auto answer = std::exchange(answer_, nullptr)) answer->End(status);
  tunnel_->Close();
}

void Relay::MemberEnd(const Status& status) {
  if (connection_) return connection_->Close();
  const auto answer = std::exchange(answer_, nullptr);
  if (!answer) return;
  const bool ended = status.ok() && parser_.End();
  if (head_sent_) answer->Append(parser_.TakeBody());
  answer->End(ended || !status.ok() ? status : ServiceUnavailable("the cluster broke off"));
}

class MemberSide final : public kube::TunnelHandler {
 public:
  explicit MemberSide(std::shared_ptr<Relay> relay) : relay_(std::move(relay)) {}
  bool OnData(std::string_view bytes) override { return relay_->FromMember(bytes); }
  void OnEnd(const Status& status) override { relay_->MemberEnd(status); }

 private:
  const std::shared_ptr<Relay> relay_;
};

}  // namespace

void ForwardUpgrade(std::shared_ptr<ProxyAnswer> answer,
                    const std::shared_ptr<kube::Client>& client, kube::Request request,
                    std::string protocol) {
  // On the loop's thread, so that nothing comes before the relay is complete.
  client->loop().Post([answer = std::move(answer), client, request = std::move(request),
                       protocol = std::move(protocol)]() mutable {
    const auto relay = std::make_shared<Relay>(answer, client, request.method == "HEAD");
    const std::shared_ptr<kube::Tunnel> tunnel = client->OpenTunnel(
        std::move(request), std::move(protocol), std::make_unique<MemberSide>(relay));
    relay->SetTunnel(tunnel);
    answer->writer().OnClientGone([tunnel] { tunnel->Close(); });
  });
}

}  // namespace pedia::apiserver
