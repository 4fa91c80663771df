#include "apiserver/proxy_handler.h"

#include <algorithm>
#include <list>
#include <string>
#include <utility>

#include "apiserver/http_wire.h"
#include "apiserver/proxy_answer.h"
#include "apiserver/proxy_credentials.h"
#include "apiserver/proxy_headers.h"
#include "apiserver/proxy_target.h"
#include "apiserver/proxy_upgrade.h"
#include "discovery/documents.h"
#include "kube/client.h"
#include "meta/guarded.h"

namespace pedia::apiserver {
namespace {

// A kube-apiserver ends its own requests after 60 seconds.
constexpr std::chrono::seconds kMemberSilence{70};
// Clients that are kept for the next request with the same credentials, and their connections.
constexpr size_t kMaxClients = 64;

// A member's answer on its way to the client. On the loop's thread.
class Forwarding final : public kube::ResponseHandler {
 public:
  // `id` is known by the time the first byte comes.
  Forwarding(std::shared_ptr<ProxyAnswer> answer, std::shared_ptr<kube::Client> client,
             std::shared_ptr<kube::Client::RequestId> id)
      : answer_(std::move(answer)), client_(std::move(client)), id_(std::move(id)) {}

  void OnHead(const kube::ResponseHead& head) override { answer_->Head(head.code, head.headers); }
  kube::Flow OnData(std::string_view bytes) override {
    return answer_->Body(bytes, [client = client_, id = *id_] { client->Resume(id); });
  }
  void OnDone(const Status& status) override { answer_->End(status); }

 private:
  const std::shared_ptr<ProxyAnswer> answer_;
  const std::shared_ptr<kube::Client> client_;
  const std::shared_ptr<kube::Client::RequestId> id_;
};

// From the loop's own thread, so that nothing comes before the request's id is known.
void Forward(const std::shared_ptr<ProxyAnswer>& answer,
             const std::shared_ptr<kube::Client>& client, kube::Request request) {
  client->loop().Post([answer, client, request = std::move(request)]() mutable {
    const auto id = std::make_shared<kube::Client::RequestId>(0);
    *id = client->Start(std::move(request), std::make_unique<Forwarding>(answer, client, id));
    answer->writer().OnClientGone([client, id = *id] { client->Cancel(id); });
  });
}

std::string HeaderOf(const HeaderFields& headers, std::string_view name) {
  for (const auto& [key, value] : headers) {
    if (EqualsIgnoringCase(key, name)) return value;
  }
  return "";
}

bool IsShort(const ProxyTarget& target, ProxyTrigger trigger) {
  return trigger != ProxyTrigger::kPath && target.info.endpoint == Endpoint::kObjects &&
         target.info.verb != "watch" && target.connects == nullptr;
}

kube::Request RequestFor(const Exchange& exchange, const ProxyTarget& target,
                         ProxyTrigger trigger) {
  kube::Request request;
  request.path_and_query = target.path_and_query;
  request.method = exchange.request.method;
  request.accept = exchange.request.Header("Accept").value_or("");
  request.content_type = exchange.request.Header("Content-Type").value_or("");
  request.headers = HeadersToMember(exchange.request, HeaderOf(exchange.headers, "Audit-Id"));
  request.body = exchange.request.body;
  request.timeout = std::chrono::milliseconds(0);
  if (IsShort(target, trigger)) request.idle_timeout = kMemberSilence;
  request.own_connection = true;
  return request;
}

}  // namespace

class ProxyHandler::Core {
 public:
  Core(ProxyOptions options_in, ClusterConnections connections)
      : options(std::move(options_in)), connections_(std::move(connections)) {}
  ~Core() {
    clients_.With([](auto& clients) { clients.clear(); });
  }

  void Handle(Exchange& exchange, const UserInfo& user);

  const ProxyOptions options;

 private:
  Result<kube::RestConfig> ConfigFor(const Exchange& exchange, const UserInfo& user) const;
  std::shared_ptr<kube::Client> ClientFor(kube::RestConfig config);

  const ClusterConnections connections_;
  kube::EventLoop loop_;  // Ends after the clients that are kept, and before what they need.
  Guarded<std::list<std::shared_ptr<kube::Client>>> clients_;  // The last used first.
};

Result<kube::RestConfig> ProxyHandler::Core::ConfigFor(const Exchange& exchange,
                                                       const UserInfo& user) const {
  const auto cluster = connections_(exchange.info.cluster);
  if (!cluster) return BadRequest("the server could not find the requested cluster");
  if (!cluster->ok()) return cluster->status();
  if ((*cluster)->server.empty())
    return BadRequest(".Spec.APIServer and .Status.APIServer are empty");
  return ConfigForProxy(exchange.request, **cluster, user, options);
}

std::shared_ptr<kube::Client> ProxyHandler::Core::ClientFor(kube::RestConfig config) {
  std::list<std::shared_ptr<kube::Client>> dropped;  // Destroyed without the lock.
  return clients_.With([&](auto& clients) {
    const auto found = std::find_if(clients.begin(), clients.end(),
                                    [&](const auto& client) { return client->config() == config; });
    if (found != clients.end()) {
      clients.splice(clients.begin(), clients, found);
    } else {
      clients.push_front(std::make_shared<kube::Client>(loop_, std::move(config)));
      if (clients.size() > kMaxClients)
        dropped.splice(dropped.begin(), clients, std::prev(clients.end()));
    }
    return clients.front();
  });
}

void ProxyHandler::Core::Handle(Exchange& exchange, const UserInfo& user) {
  const ProxyTrigger trigger = TriggerOf(exchange, options);
  Result<ProxyTarget> target = FindTarget(exchange, trigger, options);
  if (!target.ok()) return SendStatus(exchange, target.status());
  exchange.names_resource = discovery::FindResource(*exchange.clusters, exchange.info.cluster,
                                                    exchange.info.gvr) != nullptr;
  Result<kube::RestConfig> config = ConfigFor(exchange, user);
  if (!config.ok()) return SendStatus(exchange, config.status());
  const auto answer =
      std::make_shared<ProxyAnswer>(exchange, MemberPlace{config->server, target->prefix});
  const auto client = ClientFor(*std::move(config));
  kube::Request request = RequestFor(exchange, *target, trigger);
  if (!AsksForUpgrade(exchange.request)) return Forward(answer, client, std::move(request));
  ForwardUpgrade(answer, client, std::move(request),
                 std::string(*exchange.request.Header("Upgrade")));
}

ProxyHandler::ProxyHandler(ProxyOptions options, ClusterConnections connections)
    : core_(std::make_unique<Core>(std::move(options), std::move(connections))) {}
ProxyHandler::~ProxyHandler() = default;

const ProxyOptions& ProxyHandler::options() const { return core_->options; }

bool ProxyHandler::Wants(const Exchange& exchange) const {
  return TriggerOf(exchange, core_->options) != ProxyTrigger::kNone;
}

void ProxyHandler::Handle(Exchange& exchange, const UserInfo& user) {
  core_->Handle(exchange, user);
}

std::string_view ProxyHandler::AuthorizedMethod(const Exchange& exchange) const {
  const std::string_view method = exchange.request.method;
  const ProxyTrigger trigger = TriggerOf(exchange, core_->options);
  if (trigger == ProxyTrigger::kNone) return method;
  const ConnectSubresource* connects = ConnectionOf(exchange, trigger);
  if (connects == nullptr) return method;
  // Behind a node's proxy is the kubelet, which runs commands, too.
  const bool runs_commands = connects->needs_upgrade ||
                             (connects->resource == "nodes" && AsksForUpgrade(exchange.request));
  return runs_commands ? "POST" : method;
}

}  // namespace pedia::apiserver
