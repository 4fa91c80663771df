// PostgresUpkeep: keeps what PostgreSQL knows of the tables up to date where its own housekeeping
// would come too late: while they grow, plans must not be those of small tables; and index-only
// scans are such only after a VACUUM.
#pragma once
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <stop_token>
#include <thread>

#include "meta/result.h"
#include "storage/postgres_connection.h"

namespace pedia::storage {

// Works on a thread and a connection of its own, so that nobody waits for it. Failures are left to
// the server's own housekeeping. Thread-safe.
class PostgresUpkeep {
 public:
  using Connect = std::function<Result<std::unique_ptr<PostgresConnection>>()>;

  explicit PostgresUpkeep(Connect connect);

  // Rows that a transaction has added.
  void Inserted(int64_t rows);
  // There is time now for what takes longer.
  void Idle();

 private:
  enum class Work { kNothing, kAnalyze, kVacuum };

  void Run(const std::stop_token& stop);
  void Do(Work work, const std::stop_token& stop);

  const Connect connect_;
  std::mutex mutex_;
  std::condition_variable_any asked_;
  Work work_ = Work::kNothing;
  int64_t rows_ = 0;           // Ever inserted.
  int64_t analyzed_rows_ = 0;  // How many of them the last ANALYZE saw ...
  int64_t vacuumed_rows_ = 0;  // ... and the last VACUUM.
  std::jthread thread_;        // The last member: it uses the others.
};

}  // namespace pedia::storage
