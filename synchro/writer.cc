#include "synchro/writer.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "meta/log.h"
#include "meta/time.h"

namespace pedia::synchro {
namespace {

using storage::Change;

// The store cannot be used now; the request itself may be fine.
bool MayPass(const Status& status) {
  switch (status.reason()) {
    case StatusReason::kServiceUnavailable:
    case StatusReason::kTimeout:
    case StatusReason::kServerTimeout:
    case StatusReason::kTooManyRequests:
    case StatusReason::kConflict:
      return true;
    default:
      return false;
  }
}

constexpr std::chrono::milliseconds kMaxDelay{25};
constexpr std::chrono::milliseconds kCancelInterval{100};
constexpr std::chrono::milliseconds kMaxBackoff{5'000};
constexpr int kMaxBlindRetries =
    2;  // Of a batch that failed with InternalError, before it is taken apart.
constexpr int kMaxSuspicions =
    8;  // Rounds in which nothing that failed so could be told apart from a sick store.

}  // namespace

Writer::Writer(storage::Store& store, const SynchroOptions& options, SyncCounters& counters,
               Hooks hooks)
    : store_(store),
      options_(options),
      counters_(counters),
      hooks_(std::move(hooks)),
      queue_(options.queue_bytes),
      backoff_(std::min(options.backoff_initial, std::chrono::milliseconds(200)),
               std::min(options.backoff_max, kMaxBackoff)),
      statistics_(options.metric_labels),
      thread_([this] { Run(); }) {}

Writer::~Writer() { Stop(std::chrono::milliseconds(0)); }

void Writer::Stop(std::chrono::milliseconds timeout) {
  if (!thread_.joinable()) return;
  queue_.Close();
  {
    std::unique_lock lock(mutex_);
    wake_.wait_for(lock, timeout, [&] { return finished_; });
    abandoned_ = true;
    wake_.notify_all();
    // The database may not answer; and the thread may have been about to ask it.
    while (!wake_.wait_for(lock, kCancelInterval, [&] { return finished_; })) store_.CancelWrite();
  }
  thread_.join();
}

void Writer::Run() {
  while (!abandoned()) {
    if (!queue_.WaitForWork(options_.store_check_interval)) {
      CheckStore();
      continue;
    }
    const std::optional<Batch> batch = queue_.Take(options_.batch_changes, Delay());
    if (!batch) break;
    batch_ = &*batch;
    doing_.With([&](WriterReport& doing) {
      doing.batch_changes = batch->changes.size();
      doing.job = batch->job != nullptr;
      doing.batch_since = UnixNow();
    });
    if (batch->job) {
      RunJob(*batch);
    } else {
      Write(batch->changes);
    }
    queue_.Done(batch->bytes);
    doing_.With([](WriterReport& doing) {
      doing.batch_changes = 0;
      doing.job = false;
      doing.batch_since = 0;
    });
  }
  queue_.Clear();
  {
    const std::scoped_lock lock(mutex_);
    finished_ = true;
  }
  wake_.notify_all();
}

void Writer::CheckStore() {
  const Result<storage::ApplyResult> result = store_.Apply({});
  if (!result.ok()) {
    if (MayPass(result.status())) NoteFailure(result.status());
    return;
  }
  NoteSuccess();
  if (result->lost_writes) hooks_.lost_writes();
  for (const std::string& cluster : result->fenced) hooks_.fenced(cluster);
}

WriterReport Writer::Report() const {
  WriterReport report = doing_.With([](const WriterReport& doing) { return doing; });
  report.queue_bytes = queue_.bytes();
  report.queue_limit_bytes = options_.queue_bytes;
  report.queued = queue_.size();
  return report;
}

void Writer::NoteError(const Status& status) {
  doing_.With([&](WriterReport& doing) {
    doing.last_error = status.message();
    doing.last_error_time = UnixNow();
  });
}

void Writer::NoteFailure(const Status& status) {
  if (store_is_away_.exchange(true)) return;
  LogWarning("the store cannot be written, trying again until it can: " + status.ToString());
}

void Writer::NoteSuccess() {
  if (store_is_away_.exchange(false)) LogInfo("the store can be written again");
}

// As long as a transaction takes there is no hurry: so the store rests for half of the time, unless
// there is much to write.
std::chrono::milliseconds Writer::Delay() const {
  const auto last = std::chrono::duration_cast<std::chrono::milliseconds>(last_write_);
  return std::clamp(last, options_.batch_delay, std::max(options_.batch_delay, kMaxDelay));
}

void Writer::RunJob(const Batch& batch) {
  for (int failures = 0; !abandoned();) {
    const Status status = batch.job(store_);
    if (status.ok() || !MustRetry(batch, status, &failures)) break;
    if (!Sleep(backoff_.Next())) return;
  }
  backoff_.Reset();
}

bool Writer::MustRetry(const Batch& job, const Status& status, int* failures) {
  if (status.reason() == StatusReason::kExpired && !job.cluster.empty()) {
    hooks_.fenced(job.cluster);
    return false;
  }
  ++counters_.store_errors;
  NoteError(status);
  if (MayPass(status)) {
    NoteFailure(status);
    return true;
  }
  if (status.reason() == StatusReason::kInternalError && ++*failures < kMaxJobFailures) return true;
  LogError("the store refused a job: " + status.ToString());
  return false;
}

void Writer::Write(std::span<const Change> changes) {
  for (int failures = 0; !abandoned();) {
    const Verdict verdict = TryWrite(changes);
    if (verdict == Verdict::kWritten) break;
    if (verdict == Verdict::kRefused || ++failures > kMaxBlindRetries) {
      WriteSingly(changes);
      break;
    }
    if (!Sleep(backoff_.Next())) return;
  }
  backoff_.Reset();
}

Writer::Verdict Writer::TryWrite(std::span<const Change> changes) {
  for (int64_t attempt = 1; !abandoned(); ++attempt) {
    const auto start = std::chrono::steady_clock::now();
    const Result<storage::ApplyResult> result = store_.Apply(changes);
    last_write_ = std::chrono::steady_clock::now() - start;
    if (result.ok()) {
      NoteSuccess();
      Count(changes, *result);
      if (result->lost_writes) hooks_.lost_writes();
      for (const std::string& cluster : result->fenced) hooks_.fenced(cluster);
      return Verdict::kWritten;
    }
    ++counters_.store_errors;
    NoteError(result.status());
    statistics_.Failed(changes, attempt);
    if (!MayPass(result.status())) {
      LogWarning("the store refused " + std::to_string(changes.size()) +
                 " changes: " + result.status().ToString());
      return result.status().reason() == StatusReason::kInternalError ? Verdict::kFailed
                                                                      : Verdict::kRefused;
    }
    NoteFailure(result.status());
    if (!Sleep(backoff_.Next())) break;
  }
  return Verdict::kFailed;
}

void Writer::Count(std::span<const Change> changes, const storage::ApplyResult& result) {
  const auto first = static_cast<size_t>(changes.data() - batch_->changes.data());
  statistics_.Written(changes, std::span(batch_->kinds).subspan(first, changes.size()),
                      result.fenced, last_write_);
  counters_.inserted += result.inserted;
  counters_.updated += result.updated;
  counters_.deleted += result.deleted;
  const auto of_fenced = [&](const Change& change) {
    return std::find(result.fenced.begin(), result.fenced.end(), change.cluster) !=
           result.fenced.end();
  };
  const auto refused =
      result.fenced.empty() ? 0 : std::count_if(changes.begin(), changes.end(), of_fenced);
  const int64_t taken = static_cast<int64_t>(changes.size()) - refused;
  const int64_t written = result.inserted + result.updated + result.deleted;
  counters_.unchanged += std::max<int64_t>(0, taken - written);
  if (taken > 0) ++counters_.transactions;
}

void Writer::WriteSingly(std::span<const Change> changes) {
  std::vector<const Change*> left;
  for (const Change& change : changes) left.push_back(&change);
  for (int round = 0; !left.empty() && !abandoned(); ++round) {
    std::vector<const Change*>
        suspects;  // Failed since the last one that was written: perhaps the store is to blame.
    for (const Change* change : left) {
      const Verdict verdict = TryWrite({change, 1});
      if (verdict == Verdict::kRefused) Drop(*change);
      if (verdict == Verdict::kFailed) suspects.push_back(change);
      if (verdict != Verdict::kWritten) continue;
      for (const Change* suspect : suspects) Drop(*suspect);
      suspects.clear();
    }
    left = std::move(suspects);
    if (round >= kMaxSuspicions) {
      for (const Change* suspect : left) Drop(*suspect);
      return;
    }
    if (!left.empty() && !Sleep(backoff_.Next())) return;
  }
}

void Writer::Drop(const Change& change) {
  ++counters_.dropped;
  statistics_.Dropped(change);
  LogError("dropped " + change.gvr.ToString() + " " + change.row.name_space + "/" +
           change.row.name + " of cluster " + change.cluster + ": the store does not take it");
}

bool Writer::Sleep(std::chrono::milliseconds delay) {
  std::unique_lock lock(mutex_);
  return !wake_.wait_for(lock, delay, [&] { return abandoned_; });
}

bool Writer::abandoned() const {
  const std::scoped_lock lock(mutex_);
  return abandoned_;
}

}  // namespace pedia::synchro
