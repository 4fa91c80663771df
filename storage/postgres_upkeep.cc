#include "storage/postgres_upkeep.h"

#include <algorithm>
#include <string>
#include <utility>

namespace pedia::storage {
namespace {

constexpr int64_t kRowsPerAnalyze = 1'000;  // The first time; then whenever they have doubled.
constexpr int64_t kRowsPerVacuum = 200'000;

}  // namespace

PostgresUpkeep::PostgresUpkeep(Connect connect)
    : connect_(std::move(connect)), thread_([this](const std::stop_token& stop) { Run(stop); }) {}

void PostgresUpkeep::Inserted(int64_t rows) {
  const std::scoped_lock lock(mutex_);
  rows_ += rows;
  if (rows_ - analyzed_rows_ < std::max(kRowsPerAnalyze, analyzed_rows_)) return;
  analyzed_rows_ = rows_;
  work_ = std::max(work_, Work::kAnalyze);
  asked_.notify_one();
}

void PostgresUpkeep::Idle() {
  const std::scoped_lock lock(mutex_);
  if (rows_ - vacuumed_rows_ < kRowsPerVacuum) return;
  vacuumed_rows_ = analyzed_rows_ = rows_;
  work_ = Work::kVacuum;
  asked_.notify_one();
}

void PostgresUpkeep::Run(const std::stop_token& stop) {
  while (true) {
    Work work;
    {
      std::unique_lock lock(mutex_);
      if (!asked_.wait(lock, stop, [this] { return work_ != Work::kNothing; })) return;
      work = std::exchange(work_, Work::kNothing);
    }
    Do(work, stop);
  }
}

void PostgresUpkeep::Do(Work work, const std::stop_token& stop) {
  Result<std::unique_ptr<PostgresConnection>> connection = connect_();
  if (!connection.ok()) return;
  (*connection)->set_cancelled([&stop] { return stop.stop_requested(); });
  const std::string verb = work == Work::kVacuum ? "VACUUM (ANALYZE) " : "ANALYZE ";
  for (const char* table : {"objects", "bodies", "entries"}) {
    if (!(*connection)->Prepare(verb + table).Run().ok()) return;
  }
}

}  // namespace pedia::storage
