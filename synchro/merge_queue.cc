#include "synchro/merge_queue.h"

#include <algorithm>
#include <utility>

namespace pedia::synchro {
namespace {

constexpr size_t kMaxBatchBytes =
    8 << 20;  // A transaction of huge objects must not hold the store for long.

// What a transaction costs however few changes it has is shared by so many.
constexpr size_t kCompany = 200;

// Thousands of transfers may wait, and a few of them fill the queue.
constexpr size_t kWokenAtOnce = 16;
// How long those that were woken may take until they produce something, or nothing.
constexpr std::chrono::milliseconds kWakeInterval{1};

size_t BytesOf(const PendingChange& pending) {
  const storage::ObjectRow& row = pending.change.row;
  size_t bytes = sizeof(PendingChange) + 192 + row.body.capacity() +
                 row.entries.capacity() * sizeof(storage::Entry);
  for (const storage::Entry& entry : row.entries) bytes += entry.key.size() + entry.value.size();
  return bytes;
}

}  // namespace

PendingChange FoldChanges(PendingChange older, PendingChange newer) {
  if (newer.kind == EventKind::kDeleted) return newer;
  if (older.kind == EventKind::kDeleted) {
    if (newer.kind == EventKind::kUpdated) return older;
    newer.kind = EventKind::kUpdated;
    return newer;
  }
  if (older.kind == EventKind::kAdded) newer.kind = EventKind::kAdded;
  return newer;
}

void MergeQueue::Push(const ChangeKey& key, PendingChange change) {
  const std::scoped_lock lock(mutex_);
  const auto [position, inserted] = positions_.try_emplace(key, first_ + elements_.size());
  if (inserted) {
    elements_.push_back(
        Element{key, std::move(change), {}, {}, 0, std::chrono::steady_clock::now()});
  } else {
    PendingChange& pending = elements_[position->second - first_].pending;
    pending = FoldChanges(std::move(pending), std::move(change));
  }
  Element& element = elements_[position->second - first_];
  bytes_ -= element.bytes;
  element.bytes = BytesOf(element.pending);
  bytes_ += element.bytes;
  changed_.notify_one();
}

void MergeQueue::PushJob(StoreJob job, std::string cluster) {
  const std::scoped_lock lock(mutex_);
  Element element;
  element.job = std::move(job);
  element.cluster = std::move(cluster);
  elements_.push_back(std::move(element));
  ++jobs_;
  changed_.notify_one();
}

bool MergeQueue::WaitForRoom(std::function<void()> wake) {
  const std::scoped_lock lock(mutex_);
  if (bytes_ < limit_bytes_) return false;
  waiting_.push_back(std::move(wake));
  return true;
}

bool MergeQueue::HasCompany(size_t max_changes) const {
  return closed_ || jobs_ > 0 || elements_.size() >= std::min(max_changes, kCompany) ||
         bytes_ >= limit_bytes_;
}

bool MergeQueue::WaitForWork(std::chrono::milliseconds timeout) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  std::unique_lock lock(mutex_);
  while (!HasWork() && !waiting_.empty()) {
    Wake(lock);
    changed_.wait_for(lock, kWakeInterval, [&] { return HasWork(); });
  }
  return changed_.wait_until(lock, deadline, [&] { return HasWork(); });
}

void MergeQueue::Wake(std::unique_lock<std::mutex>& lock) {
  std::vector<std::function<void()>> woken;
  for (; !waiting_.empty() && woken.size() < kWokenAtOnce; waiting_.pop_front())
    woken.push_back(std::move(waiting_.front()));
  lock.unlock();
  for (const auto& wake : woken) wake();
  lock.lock();
}

std::optional<Batch> MergeQueue::Take(size_t max_changes, std::chrono::milliseconds delay) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return HasWork(); });
  if (elements_.empty()) return std::nullopt;
  changed_.wait_until(lock, elements_.front().pushed + delay,
                      [&] { return HasCompany(max_changes); });

  Batch batch;
  while (!elements_.empty() && batch.changes.size() < max_changes && batch.bytes < kMaxBatchBytes) {
    Element& front = elements_.front();
    if (front.job) {
      if (!batch.changes.empty()) break;
      batch.job = std::move(front.job);
      batch.cluster = std::move(front.cluster);
      --jobs_;
    } else {
      batch.changes.push_back(std::move(front.pending.change));
      batch.kinds.push_back(front.pending.kind);
      batch.bytes += front.bytes;
      positions_.erase(front.key);
    }
    elements_.pop_front();
    ++first_;
    if (batch.job) break;
  }
  return batch;
}

void MergeQueue::Done(size_t bytes) {
  std::unique_lock lock(mutex_);
  bytes_ -= bytes;
  if (bytes_ <= limit_bytes_ - limit_bytes_ / 4) Wake(lock);
}

void MergeQueue::Close() {
  const std::scoped_lock lock(mutex_);
  closed_ = true;
  changed_.notify_one();
}

void MergeQueue::Drop(std::string_view cluster) {
  size_t dropped = 0;
  std::deque<Element> gone;  // Jobs may hold much; not to be destroyed under the lock.
  {
    const std::scoped_lock lock(mutex_);
    first_ += elements_.size();
    positions_.clear();
    std::deque<Element> kept;
    for (Element& element : elements_) {
      const bool is_job = element.job != nullptr;
      if ((is_job ? element.cluster : element.pending.change.cluster) == cluster) {
        dropped += element.bytes;
        if (is_job) --jobs_;
        gone.push_back(std::move(element));
        continue;
      }
      if (!is_job) positions_.emplace(element.key, first_ + kept.size());
      kept.push_back(std::move(element));
    }
    elements_ = std::move(kept);
  }
  Done(dropped);
}

void MergeQueue::Clear() {
  const std::scoped_lock lock(mutex_);
  for (const Element& element : elements_) bytes_ -= element.bytes;
  first_ += elements_.size();
  elements_.clear();
  positions_.clear();
  jobs_ = 0;
}

size_t MergeQueue::size() const {
  const std::scoped_lock lock(mutex_);
  return elements_.size();
}

size_t MergeQueue::bytes() const {
  const std::scoped_lock lock(mutex_);
  return bytes_;
}

}  // namespace pedia::synchro
