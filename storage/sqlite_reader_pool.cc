#include "storage/sqlite_reader_pool.h"

namespace pedia::storage {
namespace {

constexpr int kReaderCacheKib = 4 * 1024;

}  // namespace

Result<SqliteReaderPool::Reader> SqliteReaderPool::Take(Clock::time_point deadline) {
  std::unique_ptr<SqliteConnection> connection;
  {
    std::unique_lock lock(mutex_);
    const auto is_free = [&] { return lent_ < max_readers_; };
    if (!freed_.wait_until(lock, deadline, is_free)) {
      return ServiceUnavailable("the store is busy with other queries");
    }
    ++lent_;
    if (!idle_.empty()) {
      connection = std::move(idle_.back());
      idle_.pop_back();
    }
  }
  if (!connection) {
    Result<std::unique_ptr<SqliteConnection>> opened =
        SqliteConnection::Open(path_, SqliteConnection::Mode::kReadOnly, kReaderCacheKib);
    if (!opened.ok()) {
      GiveBack(nullptr);
      return opened.status();
    }
    connection = std::move(*opened);
  }
  connection->set_deadline(deadline);
  return Reader(this, std::move(connection));
}

void SqliteReaderPool::GiveBack(std::unique_ptr<SqliteConnection> connection) {
  {
    std::scoped_lock lock(mutex_);
    --lent_;
    if (connection) idle_.push_back(std::move(connection));
  }
  freed_.notify_one();
}

}  // namespace pedia::storage
