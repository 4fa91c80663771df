// MysqlCursor: one use of a statement of a MysqlConnection.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "storage/mysql_connection.h"
#include "storage/mysql_row_spool.h"

namespace pedia::storage {

class MysqlCursor final : public SqlCursor {
 public:
  MysqlCursor(MysqlConnection& connection, std::string_view sql, RowCount rows)
      : connection_(connection), sql_(sql), rows_(rows) {}
  ~MysqlCursor() override;

  Step Next(std::span<const SqlParameter> parameters) override;
  void Reset() override;
  const Status& status() const override { return status_; }
  int64_t changes() const override { return changes_; }
  int64_t Int(int column) const override;
  std::string_view Text(int column) const override;
  bool IsNull(int column) const override;
  SqlValue Value(int column) const override;

  // Reads the rest of the rows, which are then given from there.
  Status PutAside();

 private:
  enum class State {
    kNew,
    kStored,     // The rows are in memory.
    kStreaming,  // They come from the server one by one.
    kAside,      // The current row is the statement's still, the others are in `spool_`.
    kDone,
  };
  Step Start(std::span<const SqlParameter> parameters);
  Step Fail(const MysqlError& error);
  Step Fail(const Status& status);
  Step NextAside();
  void Discard();
  void FillSpool();
  void KeepCurrentRow();

  MysqlConnection& connection_;
  const std::string sql_;
  const RowCount rows_;
  State state_ = State::kNew;
  MysqlConnection::CachedStatement* statement_ = nullptr;
  bool spoiled_ = false;  // The statement is of no use any more.
  Status status_;
  int64_t changes_ = 0;
  bool on_row_ = false;
  std::unique_ptr<RowSpool> spool_;
  // The current row, once the statement has gone on; numbers as 8 bytes.
  bool row_is_aside_ = false;
  std::vector<std::optional<std::string_view>> row_;
  std::vector<MysqlStatement::TakenValue> kept_;
  uint64_t fetched_ = 0;
};

}  // namespace pedia::storage
