#include "storage/mysql_connection.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "storage/mysql_cursor.h"

namespace pedia::storage {
namespace {

// Servers allow some 16,000 for all connections together.
constexpr size_t kMaxStatements = 96;
constexpr auto kSilenceWithoutDeadline = std::chrono::seconds(60);
constexpr unsigned kTooManyPrepared = 1461;

constexpr Dialect kMysqlDialect = {
    .index_hint_before = " FORCE INDEX (",
    .index_hint_after = ")",
    .ordered_join = " STRAIGHT_JOIN ",
    .needs_descending_index = true,
    .has_newest_first = true,
    .limits_unions = true,
    .merges_unions = false,
    .seeks_in_recursion = false,
    .merge_join = nullptr,
    .ranges_at_once = 16,
    .in_rows = " IN (",
    .synced_seconds = "o.synced DIV 1000",
};

// One row of a result in text, for what reads rows of cursors.
class TextRow final : public SqlCursor {
 public:
  explicit TextRow(const MysqlSession::Row& row) : row_(row) {}
  Step Next(std::span<const SqlParameter>) override { return Step::kDone; }
  void Reset() override {}
  const Status& status() const override { return status_; }
  int64_t changes() const override { return 0; }
  int64_t Int(int column) const override {
    return std::strtoll(At(column).value_or("0").c_str(), nullptr, 10);
  }
  std::string_view Text(int column) const override {
    const std::optional<std::string>& value = At(column);
    return value ? std::string_view(*value) : std::string_view();
  }
  bool IsNull(int column) const override { return !At(column); }
  SqlValue Value(int column) const override {
    return IsNull(column) ? SqlValue() : SqlValue(std::string(Text(column)));
  }

 private:
  const std::optional<std::string>& At(int column) const {
    return row_.at(static_cast<size_t>(column));
  }
  const MysqlSession::Row& row_;
  Status status_;
};

}  // namespace

MysqlConnection::MysqlConnection(std::unique_ptr<MysqlSession> session,
                                 std::chrono::milliseconds silence)
    : session_(std::move(session)), silence_(silence) {
  session_->set_should_end([this] { return ShouldEnd(); });
}

// Statements are closed before what they were prepared on.
MysqlConnection::~MysqlConnection() {
  streaming_ = nullptr;
  used_.clear();
  statements_.clear();
  session_.reset();
}

const Dialect& MysqlConnection::dialect() const { return kMysqlDialect; }

bool MysqlConnection::usable() const { return streaming_ == nullptr && session_->usable(); }

Result<StoreState> MysqlConnection::BeginRead() {
  return Begin("REPEATABLE READ", "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY;" +
                                      std::string(kSelectState));
}

// Without a snapshot: what the statements see is no older than the lock.
Result<StoreState> MysqlConnection::BeginWrite() {
  return Begin("READ COMMITTED", "START TRANSACTION;" + std::string(kSelectState) + " FOR UPDATE");
}

Result<StoreState> MysqlConnection::Begin(std::string_view isolation, std::string_view sql) {
  if (Status status = Free(); !status.ok()) return status;
  std::string text;
  if (isolation_ != isolation)
    text.append("SET SESSION TRANSACTION ISOLATION LEVEL ").append(isolation).append(";");
  const Result<std::vector<MysqlSession::Row>> rows = session_->Query(text.append(sql));
  if (!rows.ok()) {
    Rollback();
    return rows.status();
  }
  isolation_ = isolation;
  if (rows->size() == 1) return StateOf(TextRow(rows->front()));
  Rollback();
  return InternalError("the table meta is empty");
}

Status MysqlConnection::Commit() {
  if (Status status = Free(); !status.ok()) return status;
  const Result<std::vector<MysqlSession::Row>> done = session_->Query("COMMIT");
  return done.ok() ? Status() : done.status();
}

// Also after the deadline.
void MysqlConnection::Rollback() {
  if (streaming_ != nullptr) streaming_->Reset();
  if (!session_->connected()) return;
  session_->Settle();
  if (!session_->QueryAtLast("ROLLBACK").ok()) session_->Abandon();
}

std::unique_ptr<SqlCursor> MysqlConnection::MakeCursor(std::string_view sql, RowCount rows) {
  return std::make_unique<MysqlCursor>(*this, sql, rows);
}

Status MysqlConnection::Free() {
  if (!session_->connected()) return ServiceUnavailable("the store cannot be used at the moment");
  if (streaming_ != nullptr) {
    if (Status status = streaming_->PutAside(); !status.ok()) return status;
  }
  CleanUp();
  session_->Settle();
  const bool bounded = deadline() != std::chrono::steady_clock::time_point::max();
  session_->set_silence(silence_.count() > 0 || bounded ? silence_ : kSilenceWithoutDeadline);
  return Status();
}

Result<MysqlConnection::CachedStatement*> MysqlConnection::Take(std::string_view sql) {
  if (Status status = Free(); !status.ok()) return status;
  const auto [begin, end] = statements_.equal_range(sql);
  const auto idle = std::find_if(begin, end, [](const auto& entry) { return !entry.second->busy; });
  if (idle != end) {
    CachedStatement& found = *idle->second;
    found.busy = true;
    found.last_use = ++uses_;
    return &found;
  }
  if (statements_.size() >= kMaxStatements) Evict(kMaxStatements - 1);
  auto made = std::make_unique<CachedStatement>();
  made->sql = sql;
  made->statement = std::make_unique<MysqlStatement>(*session_);
  if (!made->statement->Prepare(sql)) {
    const MysqlError error = made->statement->error();
    if (error.code != kTooManyPrepared) return session_->Failure(error, sql);
    Evict(0);
    made->statement = std::make_unique<MysqlStatement>(*session_);
    if (!made->statement->Prepare(sql)) return session_->Failure(made->statement->error(), sql);
  }
  made->busy = true;
  made->last_use = ++uses_;
  CachedStatement* statement = made.get();
  statements_.emplace(statement->sql, std::move(made));
  return statement;
}

// Forgetting rows and closing a statement makes the library read what is on its way, whichever
// statement it is for.
void MysqlConnection::GiveBack(CachedStatement* statement, bool spoiled) {
  statement->spoiled = spoiled;
  used_.push_back(statement);
  if (streaming_ == nullptr) CleanUp();
}

void MysqlConnection::CleanUp() {
  for (CachedStatement* statement : used_) {
    statement->busy = false;
    if (!statement->spoiled) {
      statement->statement->FreeRows();
      continue;
    }
    const auto [begin, end] = statements_.equal_range(statement->sql);
    const auto found = std::find_if(
        begin, end, [&](const auto& entry) { return entry.second.get() == statement; });
    const std::unique_ptr<CachedStatement> closed = std::move(found->second);
    statements_.erase(found);  // Its key is part of `closed`.
  }
  used_.clear();
}

// Closes those that were not used for longest, until there are no more than `keep`.
void MysqlConnection::Evict(size_t keep) {
  while (statements_.size() > keep) {
    auto oldest = statements_.end();
    for (auto it = statements_.begin(); it != statements_.end(); ++it) {
      if (it->second->busy) continue;
      if (oldest == statements_.end() || it->second->last_use < oldest->second->last_use)
        oldest = it;
    }
    if (oldest == statements_.end()) return;
    // The key is part of the value.
    const std::unique_ptr<CachedStatement> evicted = std::move(oldest->second);
    statements_.erase(oldest);
  }
}

}  // namespace pedia::storage
