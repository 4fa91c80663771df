// RequestJournal: what is noted of every request when it is over, in one place: metrics, the audit
// log, the log of slow requests.
#pragma once
#include <chrono>

#include "apiserver/audit_log.h"
#include "apiserver/metrics.h"
#include "apiserver/request_report.h"

namespace pedia::apiserver {

// Thread-safe.
class RequestJournal {
 public:
  struct Options {
    AuditLog* audit = nullptr;  // Or none; must outlive it.
    std::chrono::milliseconds slow_threshold{1'000};
  };
  explicit RequestJournal(const Options& options) : options_(options) {}

  void RequestStarted() { metrics_.RequestStarted(); }
  // Probes of health are not audited; what runs for long by design is never slow.
  void RequestOver(const RequestReport& report);
  const Metrics& metrics() const { return metrics_; }

 private:
  const Options options_;
  Metrics metrics_;
};

}  // namespace pedia::apiserver
