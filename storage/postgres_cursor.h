// PostgresCursor: one run of a statement and its rows.
#pragma once
#include <cstdint>
#include <memory>
#include <string>

#include "storage/postgres_session.h"
#include "storage/postgres_statements.h"
#include "storage/sql_connection.h"

namespace pedia::storage {

class PostgresConnection;

// Reads few rows, or as many as a small LIMIT allows, and those of a transaction's only statement,
// as the reply of a prepared statement.
// Everything else is read from a cursor of the server in batches that grow: the next one is asked
// for while one is used, so that about two of them are in memory at most.
class PostgresCursor : public SqlCursor {
 public:
  PostgresCursor(PostgresConnection& connection, PostgresStatementRef statement, RowCount rows);
  ~PostgresCursor() override;

  Step Next(std::span<const SqlParameter> parameters) override;
  void Reset() override;
  // Instead of what the first Next does: runs the prepared statement. `streamed`: row by row.
  void Run(const PostgresParameters& parameters, bool streamed);
  // The same, but it is sent with what follows.
  void Queue(const PostgresParameters& parameters, bool streamed);
  const Status& status() const override { return status_; }
  int64_t changes() const override { return changes_; }

  int64_t Int(int column) const override;
  std::string_view Text(int column) const override;
  bool IsNull(int column) const override;
  SqlValue Value(int column) const override;

 private:
  void Start(std::span<const SqlParameter> parameters);
  void OpenPortal(const PostgresParameters& parameters);
  void Fetch();
  void TakeResult();
  // Goes on to the next batch. False if there is none.
  bool NextBatch();
  Step Fail(Status status);

  PostgresConnection& connection_;
  PostgresStatementRef statement_;
  const RowCount rows_;
  PostgresReplyRef reply_;  // nullptr: not started.
  PostgresReplyRef ahead_;  // The batch behind that of `reply_`, if it was asked for.
  PostgresResult result_;
  int row_ = 0;
  int64_t changes_ = 0;
  Status status_;

  // Of a server's cursor.
  std::string portal_;  // Its name; "" if there is none.
  uint64_t transaction_ = 0;
  int64_t asked_ = 0;        // Rows, of `reply_` ...
  int64_t asked_ahead_ = 0;  // ... and of `ahead_`.
  int64_t taken_ = 0;        // Rows, of `reply_`.
  int64_t all_rows_ = 0;
  int64_t all_bytes_ = 0;
};

}  // namespace pedia::storage
