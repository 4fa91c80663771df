#include "apiserver/audit_log.h"

#include <algorithm>
#include <utility>

#include "apiserver/audit_event.h"
#include "meta/log.h"

namespace pedia::apiserver {
namespace {

constexpr int64_t kDefaultMegabytes = 100;
constexpr int64_t kMegabyte = 1024 * 1024;
constexpr int64_t kMaxMegabytes = int64_t{1} << 30;

uint64_t CountLines(std::string_view text) {
  return static_cast<uint64_t>(std::count(text.begin(), text.end(), '\n'));
}

}  // namespace

Result<std::unique_ptr<AuditLog>> AuditLog::Open(const AuditOptions& options) {
  const int64_t megabytes = options.max_size_mb > 0 ? options.max_size_mb : kDefaultMegabytes;
  Result<RotatingFile> file = RotatingFile::Open(
      {.path = options.path,
       .max_bytes = static_cast<uint64_t>(std::min(megabytes, kMaxMegabytes) * kMegabyte),
       .max_backups = options.max_backups,
       .max_age = std::chrono::hours(24) * options.max_age_days});
  if (!file.ok()) return file.status();
  return std::make_unique<AuditLog>(*std::move(file));
}

AuditLog::AuditLog(RotatingFile file, size_t queue_bytes, std::chrono::milliseconds patience)
    : queue_bytes_(queue_bytes),
      patience_(patience),
      file_(std::move(file)),
      thread_([this] { Run(); }) {}

AuditLog::~AuditLog() {
  {
    const std::scoped_lock lock(mutex_);
    stopped_ = true;
  }
  wake_.notify_all();
}

void AuditLog::Write(const RequestReport& report) {
  const std::string line = FormatAuditEvent(report);
  {
    std::unique_lock lock(mutex_);
    if (!WaitForRoom(lock)) {
      ++lost_;
      return;
    }
    queue_ += line;
  }
  wake_.notify_one();
}

bool AuditLog::WaitForRoom(std::unique_lock<std::mutex>& lock) {
  if (HasRoom()) return true;
  if (stuck_) return false;
  if (waits_++ == 0) LogWarning("requests wait for the audit log, which is slower than they are");
  if (room_.wait_for(lock, patience_, [this] { return HasRoom() || stuck_; }) && HasRoom())
    return true;
  if (!std::exchange(stuck_, true))
    LogError("the audit log takes nothing: events are lost until it does");
  return false;
}

void AuditLog::Run() {
  std::unique_lock lock(mutex_);
  while (true) {
    wake_.wait(lock, [this] { return stopped_ || !queue_.empty(); });
    if (queue_.empty()) return;
    std::string lines;
    lines.swap(queue_);
    room_.notify_all();
    lock.unlock();
    const size_t taken = file_.Write(lines);
    const uint64_t lost = CountLines(std::string_view(lines).substr(taken));
    const uint64_t written = CountLines(std::string_view(lines).substr(0, taken));
    lock.lock();
    written_ += written;
    lost_ += lost;
    if (std::exchange(stuck_, false))
      LogWarning("the audit log goes on; " + std::to_string(lost_) + " events were lost so far");
  }
}

std::vector<MetricSample> AuditLog::Samples() const {
  const std::scoped_lock lock(mutex_);
  const auto sample = [](const char* name, const char* help, uint64_t value) {
    return MetricSample{name, help, true, {}, static_cast<double>(value)};
  };
  return {sample("apiserver_audit_event_total", "Audit events written.", written_),
          sample("apiserver_audit_error_total", "Audit events that were lost.", lost_),
          sample("pedia_audit_waits_total", "Times a request waited for the audit log.", waits_)};
}

}  // namespace pedia::apiserver
