#include "cmd/controller_command.h"

#include <chrono>
#include <cstdio>
#include <memory>
#include <string_view>
#include <utility>

#include "apiserver/http_server.h"
#include "cmd/management_cluster.h"
#include "cmd/stop_signals.h"
#include "meta/log.h"
#include "policy/policy_manager.h"

namespace pedia::cmd {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kTick{200};

// A standby is as healthy as the leader.
void AnswerHealth(const apiserver::HttpRequest& request,
                  const std::shared_ptr<apiserver::ResponseWriter>& response) {
  const std::string_view path =
      std::string_view(request.target).substr(0, request.target.find('?'));
  const bool known = path == "/healthz" || path == "/livez" || path == "/readyz";
  response->Send(known ? 200 : 404, {{"Content-Type", "text/plain; charset=utf-8"}},
                 known ? "ok" : "404 page not found\n");
}

// Everything that runs; members are destroyed in reverse order.
class ControllerProcess {
 public:
  explicit ControllerProcess(const ControllerManagerOptions& options) : options_(options) {}

  Status Start() {
    auto config = ManagementCluster(options_.kubeconfig);
    if (!config.ok()) return config.status();
    if (!options_.server.empty()) config->server = options_.server;
    client_ = std::make_unique<kube::Client>(loop_, *std::move(config));
    if (Status status = Serve(); !status.ok()) return status;
    if (options_.election)
      // Run() looks often enough.
      elector_ = std::make_unique<kube::LeaderElector>(*client_, *options_.election, [] {});
    return {};
  }

  void Run() {
    std::printf("pedia is ready\n");
    std::fflush(stdout);
    do {
      const bool leading = Leading();
      if (leading == (manager_ != nullptr)) continue;
      LogInfo(leading ? "leading: following the ClusterImportPolicies" : "another process leads");
      if (leading) {
        manager_ = std::make_unique<policy::PolicyManager>(*client_, [this] { return Leading(); });
      } else {
        manager_.reset();
      }
    } while (!WaitForStop(kTick));
    LogInfo("stopping");
  }

 private:
  bool Leading() const { return elector_ == nullptr || elector_->leading(); }

  Status Serve() {
    if (!options_.metrics_port) return {};
    apiserver::HttpServerOptions http;
    http.bind_address = options_.metrics_address;
    http.port = *options_.metrics_port;
    auto server = apiserver::StartPistacheServer(http, AnswerHealth);
    if (!server.ok()) return server.status();
    health_ = *std::move(server);
    LogInfo("health on http://" + http.bind_address + ":" + std::to_string(health_->port()) +
            "/healthz");
    return {};
  }

  const ControllerManagerOptions& options_;
  kube::EventLoop loop_;
  std::unique_ptr<kube::Client> client_;
  std::unique_ptr<apiserver::HttpServer> health_;
  // Gives the Lease back when nothing writes any more.
  std::unique_ptr<kube::LeaderElector> elector_;
  std::unique_ptr<policy::PolicyManager> manager_;
};

}  // namespace

Status RunControllerManager(const ControllerManagerOptions& options) {
  ControllerProcess process(options);
  if (Status status = process.Start(); !status.ok()) return status;
  process.Run();
  return {};
}

}  // namespace pedia::cmd
