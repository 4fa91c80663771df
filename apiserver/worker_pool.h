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
    size_t capacity = 0;  // Counted tasks running or waiting; 0: any number.
    int kept = 0;         // Threads that only tasks of nobody get.
  };
  struct Owner {
    std::string client = "";  // "": nobody, bounded by nothing but the threads.
    bool bulk = false;
    bool counted = true;
  };
  explicit WorkerPool(const Options& options);
  ~WorkerPool() { Stop(); }

  // False: at capacity, or the client has its share of it; or stopped.
  bool Submit(std::function<void()> task, const Owner& owner);
  // The task that calls this is a bulk task from now on, even beyond their number: it was found to
  // wait for its client. Returns false if it was one, or if the thread is not of a pool.
  static bool ThisTaskIsBulk();
  // Whether more bulk tasks run, or want to, than may.
  bool BulkIsCrowded() const;
  // Drops waiting tasks, waits for running ones. Idempotent; not from a task.
  void Stop();

 private:
  enum Kind { kShort, kBulk, kKinds };
  struct Waiting {
    std::function<void()> run;
    bool counted = true;
  };
  struct Client {
    std::deque<Waiting> waiting[kKinds];
    int running[kKinds] = {};
    size_t tasks = 0;    // Waiting or running.
    size_t counted = 0;  // Of them.
  };
  using Clients = std::map<std::string, Client>;  // Iterators stay valid.
  struct Task : Waiting {
    Clients::iterator client;
    Kind kind = kShort;
  };

  void Run();
  bool HasRoom(const Clients::value_type& client) const;
  bool MayRun(const Clients::value_type& client, Kind kind) const;
  bool Pick(Task* task);
  void End(const Task& task);

  const Options options_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  Clients clients_;
  std::deque<Clients::iterator> turns_[kKinds];  // Who has a task waiting; the next one first.
  size_t waiting_[kKinds] = {};
  size_t counted_ = 0;  // Waiting or running.
  int running_[kKinds] = {};
  bool stopped_ = false;
  std::vector<std::jthread> threads_;
};

}  // namespace pedia::apiserver
