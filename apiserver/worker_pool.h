// WorkerPool: a fixed number of threads that run tasks from bounded queues, fair between clients.
// Private to the http library.
//
// A client may hold as many threads as it leaves free for others: alone one half of all, beside
// another a third, and so on; so that whoever comes next always finds one. Bulk tasks, which may go
// on for long, hold a part of the threads at most, shared in the same way. Within these bounds
// clients take turns, each with its own tasks in their order.
#pragma once
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace pedia::apiserver {

// Thread-safe. Tasks must not throw.
class WorkerPool {
 public:
  struct Options {
    int threads = 1;
    int bulk = 1;         // Bulk tasks that run at once, at most.
    size_t capacity = 1;  // Tasks running or waiting.
  };
  explicit WorkerPool(const Options& options);
  ~WorkerPool() { Stop(); }

  // `client`: for whom; "" is bounded by nothing but the threads. False: at capacity,
  // or the client has its share of it; or stopped.
  bool Submit(std::function<void()> task, const std::string& client = "", bool bulk = false);
  // The task that calls this is a bulk task from now on, even beyond their number: it was found to
  // wait for its client. Returns false if it was one, or if the thread is not of a pool.
  static bool ThisTaskIsBulk();
  // Whether more bulk tasks run, or want to, than may.
  bool BulkIsCrowded() const;
  // Drops waiting tasks, waits for running ones. Idempotent; not from a task.
  void Stop();

 private:
  enum Kind { kShort, kBulk, kKinds };
  struct Client {
    std::deque<std::function<void()>> waiting[kKinds];
    int running[kKinds] = {};
    size_t tasks() const {
      return waiting[kShort].size() + waiting[kBulk].size() +
             static_cast<size_t>(running[kShort] + running[kBulk]);
    }
  };
  using Clients = std::map<std::string, Client>;  // Iterators stay valid.
  struct Task {
    std::function<void()> run;
    Clients::iterator client;
    Kind kind = kShort;
  };

  void Run();
  bool MayRun(const Clients::value_type& client, Kind kind) const;
  bool Pick(Task* task);
  void End(const Task& task);

  const Options options_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  Clients clients_;
  std::deque<Clients::iterator> turns_[kKinds];  // Who has a task waiting; the next one first.
  size_t waiting_[kKinds] = {};
  int running_[kKinds] = {};
  bool stopped_ = false;
  std::vector<std::jthread> threads_;
};

}  // namespace pedia::apiserver
