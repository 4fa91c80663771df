// HealthMonitor: asks a member every few seconds whether it is ready: /readyz, or /healthz where
// there is none. Source: Kubernetes docs "API health endpoints"; Clusterpedia's health checker.
#pragma once
#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "kube/client.h"

namespace pedia::synchro {

struct HealthReport {
  bool healthy = false;
  std::string reason;  // Of the condition ClusterHealthy: "Healthy", "Unhealthy", "NotReachable".
  std::string message;
};

// Lives on the loop's thread, owned by a shared_ptr; ends with it.
class HealthMonitor : public std::enable_shared_from_this<HealthMonitor> {
 public:
  HealthMonitor(kube::Client& client, std::chrono::milliseconds interval,
                std::function<void(const HealthReport&)> report)
      : client_(client), interval_(interval), report_(std::move(report)) {}
  // Asks at once and from then on, at intervals of up to half as much again.
  void Start();

 private:
  void Ask(std::string path);
  void Report(const HealthReport& report);

  kube::Client& client_;
  const std::chrono::milliseconds interval_;
  const std::function<void(const HealthReport&)> report_;
};

}  // namespace pedia::synchro
