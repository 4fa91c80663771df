// SqliteConnection and SqliteStatement: thin owners of sqlite3 handles, with cached statements and
// pedia's Status.
#pragma once
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "meta/result.h"
#include "storage/sort_key.h"

struct sqlite3;
struct sqlite3_stmt;

namespace pedia::storage {

class SqliteConnection;

struct CachedStatement {
  sqlite3_stmt* handle = nullptr;
  uint64_t last_use = 0;
  bool busy = false;
};

// A prepared statement being used; giving it up resets it for the next user. Must not outlive its
// connection. One thread.
//   SqliteStatement s = connection.Prepare("SELECT name FROM objects WHERE id=?");
//   s.BindInt(7);
//   while (s.Step()) use(s.Text(0));
//   if (!s.ok()) return s.status();
class SqliteStatement {
 public:
  SqliteStatement(SqliteConnection* connection, CachedStatement* statement);
  SqliteStatement(SqliteStatement&& other) noexcept;
  SqliteStatement& operator=(SqliteStatement&&) = delete;
  ~SqliteStatement();

  // Bind the next parameter. Texts and blobs are not copied: they must live until Reset or
  // destruction.
  SqliteStatement& BindInt(int64_t value);
  SqliteStatement& BindText(std::string_view value);
  SqliteStatement& BindBlob(std::string_view value);
  SqliteStatement& BindNull();
  SqliteStatement& BindIntOrNull(std::optional<int64_t> value);
  SqliteStatement& Bind(const SqlValue& value);

  // True if there is a row. False at the end and after a failure.
  bool Step();
  // Steps to the end and resets; for statements without rows.
  Status Run();
  void Reset();

  bool ok() const { return !failed_; }
  Status status() const { return status_; }

  // Of the current row; views are valid until the next Step or Reset.
  int64_t Int(int column) const;
  std::string_view Text(int column) const;  // Also for blobs. "" for NULL.
  bool IsNull(int column) const;
  SqlValue Value(int column) const;

 private:
  void Fail();
  SqliteConnection* connection_;
  CachedStatement* statement_;
  sqlite3_stmt* handle_;  // nullptr if it could not be prepared.
  int bound_ = 0;
  bool failed_ = false;
  Status status_;
};

// One thread at a time.
class SqliteConnection {
 public:
  enum class Mode { kReadWrite, kReadOnly };

  // Creates the file if it does not exist and the mode allows it. Errors: InternalError,
  // ServiceUnavailable, with path and cause.
  static Result<std::unique_ptr<SqliteConnection>> Open(const std::string& path, Mode mode,
                                                        int cache_kib);
  ~SqliteConnection();
  SqliteConnection(const SqliteConnection&) = delete;
  SqliteConnection& operator=(const SqliteConnection&) = delete;

  // Never fails by itself: a statement that cannot be prepared fails when stepped.
  SqliteStatement Prepare(std::string_view sql);
  // Runs constant statements, separated by ';'.
  Status Execute(const char* sql);
  // A statement that runs beyond this fails with Timeout.
  void set_deadline(std::chrono::steady_clock::time_point deadline) { deadline_ = deadline; }
  std::chrono::steady_clock::time_point deadline() const { return deadline_; }
  // Asked from time to time while a statement runs; true ends it. May be empty.
  void set_cancelled(std::function<bool()> cancelled) { cancelled_ = std::move(cancelled); }
  bool DeadlinePassed() const { return std::chrono::steady_clock::now() >= deadline_; }

  // Logs the last error and turns it into what the client may see: Timeout, ServiceUnavailable
  // (busy, full, read-only, I/O errors: try again later) or InternalError.
  Status Failure();
  std::string ErrorText() const;
  bool IsBusy() const;
  sqlite3* handle() { return db_; }

 private:
  friend class SqliteStatement;
  SqliteConnection(sqlite3* db, std::string path) : db_(db), path_(std::move(path)) {}
  static int OnProgress(void* self);
  void EvictStatement();

  sqlite3* db_;
  std::string path_;
  std::chrono::steady_clock::time_point deadline_ = std::chrono::steady_clock::time_point::max();
  std::function<bool()> cancelled_;
  std::unordered_map<std::string, CachedStatement> statements_;
  uint64_t uses_ = 0;
};

}  // namespace pedia::storage
