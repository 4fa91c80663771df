// Writer: the one thread that writes to the store: many changes of many clusters in one
// transaction.
#pragma once
#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <span>
#include <thread>

#include "kube/backoff.h"
#include "storage/store.h"
#include "synchro/merge_queue.h"
#include "synchro/synchro_manager.h"

namespace pedia::synchro {

// While the store cannot be used nothing is lost: the batch is tried again with back-off, and the
// queue fills up to its limit. An object that the store refuses (BadRequest, or InternalError again
// and again) is dropped, counted and logged. Jobs: a failure is tried again likewise; after
// kMaxJobFailures of another kind it is given up and logged. A store that has lost writes says so with
// the next transaction; from time to time that is one without changes. Thread-safe.
class Writer {
 public:
  static constexpr int kMaxJobFailures = 5;

  // `store` and `counters` must outlive it. `lost_writes` is called on the writer's thread when the
  // store has lost something that was written.
  Writer(
      storage::Store& store, const SynchroOptions& options, SyncCounters& counters,
      std::function<void()> lost_writes = [] {});
  ~Writer();  // Stop(0 ms).

  MergeQueue& queue() { return queue_; }
  // Writes what is queued, for at most `timeout`; the rest is forgotten, and a transaction that hangs
  // is cancelled. Joins the thread.
  void Stop(std::chrono::milliseconds timeout);

 private:
  enum class Verdict { kWritten, kRefused, kFailed };

  void Run();
  void CheckStore();
  std::chrono::milliseconds Delay() const;
  void RunJob(const StoreJob& job);
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
  const std::function<void()> lost_writes_;
  MergeQueue queue_;
  kube::Backoff backoff_;
  std::chrono::steady_clock::duration last_write_{};  // How long it took.
  bool store_is_away_ = false;                        // It has been said.
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  bool abandoned_ = false;
  bool finished_ = false;
  std::thread thread_;
};

}  // namespace pedia::synchro
