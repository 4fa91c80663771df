// MemberHandler: answers requests as a kube-apiserver would: discovery, get, list, watch, and
// simple writes. Source: Kubernetes API concepts; recorded answers of kube-apiserver v1.32.
#pragma once
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "apiserver/http_server.h"
#include "tests/member/faults.h"
#include "tests/member/request_path.h"
#include "tests/member/watch_pump.h"
#include "tests/member/world.h"

namespace pedia::member {

// Thread-safe. What it refers to must outlive it.
class MemberHandler {
 public:
  // `token` "" = nobody is let in by token.
  MemberHandler(World& world, FaultPlan& faults, WatchPump& pump, std::string token);

  void Handle(const apiserver::HttpRequest& request,
              const std::shared_ptr<apiserver::ResponseWriter>& response);

  // Off: only legacy discovery, as before Kubernetes 1.26.
  void SetAggregatedDiscovery(bool offered) { aggregated_ = offered; }
  uint64_t Requests(RequestKind kind) const { return requests_[static_cast<size_t>(kind)]; }

 private:
  using Response = std::shared_ptr<apiserver::ResponseWriter>;

  bool IsAuthenticated(const apiserver::HttpRequest& request) const;
  // True: the request has been answered (or never will be). May replace `response`.
  bool ApplyFault(const Fault& fault, const RequestPath& path, Response* response);
  void Dispatch(const apiserver::HttpRequest& request, const RequestPath& path,
                const Response& response, std::chrono::milliseconds event_delay);
  void Discovery(const apiserver::HttpRequest& request, const RequestPath& path,
                 const Response& response);
  void Health(const RequestPath& path, const Response& response);
  void Get(const RequestPath& path, const Response& response);
  void List(const RequestPath& path, const Response& response);
  void StartWatch(const RequestPath& path, const Response& response,
                  std::chrono::milliseconds event_delay);
  void Write(const apiserver::HttpRequest& request, const RequestPath& path,
             const Response& response);

  World& world_;
  FaultPlan& faults_;
  WatchPump& pump_;
  const std::string token_;
  std::atomic<bool> aggregated_ = true;
  std::array<std::atomic<uint64_t>, 7> requests_{};  // By RequestKind.
};

}  // namespace pedia::member
