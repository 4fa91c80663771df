#include "storage/sqlite_connection.h"

#include <sqlite3.h>

#include <utility>

#include "meta/log.h"

namespace pedia::storage {
namespace {

constexpr int kBusyTimeoutMs = 15'000;
constexpr int kInstructionsPerProgress = 2'000;
constexpr size_t kMaxStatements = 64;

constexpr Dialect kDialect = {
    .index_hint_before = " INDEXED BY ",
    .index_hint_after = "",
    .ordered_join = " CROSS JOIN ",
    .needs_descending_index = false,
    .has_newest_first = false,
    .limits_unions = false,
    .merges_unions = true,
    .seeks_in_recursion = true,
    .merge_join = nullptr,
    .ranges_at_once = 1,
    .in_rows = " IN (VALUES ",
    .synced_seconds = "o.synced/1000",
};

}  // namespace

// A statement of the cache, on loan.
class SqliteConnection::Cursor final : public SqlCursor {
 public:
  Cursor(SqliteConnection& connection, CachedStatement& statement)
      : connection_(connection), statement_(statement), handle_(statement.handle) {}
  ~Cursor() override {
    if (handle_ != nullptr) {
      sqlite3_reset(handle_);
      sqlite3_clear_bindings(handle_);
    }
    statement_.busy = false;
  }

  Step Next(std::span<const SqlParameter> parameters) override {
    if (handle_ == nullptr) return Fail();
    if (!std::exchange(running_, true)) Bind(parameters);
    const int code = sqlite3_step(handle_);
    if (code == SQLITE_ROW) return Step::kRow;
    return code == SQLITE_DONE ? Step::kDone : Fail();
  }
  void Reset() override {
    running_ = false;
    if (handle_ != nullptr) sqlite3_reset(handle_);
  }
  const Status& status() const override { return status_; }
  int64_t changes() const override { return sqlite3_changes64(connection_.db_); }

  int64_t Int(int column) const override { return sqlite3_column_int64(handle_, column); }
  std::string_view Text(int column) const override {
    const void* data = sqlite3_column_blob(handle_, column);
    if (data == nullptr) return {};
    return {static_cast<const char*>(data),
            static_cast<size_t>(sqlite3_column_bytes(handle_, column))};
  }
  bool IsNull(int column) const override {
    return sqlite3_column_type(handle_, column) == SQLITE_NULL;
  }
  SqlValue Value(int column) const override {
    switch (sqlite3_column_type(handle_, column)) {
      case SQLITE_NULL:
        return {};
      case SQLITE_INTEGER:
        return Int(column);
      default:
        return std::string(Text(column));
    }
  }

 private:
  void Bind(std::span<const SqlParameter> parameters) {
    int index = 0;
    for (const SqlParameter& parameter : parameters) {
      ++index;
      if (const auto* number = std::get_if<int64_t>(&parameter)) {
        sqlite3_bind_int64(handle_, index, *number);
      } else if (const auto* text = std::get_if<TextView>(&parameter)) {
        const std::string_view bytes = NotNull(text->bytes);
        sqlite3_bind_text64(handle_, index, bytes.data(), bytes.size(), SQLITE_STATIC, SQLITE_UTF8);
      } else if (const auto* blob = std::get_if<BlobView>(&parameter)) {
        const std::string_view bytes = NotNull(blob->bytes);
        sqlite3_bind_blob64(handle_, index, bytes.data(), bytes.size(), SQLITE_STATIC);
      } else {
        sqlite3_bind_null(handle_, index);
      }
    }
  }
  // To SQLite a null pointer is NULL.
  static std::string_view NotNull(std::string_view bytes) {
    return bytes.data() == nullptr ? "" : bytes;
  }
  Step Fail() {
    status_ = connection_.Failure();
    return Step::kFailed;
  }

  SqliteConnection& connection_;
  CachedStatement& statement_;
  sqlite3_stmt* handle_;
  bool running_ = false;
  Status status_;
};

Result<std::unique_ptr<SqliteConnection>> SqliteConnection::Open(const std::string& path, Mode mode,
                                                                 int cache_kib) {
  const int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_READWRITE |
                    (mode == Mode::kReadWrite ? SQLITE_OPEN_CREATE : 0);
  sqlite3* db = nullptr;
  const int code = sqlite3_open_v2(path.c_str(), &db, flags, nullptr);
  if (db == nullptr) return InternalError("out of memory");
  std::unique_ptr<SqliteConnection> connection(new SqliteConnection(db, path));
  if (code != SQLITE_OK) {
    return InternalError("cannot open the database " + path + ": " + sqlite3_errmsg(db));
  }
  sqlite3_extended_result_codes(db, 1);
  sqlite3_busy_timeout(db, kBusyTimeoutMs);
  sqlite3_progress_handler(db, kInstructionsPerProgress, &SqliteConnection::OnProgress,
                           connection.get());
  const std::string cache = "PRAGMA cache_size=-" + std::to_string(cache_kib);
  for (const char* pragma :
       {cache.c_str(), "PRAGMA trusted_schema=OFF", "PRAGMA mmap_size=0",
        mode == Mode::kReadOnly ? "PRAGMA query_only=ON" : "PRAGMA secure_delete=OFF"}) {
    if (Status status = connection->Execute(pragma); !status.ok()) {
      return InternalError("cannot open the database " + path + ": " + connection->ErrorText());
    }
  }
  return connection;
}

SqliteConnection::~SqliteConnection() {
  for (auto& [sql, statement] : statements_) sqlite3_finalize(statement.handle);
  sqlite3_close(db_);
}

const Dialect& SqliteConnection::dialect() const { return kDialect; }

Result<StoreState> SqliteConnection::BeginRead() { return Begin("BEGIN"); }

Result<StoreState> SqliteConnection::BeginWrite() { return Begin("BEGIN IMMEDIATE"); }

Result<StoreState> SqliteConnection::Begin(const char* sql) {
  if (Status status = Prepare(sql).Run(); !status.ok()) return status;
  const auto state = MakeCursor(kSelectState, RowCount::kFew);
  switch (state->Next({})) {
    case SqlCursor::Step::kRow:
      return StateOf(*state);
    case SqlCursor::Step::kDone:
      return InternalError("the table meta is empty");
    default:
      return state->status();
  }
}

Status SqliteConnection::Commit() { return Prepare("COMMIT").Run(); }

void SqliteConnection::Rollback() {
  if (sqlite3_get_autocommit(db_) == 0) (void)Prepare("ROLLBACK").Run();
}

std::unique_ptr<SqlCursor> SqliteConnection::MakeCursor(std::string_view sql, RowCount) {
  std::string key(sql);
  // Nested uses of one text get a copy of the statement each.
  auto found = statements_.find(key);
  while (found != statements_.end() && found->second.busy) {
    key += ' ';
    found = statements_.find(key);
  }
  if (found == statements_.end()) {
    if (statements_.size() >= kMaxStatements) EvictStatement();
    found = statements_.try_emplace(std::move(key)).first;
  }
  CachedStatement& statement = found->second;
  if (statement.handle == nullptr) {
    sqlite3_prepare_v3(db_, found->first.c_str(), static_cast<int>(found->first.size()) + 1,
                       SQLITE_PREPARE_PERSISTENT, &statement.handle, nullptr);
  }
  statement.busy = true;
  statement.last_use = ++uses_;
  return std::make_unique<Cursor>(*this, statement);
}

void SqliteConnection::EvictStatement() {
  auto oldest = statements_.end();
  for (auto it = statements_.begin(); it != statements_.end(); ++it) {
    if (it->second.busy) continue;
    if (oldest == statements_.end() || it->second.last_use < oldest->second.last_use) oldest = it;
  }
  if (oldest == statements_.end()) return;
  sqlite3_finalize(oldest->second.handle);
  statements_.erase(oldest);
}

Status SqliteConnection::Execute(const char* sql) {
  if (sqlite3_exec(db_, sql, nullptr, nullptr, nullptr) == SQLITE_OK) return Status();
  return Failure();
}

Status SqliteConnection::Failure() {
  const int code = sqlite3_extended_errcode(db_);
  if ((code & 0xff) == SQLITE_INTERRUPT) return Timeout("the query took too long and was ended");
  LogError("database " + path_ + ": " + ErrorText());
  switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_FULL:
    case SQLITE_READONLY:
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
    case SQLITE_NOMEM:
    case SQLITE_PERM:
    case SQLITE_PROTOCOL:
      return ServiceUnavailable("the store cannot be used at the moment");
    default:
      return InternalError("the store failed");
  }
}

std::string SqliteConnection::ErrorText() const {
  return std::string(sqlite3_errmsg(db_)) + " (" + std::to_string(sqlite3_extended_errcode(db_)) +
         ")";
}

bool SqliteConnection::IsBusy() const {
  const int code = sqlite3_errcode(db_) & 0xff;
  return code == SQLITE_BUSY || code == SQLITE_LOCKED;
}

int SqliteConnection::OnProgress(void* self) {
  const auto* connection = static_cast<const SqliteConnection*>(self);
  const bool end = connection->DeadlinePassed() || connection->Cancelled();
  return end ? 1 : 0;
}

}  // namespace pedia::storage
