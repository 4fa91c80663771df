// SqliteConnection: a SqlConnection on one sqlite3 handle.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "meta/result.h"
#include "storage/sql_connection.h"

struct sqlite3;
struct sqlite3_stmt;

namespace pedia::storage {

// One thread at a time.
class SqliteConnection final : public SqlConnection {
 public:
  enum class Mode { kReadWrite, kReadOnly };

  // Creates the file if it does not exist and the mode allows it. Errors: InternalError,
  // ServiceUnavailable, with path and cause.
  static Result<std::unique_ptr<SqliteConnection>> Open(const std::string& path, Mode mode,
                                                        int cache_kib);
  ~SqliteConnection() override;

  const Dialect& dialect() const override;
  Result<StoreState> BeginRead() override;
  Result<StoreState> BeginWrite() override;
  Status Commit() override;
  void Rollback() override;
  bool usable() const override { return true; }

  // Runs constant statements, separated by ';'.
  Status Execute(const char* sql);
  // Logs the last error and turns it into what the client may see: Timeout, ServiceUnavailable
  // (busy, full, read-only, I/O errors: try again later) or InternalError.
  Status Failure();
  std::string ErrorText() const;
  bool IsBusy() const;
  sqlite3* handle() { return db_; }

 protected:
  std::unique_ptr<SqlCursor> MakeCursor(std::string_view sql, RowCount rows) override;

 private:
  struct CachedStatement {
    sqlite3_stmt* handle = nullptr;  // nullptr if it could not be prepared.
    uint64_t last_use = 0;
    bool busy = false;
  };
  class Cursor;

  SqliteConnection(sqlite3* db, std::string path) : db_(db), path_(std::move(path)) {}
  static int OnProgress(void* self);
  void EvictStatement();
  Result<StoreState> Begin(const char* sql);

  sqlite3* db_;
  std::string path_;
  std::unordered_map<std::string, CachedStatement> statements_;
  uint64_t uses_ = 0;
};

}  // namespace pedia::storage
