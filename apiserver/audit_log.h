// AuditLog: who has asked for what, one JSON line per request, in a file that is rotated or on
// standard output. A thread of its own writes; requests wait for it only when it lags far behind.
// Source: Kubernetes docs "Auditing" (log backend); kube-apiserver --audit-log-*.
#pragma once
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "apiserver/metric_sample.h"
#include "apiserver/request_report.h"
#include "apiserver/rotating_file.h"
#include "meta/result.h"

namespace pedia::apiserver {

struct AuditOptions {
  std::string path;         // "": no audit log; "-": standard output.
  int64_t max_size_mb = 0;  // 0: 100.
  int max_backups = 0;      // 0: all are kept ...
  int max_age_days = 0;     // ... and for ever.
};

// Thread-safe.
class AuditLog {
 public:
  // Requires: a path. Errors: InternalError, with path and cause.
  static Result<std::unique_ptr<AuditLog>> Open(const AuditOptions& options);
  explicit AuditLog(RotatingFile file, size_t queue_bytes = kQueueBytes,
                    std::chrono::milliseconds patience = kPatience);
  ~AuditLog();  // Writes what is still to be written.

  // Waits while the queue is full. A file that takes nothing at all for long loses the event: it is
  // counted and logged, and nobody waits again until there is room.
  void Write(const RequestReport& report);
  // apiserver_audit_event_total, apiserver_audit_error_total, pedia_audit_waits_total.
  std::vector<MetricSample> Samples() const;

 private:
  static constexpr size_t kQueueBytes = 8 * 1024 * 1024;
  static constexpr std::chrono::milliseconds kPatience{10'000};

  bool HasRoom() const { return queue_.size() < queue_bytes_; }
  bool WaitForRoom(std::unique_lock<std::mutex>& lock);
  void Run();

  const size_t queue_bytes_;
  const std::chrono::milliseconds patience_;
  RotatingFile file_;  // Of the thread.
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::condition_variable room_;
  std::string queue_;  // Lines.
  bool stopped_ = false;
  bool stuck_ = false;  // Somebody has waited in vain.
  uint64_t written_ = 0;
  uint64_t lost_ = 0;
  uint64_t waits_ = 0;
  std::jthread thread_;
};

}  // namespace pedia::apiserver
