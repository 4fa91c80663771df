// ConnectionPool: a bounded number of connections that read, opened when first needed, the last used
// first.
#pragma once
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <vector>

#include "meta/result.h"
#include "storage/database.h"
#include "storage/sql_connection.h"

namespace pedia::storage {

// Thread-safe.
class ConnectionPool {
 public:
  using Clock = std::chrono::steady_clock;

  // A connection on loan. Gives it back when destroyed, unless it is of no use any more.
  class Reader {
   public:
    Reader(ConnectionPool* pool, std::unique_ptr<SqlConnection> connection,
           Clock::time_point opened)
        : pool_(pool), connection_(std::move(connection)), opened_(opened) {}
    Reader(Reader&&) = default;
    Reader& operator=(Reader&&) = delete;
    ~Reader() {
      if (connection_) pool_->GiveBack({std::move(connection_), opened_});
    }
    SqlConnection& operator*() { return *connection_; }
    SqlConnection* operator->() { return connection_.get(); }

   private:
    ConnectionPool* pool_;
    std::unique_ptr<SqlConnection> connection_;
    Clock::time_point opened_;
  };

  ConnectionPool(Database& database, Database::Role role) : database_(database), role_(role) {}

  // Waits for a free connection until `deadline`, which then also holds for what is run on it.
  // Errors: ServiceUnavailable, and those of Database::Connect.
  Result<Reader> Take(Clock::time_point deadline);
  // Forgets the connections that nobody uses: one of their kind turned out to be broken.
  void DropIdle();

 private:
  struct Idle {
    std::unique_ptr<SqlConnection> connection;
    Clock::time_point opened;
  };
  void GiveBack(Idle idle);
  bool MayStay(const Idle& idle) const;

  Database& database_;
  const Database::Role role_;
  std::mutex mutex_;
  std::condition_variable freed_;
  std::vector<Idle> idle_;
  int lent_ = 0;
};

}  // namespace pedia::storage
