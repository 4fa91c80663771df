// MemberServer: a simulated kube-apiserver on a real port, over a World.
//   World world;
//   LoadSynthetic(world, std::make_shared<SyntheticCluster>(SyntheticOptions{.cluster = "a", .pods
//   = 1000})); auto server = MemberServer::Start(world, {.name = "a"});
//   (*server)->faults().Add({.kind = FaultKind::kStatus, .request = RequestKind::kList, .code =
//   500, .count = 1});
#pragma once
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "certs/key_pair.h"
#include "meta/result.h"
#include "tests/member/churn.h"
#include "tests/member/faults.h"
#include "tests/member/kubeconfig_file.h"
#include "tests/member/member_handler.h"
#include "tests/member/watch_pump.h"
#include "tests/member/world.h"

namespace pedia::member {

struct MemberOptions {
  std::string name = "member-1";
  uint16_t port = 0;  // 0 picks one.
  bool tls = true;
  bool aggregated_discovery = true;
  OpenApiOffer openapi = OpenApiOffer::kVersion3;
  std::chrono::milliseconds bookmark_interval{5'000};
  bool control = false;    // Serve the control endpoint (control_endpoint.h), to loopback only.
  Churn* churn = nullptr;  // For the control endpoint. Outlives the server.
};

// Lets in: the token, any certificate of its own CA. Thread-safe.
class MemberServer {
 public:
  // `world` must outlive the server. Errors: those of StartBeastServer and of certs.
  static Result<std::unique_ptr<MemberServer>> Start(World& world, MemberOptions options);
  ~MemberServer();

  const std::string& name() const;
  std::string url() const;  // "https://127.0.0.1:40001"; stays the same while not listening.
  const std::string& ca_pem() const;
  const std::string& token() const;
  const certs::KeyPair& client() const;  // Common name "admin", organization "system:masters".
  KubeconfigEntry kubeconfig_entry(
      bool with_token = true) const;  // Else with the client certificate.

  World& world();
  FaultPlan& faults();
  void BreakWatches(WatchBreak how, std::string_view path_prefix = "");
  size_t watches() const;                     // Running now.
  uint64_t Requests(RequestKind kind) const;  // Since the start, rejected and failed ones too.
  void SetAggregatedDiscovery(bool offered);
  void SetOpenApi(OpenApiOffer offer);
  // How often each OpenAPI path ("/openapi/v3/apis/apps/v1") has been answered with a document.
  std::map<std::string, int> OpenApiAnswers() const;

  // The last hundred requests that a proxy has passed on (with X-Forwarded-For).
  std::deque<apiserver::HttpRequest> ForwardedRequests() const;

  // Closes the port and all connections: connecting is refused from now on.
  void StopListening();
  // On the same port again. Errors: ServiceUnavailable.
  Status StartListening();
  // Both, the second after `time`, without blocking.
  void RefuseFor(std::chrono::milliseconds time);

 private:
  struct State;
  explicit MemberServer(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace pedia::member
