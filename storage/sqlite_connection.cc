#include "storage/sqlite_connection.h"

#include <sqlite3.h>

#include <algorithm>
#include <utility>

#include "meta/log.h"

namespace pedia::storage {
namespace {

constexpr int kBusyTimeoutMs = 15'000;
constexpr int kInstructionsPerProgress = 2'000;
constexpr size_t kMaxStatements = 64;

}  // namespace

SqliteStatement::SqliteStatement(SqliteConnection* connection, CachedStatement* statement)
    : connection_(connection), statement_(statement), handle_(statement->handle) {
  if (handle_ == nullptr) {
    Fail();
  }
}

SqliteStatement::SqliteStatement(SqliteStatement&& other) noexcept
    : connection_(other.connection_),
      statement_(std::exchange(other.statement_, nullptr)),
      handle_(std::exchange(other.handle_, nullptr)),
      bound_(other.bound_),
      failed_(other.failed_),
      status_(std::move(other.status_)) {}

SqliteStatement::~SqliteStatement() {
  if (statement_ == nullptr) return;
  if (handle_ != nullptr) {
    sqlite3_reset(handle_);
    sqlite3_clear_bindings(handle_);
  }
  statement_->busy = false;
}

SqliteStatement& SqliteStatement::BindInt(int64_t value) {
  sqlite3_bind_int64(handle_, ++bound_, value);
  return *this;
}

SqliteStatement& SqliteStatement::BindText(std::string_view value) {
  sqlite3_bind_text64(handle_, ++bound_, value.data() == nullptr ? "" : value.data(), value.size(),
                      SQLITE_STATIC, SQLITE_UTF8);
  return *this;
}

SqliteStatement& SqliteStatement::BindBlob(std::string_view value) {
  sqlite3_bind_blob64(handle_, ++bound_, value.data() == nullptr ? "" : value.data(), value.size(),
                      SQLITE_STATIC);
  return *this;
}

SqliteStatement& SqliteStatement::BindNull() {
  sqlite3_bind_null(handle_, ++bound_);
  return *this;
}

SqliteStatement& SqliteStatement::BindIntOrNull(std::optional<int64_t> value) {
  return value ? BindInt(*value) : BindNull();
}

SqliteStatement& SqliteStatement::Bind(const SqlValue& value) {
  if (const auto* number = std::get_if<int64_t>(&value)) return BindInt(*number);
  if (const auto* text = std::get_if<std::string>(&value)) return BindText(*text);
  return BindNull();
}

bool SqliteStatement::Step() {
  if (failed_) return false;
  const int code = sqlite3_step(handle_);
  if (code == SQLITE_ROW) return true;
  if (code != SQLITE_DONE) Fail();
  return false;
}

Status SqliteStatement::Run() {
  while (Step()) {
  }
  if (!ok()) return status_;
  Reset();
  return Status();
}

void SqliteStatement::Reset() {
  bound_ = 0;
  if (handle_ != nullptr) sqlite3_reset(handle_);
}

int64_t SqliteStatement::Int(int column) const { return sqlite3_column_int64(handle_, column); }

std::string_view SqliteStatement::Text(int column) const {
  const void* data = sqlite3_column_blob(handle_, column);
  if (data == nullptr) return {};
  return {static_cast<const char*>(data),
          static_cast<size_t>(sqlite3_column_bytes(handle_, column))};
}

bool SqliteStatement::IsNull(int column) const {
  return sqlite3_column_type(handle_, column) == SQLITE_NULL;
}

SqlValue SqliteStatement::Value(int column) const {
  switch (sqlite3_column_type(handle_, column)) {
    case SQLITE_NULL:
      return {};
    case SQLITE_INTEGER:
      return Int(column);
    default:
      return std::string(Text(column));
  }
}

void SqliteStatement::Fail() {
  failed_ = true;
  status_ = connection_->Failure();
}

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

SqliteStatement SqliteConnection::Prepare(std::string_view sql) {
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
  return SqliteStatement(this, &statement);
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
  const bool end =
      connection->DeadlinePassed() || (connection->cancelled_ && connection->cancelled_());
  return end ? 1 : 0;
}

}  // namespace pedia::storage
