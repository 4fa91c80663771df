// PostgresConnection: SqlConnection on libpq, with binary values both ways.
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "storage/postgres_cursor.h"
#include "storage/postgres_session.h"
#include "storage/postgres_statements.h"
#include "storage/sql_connection.h"

namespace pedia::storage {

class PostgresConnection : public SqlConnection {
 public:
  // Takes over `connection`, which has just been made.
  PostgresConnection(pg_conn* connection, std::shared_ptr<const PostgresErrors> errors,
                     bool writer);
  ~PostgresConnection() override;

  const Dialect& dialect() const override;
  Result<StoreState> BeginRead() override;
  void StartRead() override;
  Result<StoreState> ReadState() override;
  void ExpectOneStatement() override;
  Result<StoreState> BeginWrite() override;
  Status Commit() override;
  void Rollback() override;
  Status Insert(const Table& table, std::span<const SqlParameter> rows) override;
  Status Update(const Table& table, std::span<const size_t> columns,
                std::span<const SqlParameter> rows) override;
  Status Delete(const Table& table, std::span<const SqlParameter> rows) override;
  Result<std::vector<FoundObject>> FindObjects(std::span<const ObjectRef> objects) override;
  Status ReadBodies(std::span<const int64_t> ids, std::vector<std::string>* bodies) override;
  bool usable() const override;

  // Told how many rows a transaction has added that was committed. May be empty.
  void set_on_insert(std::function<void(int64_t)> told) { on_insert_ = std::move(told); }
  PostgresSession& session() { return *session_; }

 protected:
  std::unique_ptr<SqlCursor> MakeCursor(std::string_view sql, RowCount rows) override;

 private:
  friend class PostgresCursor;

  void SetUp();
  void Start(std::string_view begin, std::string_view lock);
  void QueueStart();
  Result<StoreState> AwaitState();
  bool MustEnd() const { return DeadlinePassed() || Cancelled(); }
  void Send();
  // Executes `sql`, whose rows are of no use, and gives what it says it did: "UPDATE 3".
  Result<std::string> Run(std::string_view sql, const PostgresParameters& parameters);

  std::unique_ptr<PostgresSession> session_;
  std::unique_ptr<PostgresStatements> statements_;
  PostgresReplyRef set_up_;  // nullptr once it was looked at.
  const bool writer_;
  bool in_transaction_ = false;
  bool unbounded_ = false;                   // It gives many rows without a server's cursor.
  bool starting_ = false;                    // A transaction, of which nothing was sent yet ...
  std::string_view begin_;                   // ... what begins it ...
  std::string select_;                       // ... and what reads the state.
  std::optional<PostgresCursor> state_row_;  // What has become of that.
  std::optional<Result<StoreState>> state_;  // Of the transaction, once it was asked for.
  uint64_t transaction_ = 0;                 // Counts them.
  uint64_t portals_ = 0;                     // Of the connection, for names.
  std::vector<std::string> to_close_;        // Server's cursors that nobody reads any more.
  std::function<void(int64_t)> on_insert_;
  int64_t inserted_rows_ = 0;  // By the transaction.
};

}  // namespace pedia::storage
