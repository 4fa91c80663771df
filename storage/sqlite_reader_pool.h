// SqliteReaderPool: a bounded number of read connections, opened when first needed, the last used
// first.
#pragma once
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "meta/result.h"
#include "storage/sqlite_connection.h"

namespace pedia::storage {

// Thread-safe.
class SqliteReaderPool {
 public:
  using Clock = std::chrono::steady_clock;

  // A connection on loan. Gives it back when destroyed.
  class Reader {
   public:
    Reader(SqliteReaderPool* pool, std::unique_ptr<SqliteConnection> connection)
        : pool_(pool), connection_(std::move(connection)) {}
    Reader(Reader&&) = default;
    Reader& operator=(Reader&&) = delete;
    ~Reader() {
      if (connection_) pool_->GiveBack(std::move(connection_));
    }
    SqliteConnection& operator*() { return *connection_; }
    SqliteConnection* operator->() { return connection_.get(); }

   private:
    SqliteReaderPool* pool_;
    std::unique_ptr<SqliteConnection> connection_;
  };

  SqliteReaderPool(std::string path, int max_readers)
      : path_(std::move(path)), max_readers_(max_readers) {}

  // Waits for a free connection until `deadline`, which then also holds for what is run on it.
  // Errors: ServiceUnavailable.
  Result<Reader> Take(Clock::time_point deadline);

 private:
  void GiveBack(std::unique_ptr<SqliteConnection> connection);

  const std::string path_;
  const int max_readers_;
  std::mutex mutex_;
  std::condition_variable freed_;
  std::vector<std::unique_ptr<SqliteConnection>> idle_;
  int lent_ = 0;
};

}  // namespace pedia::storage
