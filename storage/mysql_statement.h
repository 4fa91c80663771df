// MysqlStatement: a prepared statement of libmariadb with the buffers that its parameters and columns
// are bound to.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "storage/mysql_session.h"
#include "storage/sql_statement.h"

namespace pedia::storage {

// Texts and blobs are both sent as bytes. One thread.
class MysqlStatement {
 public:
  explicit MysqlStatement(MysqlSession& session);
  ~MysqlStatement();
  MysqlStatement(const MysqlStatement&) = delete;
  MysqlStatement& operator=(const MysqlStatement&) = delete;

  // All of these: false and error() on failure.
  bool Prepare(std::string_view sql);
  bool Execute(std::span<const SqlParameter> parameters);
  // Once per row of `rows`, row-major, `width` values each, whose columns are bound in the order of
  // `order`. Requires: MysqlSession::binds_arrays(), and a statement without rows.
  bool ExecuteForEach(std::span<const SqlParameter> rows, size_t width,
                      std::span<const size_t> order);
  bool StoreRows();  // Reads all rows, before the first Fetch.
  enum class Fetched { kRow, kEnd, kFailed };
  Fetched Fetch(bool stored);
  // Forgets the rows. Requires: they are stored, or all fetched.
  void FreeRows();

  // The current row, with the very bytes that Bytes() pointed to.
  struct TakenValue {
    bool is_null = false;
    bool is_number = false;
    int64_t number = 0;
    std::vector<char> bytes;
    std::optional<std::string_view> View() const;  // A number as its 8 bytes.
  };
  std::vector<TakenValue> TakeRow();

  MysqlError error() const;
  int64_t changes() const { return changes_; }
  bool has_rows() const { return !columns_.empty(); }

  size_t columns() const { return columns_.size(); }
  bool IsNumber(size_t column) const;
  bool IsNull(size_t column) const;
  int64_t Number(size_t column) const;
  std::string_view Bytes(size_t column) const;

 private:
  struct Column {
    bool is_number = false;
    int64_t number = 0;
    std::vector<char> buffer;
    unsigned long length = 0;
    char is_null = 0;  // As libmariadb has it.
    char truncated = 0;
  };
  struct Bindings;  // Of libmariadb.
  struct Arrays;
  bool BindColumns();
  bool FetchRest();
  bool Run();

  MysqlSession& session_;
  st_mysql_stmt* statement_ = nullptr;
  std::vector<Column> columns_;
  bool bind_again_ = false;  // Before the next row: buffers have moved.
  std::unique_ptr<Bindings> bindings_;
  int64_t changes_ = 0;
};

}  // namespace pedia::storage
