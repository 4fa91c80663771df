#include "synchro/health_monitor.h"

#include <utility>

#include "kube/backoff.h"

namespace pedia::synchro {
namespace {

constexpr std::chrono::milliseconds kTimeout{5'000};
constexpr size_t kMaxBody = 1 << 20;

HealthReport ReportOf(const Result<kube::Client::Document>& answer) {
  if (!answer.ok()) return {false, "NotReachable", answer.status().message()};
  const int code = answer->head.code;
  if (code == 401 || code == 403)
    return {false, "Unhealthy",
            "cluster health responded without ok: the credentials are refused (" +
                std::to_string(code) + ")"};
  if (code != 200) return {false, "Unhealthy", "cluster health responded without ok"};
  return {true, "Healthy", "cluster health responded with ok"};
}

}  // namespace

void HealthMonitor::Start() { Ask("/readyz"); }

void HealthMonitor::Ask(std::string path) {
  kube::Request request;
  request.path_and_query = path;
  request.accept = "*/*";
  request.timeout = kTimeout;
  client_.Get(
      std::move(request),
      [weak = weak_from_this(),
       path = std::move(path)](const Result<kube::Client::Document>& answer) {
        const std::shared_ptr<HealthMonitor> self = weak.lock();
        if (!self) return;
        if (path == "/readyz" && answer.ok() && answer->head.code == 404)
          return self->Ask("/healthz");
        self->Report(ReportOf(answer));
      },
      kMaxBody);
}

void HealthMonitor::Report(const HealthReport& report) {
  const std::chrono::milliseconds next(
      kube::RandomBetween(interval_.count(), interval_.count() * 3 / 2));
  client_.loop().PostAfter(next, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->Start();
  });
  report_(report);
}

}  // namespace pedia::synchro
