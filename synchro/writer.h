// Writer: the one thread that writes to the store: many changes of many clusters in one
// transaction.
#pragma once
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <span>
#include <string>
#include <thread>

#include "kube/backoff.h"
#include "meta/guarded.h"
#include "storage/store.h"
#include "synchro/merge_queue.h"
#include "synchro/synchro_manager.h"
#include "synchro/synchro_report.h"
#include "synchro/write_statistics.h"

namespace pedia::synchro {

// While the store cannot be used nothing is lost: the batch is tried again with back-off, and the
// queue fills up to its limit. An object that the store refuses (BadRequest, or InternalError again
// and again) is dropped, counted and logged; one of a cluster that another process has claimed is
// dropped without a word. Jobs: a failure that may pass is tried again likewise, an InternalError
// kMaxJobFailures times; what is refused is given up and logged. A store that has lost writes says so
// with the next transaction; from time to time that is one without changes. Thread-safe.
class Writer {
 public:
  static constexpr int kMaxJobFailures = 5;

  // Called on the writer's thread.
  struct Hooks {
    std::function<void()> lost_writes;  // The store has lost something that was written.
    // The store refuses what is written of a cluster: another process has claimed it.
    std::function<void(const std::string& cluster)> fenced;
  };
  // `store` and `counters` must outlive it.
  Writer(storage::Store& store, const SynchroOptions& options, SyncCounters& counters,
         Hooks hooks = {[] {}, [](const std::string&) {}});
  ~Writer();  // Stop(0 ms).

  MergeQueue& queue() { return queue_; }
  // Whether the store could not be used when it was last tried.
  bool store_is_away() const { return store_is_away_; }
  const WriteStatistics& statistics() const { return statistics_; }
  WriterReport Report() const;
  // Writes what is queued, for at most `timeout`; the rest is forgotten, and a transaction that hangs
  // is cancelled. Joins the thread.
  void Stop(std::chrono::milliseconds timeout);

 private:
  enum class Verdict { kWritten, kRefused, kFailed };

  void Run();
  void CheckStore();
  void NoteError(const Status& status);    // For people.
  void NoteFailure(const Status& status);  // One that may pass.
  void NoteSuccess();
  std::chrono::milliseconds Delay() const;
  void RunJob(const Batch& batch);
  bool MustRetry(const Batch& job, const Status& status, int* failures);
  void Count(std::span<const storage::Change> changes, const storage::ApplyResult& result);
  void Write(std::span<const storage::Change> changes);
  // One transaction. Waits out an unusable store; kFailed: some other failure, or abandoned.
  Verdict TryWrite(std::span<const storage::Change> changes);
  // One by one; drops those that the store does not take while it takes others.
  void WriteSingly(std::span<const storage::Change> changes);
  void Drop(const storage::Change& change);
  bool Sleep(std::chrono::milliseconds delay);  // False if abandoned.
  bool abandoned() const;

  storage::Store& store_;
  const SynchroOptions options_;
  SyncCounters& counters_;
  const Hooks hooks_;
  MergeQueue queue_;
  kube::Backoff backoff_;
  std::chrono::steady_clock::duration last_write_{};  // How long it took.
  const Batch* batch_ = nullptr;                      // What is being written.
  WriteStatistics statistics_;
  Guarded<WriterReport> doing_;  // But for the queue.
  std::atomic<bool> store_is_away_ = false;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  bool abandoned_ = false;
  bool finished_ = false;
  std::thread thread_;
};

}  // namespace pedia::synchro
