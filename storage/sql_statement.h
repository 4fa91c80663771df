// SqlStatement: a statement of whatever database, prepared and being run; and what a database does
// for it.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <variant>
#include <vector>

#include "meta/result.h"
#include "storage/sort_key.h"

namespace pedia::storage {

struct TextView {
  std::string_view bytes;
};
struct BlobView {
  std::string_view bytes;
};
// What a placeholder stands for; monostate is NULL. The bytes of texts and blobs are not copied.
// Texts are bytes in any encoding; databases compare them as memcmp does.
using SqlParameter = std::variant<std::monostate, int64_t, TextView, BlobView>;

// One use of a prepared statement. Its end gives the statement up, wherever it is. One thread.
class SqlCursor {
 public:
  enum class Step { kRow, kDone, kFailed };

  virtual ~SqlCursor() = default;
  // Moves to the next row. The first call since construction or Reset runs the statement with
  // `parameters`, whose bytes live until Reset or destruction.
  virtual Step Next(std::span<const SqlParameter> parameters) = 0;
  virtual void Reset() = 0;
  virtual const Status& status() const = 0;  // Why the last step failed.
  virtual int64_t changes()
      const = 0;  // How many rows the run that is done inserted, changed or deleted.

  // Of the current row, from 0; views are valid until the next Next or Reset.
  virtual int64_t Int(int column) const = 0;
  virtual std::string_view Text(int column) const = 0;  // Also for blobs. "" for NULL.
  virtual bool IsNull(int column) const = 0;
  virtual SqlValue Value(int column) const = 0;
};

// Must not outlive its connection. One thread.
//   SqlStatement s = connection.Prepare("SELECT name FROM objects WHERE id=?");
//   s.BindInt(7);
//   while (s.Step()) use(s.Text(0));
//   if (!s.ok()) return s.status();
// Several statements of one connection may be in use at the same time, halfway through their rows.
class SqlStatement {
 public:
  explicit SqlStatement(std::unique_ptr<SqlCursor> cursor) : cursor_(std::move(cursor)) {}
  SqlStatement(SqlStatement&&) = default;
  SqlStatement& operator=(SqlStatement&&) = delete;

  // Bind the next parameter. Texts and blobs are not copied: they must live until Reset or
  // destruction.
  SqlStatement& BindInt(int64_t value) { return Bind(SqlParameter(value)); }
  SqlStatement& BindText(std::string_view value) { return Bind(SqlParameter(TextView{value})); }
  SqlStatement& BindBlob(std::string_view value) { return Bind(SqlParameter(BlobView{value})); }
  SqlStatement& BindNull() { return Bind(SqlParameter()); }
  SqlStatement& BindIntOrNull(std::optional<int64_t> value) {
    return value ? BindInt(*value) : BindNull();
  }
  SqlStatement& Bind(SqlParameter value);
  SqlStatement& Bind(const SqlValue& value);

  // True if there is a row. False at the end and after a failure.
  bool Step();
  // Steps to the end and resets; for statements without rows.
  Status Run();
  void Reset();

  bool ok() const { return !failed_; }
  Status status() const { return failed_ ? cursor_->status() : Status(); }
  int64_t changes() const { return cursor_->changes(); }  // See SqlCursor.

  int64_t Int(int column) const { return cursor_->Int(column); }
  std::string_view Text(int column) const { return cursor_->Text(column); }
  bool IsNull(int column) const { return cursor_->IsNull(column); }
  SqlValue Value(int column) const { return cursor_->Value(column); }

 private:
  std::unique_ptr<SqlCursor> cursor_;
  std::vector<SqlParameter> parameters_;
  bool failed_ = false;
};

}  // namespace pedia::storage
