// Subresources: what is behind a simulated pod, service or node: logs, commands, ports, web servers.
//
//   pods/log          20 lines per container; parameters container, tailLines, timestamps, previous,
//                     follow (a line more every 20 ms), limitBytes (so many bytes, however many)
//   pods/exec, attach SPDY/3.1 or WebSocket (v4, v5): see remote_command.h
//   pods/portforward  SPDY/3.1, also inside a WebSocket: every port echoes
//   .../proxy         says in JSON what it was asked: method, target, headers, body.
//                     .../proxy/redirect: 302 to .../proxy/elsewhere; .../proxy/bytes/N: N bytes;
//                     an Upgrade is answered with 101 and echoed, on .../proxy/refuse with 403
// Source: Kubernetes API reference; k8s.io/kubelet/pkg/cri/streaming (protocols).
#pragma once
#include <list>
#include <memory>
#include <thread>

#include "apiserver/http_server.h"
#include "meta/guarded.h"
#include "tests/member/request_path.h"
#include "tests/member/world.h"

namespace pedia::member {

// Thread-safe.
class Subresources {
 public:
  explicit Subresources(World& world) : world_(world) {}

  // False: the path names none of them, and nothing has happened.
  bool Handle(const apiserver::HttpRequest& request, const RequestPath& path,
              const std::shared_ptr<apiserver::ResponseWriter>& response);

 private:
  using Response = std::shared_ptr<apiserver::ResponseWriter>;

  void Log(const RequestPath& path, const Response& response);

  World& world_;
  Guarded<std::list<std::jthread>> followers_;
};

}  // namespace pedia::member
