#include "apiserver/worker_pool.h"

#include <algorithm>
#include <utility>

namespace pedia::apiserver {
namespace {

// Of this thread, while it runs a task.
thread_local const std::function<bool()>* become_bulk = nullptr;

WorkerPool::Options Bounded(WorkerPool::Options options) {
  options.threads = std::max(options.threads, 1);
  options.bulk = std::clamp(options.bulk, 1, options.threads);
  return options;
}

}  // namespace

WorkerPool::WorkerPool(const Options& options) : options_(Bounded(options)) {
  for (int i = 0; i < options_.threads; ++i) threads_.emplace_back([this] { Run(); });
}

bool WorkerPool::Submit(std::function<void()> task, const Owner& owner) {
  {
    const std::scoped_lock lock(mutex_);
    if (stopped_) return false;
    const auto found = clients_.try_emplace(owner.client).first;
    Client& client = found->second;
    if (owner.counted && !HasRoom(*found)) {
      if (client.tasks == 0) clients_.erase(found);
      return false;
    }
    const Kind kind = owner.bulk ? kBulk : kShort;
    if (client.waiting[kind].empty()) turns_[kind].push_back(found);
    client.waiting[kind].push_back({std::move(task), owner.counted});
    ++waiting_[kind];
    ++client.tasks;
    if (owner.counted) {
      ++counted_;
      ++client.counted;
    }
  }
  wake_.notify_one();
  return true;
}

// The queue is shared out as the threads are.
bool WorkerPool::HasRoom(const Clients::value_type& client) const {
  if (options_.capacity == 0) return true;
  if (counted_ >= options_.capacity) return false;
  return client.first.empty() || client.second.counted < options_.capacity - counted_;
}

bool WorkerPool::MayRun(const Clients::value_type& client, Kind kind) const {
  int free = options_.threads - running_[kShort] - running_[kBulk];
  if (kind == kBulk) free = std::min(free, options_.bulk - running_[kBulk]);
  return client.first.empty() ? free > 0 : client.second.running[kind] < free - options_.kept;
}

// Short tasks first: bulk tasks have time.
bool WorkerPool::Pick(Task* task) {
  for (const Kind kind : {kShort, kBulk}) {
    const auto turn = std::find_if(turns_[kind].begin(), turns_[kind].end(),
                                   [&](const auto& next) { return MayRun(*next, kind); });
    if (turn == turns_[kind].end()) continue;
    task->client = *turn;
    task->kind = kind;
    turns_[kind].erase(turn);
    Client& client = task->client->second;
    static_cast<Waiting&>(*task) = std::move(client.waiting[kind].front());
    client.waiting[kind].pop_front();
    if (!client.waiting[kind].empty()) turns_[kind].push_back(task->client);
    --waiting_[kind];
    ++client.running[kind];
    ++running_[kind];
    return true;
  }
  return false;
}

void WorkerPool::End(const Task& task) {
  Client& client = task.client->second;
  --client.running[task.kind];
  --running_[task.kind];
  --client.tasks;
  if (task.counted) {
    --client.counted;
    --counted_;
  }
  if (client.tasks == 0) clients_.erase(task.client);
}

void WorkerPool::Run() {
  std::unique_lock lock(mutex_);
  while (true) {
    Task task;
    wake_.wait(lock, [&] { return stopped_ || Pick(&task); });
    if (stopped_) return;
    const bool more = waiting_[kShort] + waiting_[kBulk] > 0;
    lock.unlock();
    // What this task's predecessor gave back may admit more than one.
    if (more) wake_.notify_one();
    const std::function<bool()> to_bulk = [&] {
      const std::scoped_lock again(mutex_);
      if (task.kind == kBulk) return false;
      --task.client->second.running[kShort];
      ++task.client->second.running[kBulk];
      --running_[kShort];
      ++running_[kBulk];
      task.kind = kBulk;
      return true;
    };
    become_bulk = &to_bulk;
    task.run();
    become_bulk = nullptr;
    task.run = nullptr;  // What it owns may take locks of its own.
    lock.lock();
    End(task);
  }
}

bool WorkerPool::ThisTaskIsBulk() { return become_bulk != nullptr && (*become_bulk)(); }

bool WorkerPool::BulkIsCrowded() const {
  const std::scoped_lock lock(mutex_);
  return waiting_[kBulk] > 0 || running_[kBulk] > options_.bulk;
}

void WorkerPool::Stop() {
  Clients dropped;
  {
    const std::scoped_lock lock(mutex_);
    stopped_ = true;
    for (const Kind kind : {kShort, kBulk}) {
      turns_[kind].clear();
      waiting_[kind] = 0;
      for (auto& [name, client] : clients_) {
        dropped[name].waiting[kind].swap(client.waiting[kind]);
      }
    }
  }
  wake_.notify_all();
  dropped.clear();
  threads_.clear();  // Joins.
}

}  // namespace pedia::apiserver
