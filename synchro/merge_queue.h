// MergeQueue: what waits for the writer. At most one pending change per object, in the order in
// which the objects first changed. Source: Clusterpedia's pressure queue of events ("merging
// queue").
#pragma once
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "meta/status.h"
#include "storage/store.h"
#include "synchro/version_table.h"

namespace pedia::synchro {

enum class EventKind { kAdded, kUpdated, kDeleted };

struct PendingChange {
  EventKind kind;
  storage::Change change;
};

// What `older` and then `newer`, of one object, amount to. Added+Updated = Added; Deleted+Added =
// Updated; Deleted+Updated stays Deleted (an update of what is gone comes too late); else the newer
// one. Pure.
PendingChange FoldChanges(PendingChange older, PendingChange newer);

// Which object: `source` is a number that belongs to one reflector for ever.
struct ChangeKey {
  uint64_t source = 0;
  ObjectKey object;
  bool operator==(const ChangeKey&) const = default;
};

// Runs on the writer's thread, after everything pushed before it has been written.
// A failure that may pass is retried; see Writer.
using StoreJob = std::function<Status(storage::Store&)>;

// Either a job or changes.
struct Batch {
  StoreJob job;
  std::string cluster;  // Of the job.
  std::vector<storage::Change> changes;
  std::vector<EventKind> kinds;  // Of each change.
  size_t bytes = 0;
};

// Thread-safe. Any number of producers, one consumer.
class MergeQueue {
 public:
  explicit MergeQueue(size_t limit_bytes) : limit_bytes_(limit_bytes) {}

  // Never blocks and never refuses: producers ask IsFull or WaitForRoom before they produce.
  void Push(const ChangeKey& key, PendingChange change);
  // `cluster`: whose job it is, to be dropped with it; "" = nobody's.
  void PushJob(StoreJob job, std::string cluster = {});

  // True if the queue is full; then `wake` is called once, on the consumer's thread, when there is
  // room again: few at a time, in the order in which they came, since each fills some of it.
  bool WaitForRoom(std::function<void()> wake);

  // Waits for work, at most `timeout`. False if there is none and some may come.
  bool WaitForWork(std::chrono::milliseconds timeout);
  // Waits for work; then, until the oldest change has waited for `delay`, for company: so much that
  // one more hardly makes it cheaper. Takes at most `max_changes`. Changes that were taken still
  // count as bytes until Done. Nothing: closed and empty.
  std::optional<Batch> Take(size_t max_changes, std::chrono::milliseconds delay);
  void Done(size_t bytes);

  // No more work will come; what is queued can still be taken.
  void Close();
  // Forgets what is queued of a cluster. On the consumer's thread.
  void Drop(std::string_view cluster);
  // Forgets what is queued.
  void Clear();
  size_t bytes() const;
  size_t size() const;  // Changes and jobs.

 private:
  struct Element {
    ChangeKey key;
    PendingChange pending{};
    StoreJob job;         // If set, `pending` means nothing.
    std::string cluster;  // Of the job.
    size_t bytes = 0;
    std::chrono::steady_clock::time_point pushed{};
  };
  struct KeyHash {
    size_t operator()(const ChangeKey& key) const noexcept {
      return static_cast<size_t>(key.object.high ^ (key.source * 0x9e3779b97f4a7c15u));
    }
  };

  bool HasCompany(size_t max_changes) const;
  bool HasWork() const { return closed_ || !elements_.empty(); }
  // Wakes the next few; not under the lock.
  void Wake(std::unique_lock<std::mutex>& lock);

  const size_t limit_bytes_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Element> elements_;
  uint64_t first_ = 0;  // The sequence number of elements_.front().
  std::unordered_map<ChangeKey, uint64_t, KeyHash> positions_;
  size_t jobs_ = 0;
  size_t bytes_ = 0;
  bool closed_ = false;
  std::deque<std::function<void()>> waiting_;
};

}  // namespace pedia::synchro
