// MemberHandler: answers requests as a kube-apiserver would: discovery, get, list, watch, and
// simple writes. Source: Kubernetes API concepts; recorded answers of kube-apiserver v1.32.
#pragma once
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>

#include "apiserver/http_server.h"
#include "meta/guarded.h"
#include "tests/member/faults.h"
#include "tests/member/request_path.h"
#include "tests/member/subresources.h"
#include "tests/member/watch_pump.h"
#include "tests/member/world.h"

namespace pedia::member {

// Version 3 came with Kubernetes 1.24. A kube-apiserver serves both then; so does kVersion3.
enum class OpenApiOffer { kVersion3, kVersion2, kNone };

// Thread-safe. What it refers to must outlive it.
class MemberHandler {
 public:
  // `token` "" = nobody is let in by token.
  MemberHandler(World& world, FaultPlan& faults, WatchPump& pump, std::string token);

  void Handle(const apiserver::HttpRequest& request,
              const std::shared_ptr<apiserver::ResponseWriter>& response);

  // Off: only legacy discovery, as before Kubernetes 1.26.
  void SetAggregatedDiscovery(bool offered) { aggregated_ = offered; }
  void SetOpenApi(OpenApiOffer offer) { openapi_ = offer; }
  // How often each OpenAPI path has been answered with a document.
  std::map<std::string, int> OpenApiAnswers() const {
    return openapi_answers_.With([](const auto& answers) { return answers; });
  }
  // The last hundred that a proxy has passed on (with X-Forwarded-For).
  std::deque<apiserver::HttpRequest> ForwardedRequests() const {
    return forwarded_.With([](const auto& requests) { return requests; });
  }
  uint64_t Requests(RequestKind kind) const { return requests_[static_cast<size_t>(kind)]; }

 private:
  using Response = std::shared_ptr<apiserver::ResponseWriter>;

  void Remember(const apiserver::HttpRequest& request);
  bool IsAuthenticated(const apiserver::HttpRequest& request) const;
  // True: the request has been answered (or never will be). May replace `response`.
  bool ApplyFault(const Fault& fault, const RequestPath& path, Response* response);
  void Dispatch(const apiserver::HttpRequest& request, const RequestPath& path,
                const Response& response, const Fault& fault);
  void Discovery(const apiserver::HttpRequest& request, const RequestPath& path,
                 const Response& response);
  void OpenApi(const apiserver::HttpRequest& request, const RequestPath& path,
               const Response& response);
  void Health(const RequestPath& path, const Response& response);
  void Get(const RequestPath& path, const Response& response);
  void List(const RequestPath& path, const Response& response, const Fault& fault);
  void StartWatch(const RequestPath& path, const Response& response, const Fault& fault);
  void Write(const apiserver::HttpRequest& request, const RequestPath& path,
             const Response& response);

  World& world_;
  FaultPlan& faults_;
  WatchPump& pump_;
  const std::string token_;
  Subresources subresources_;
  Guarded<std::deque<apiserver::HttpRequest>> forwarded_;
  std::atomic<bool> aggregated_ = true;
  std::atomic<OpenApiOffer> openapi_ = OpenApiOffer::kVersion3;
  std::array<std::atomic<uint64_t>, 8> requests_{};  // By RequestKind.
  Guarded<std::map<std::string, int>> openapi_answers_;
};

}  // namespace pedia::member
