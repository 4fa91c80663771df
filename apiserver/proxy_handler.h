// ProxyHandler: passes requests on to member clusters: reads and writes, logs as they come, and
// connections that leave HTTP (exec, attach, portforward).
// Source: Clusterpedia's forwarded requests; k8s.io/apimachinery/pkg/util/proxy.
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string_view>

#include "apiserver/exchange.h"
#include "apiserver/proxy_options.h"
#include "apiserver/user_info.h"
#include "kube/rest_config.h"
#include "meta/result.h"

namespace pedia::apiserver {

// How pedia itself reaches a cluster. Nothing: there is no such cluster. Fast, thread-safe.
using ClusterConnections =
    std::function<std::optional<Result<kube::RestConfig>>(std::string_view cluster)>;

// Thread-safe. Its end breaks off what is under way.
class ProxyHandler {
 public:
  ProxyHandler(ProxyOptions options, ClusterConnections connections);
  ~ProxyHandler();

  const ProxyOptions& options() const;
  // Whether this request goes on. Before the check of the method: writes go on, too.
  bool Wants(const Exchange& exchange) const;
  // Never blocks; the answer may come later, from another thread. Requires: Wants. `user` must have
  // been authorized for AuthorizedMethod.
  void Handle(Exchange& exchange, const UserInfo& user);

  // The method whose verb the caller needs: that of the request; but POST (create) for exec, attach
  // and portforward, which WebSocket clients ask for with GET: a right to read is none to run
  // commands.
  std::string_view AuthorizedMethod(const Exchange& exchange) const;

 private:
  class Core;
  const std::unique_ptr<Core> core_;
};

}  // namespace pedia::apiserver
