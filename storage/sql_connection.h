// SqlConnection: one connection to a database of whatever kind, with cached statements,
// transactions, and the verbs that write many rows at once.
//
// SQL is written once, in the words that SQLite, PostgreSQL, MariaDB and MySQL share, with '?' for
// parameters; a Dialect says the few things that differ.
#pragma once
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "meta/result.h"
#include "storage/dialect.h"
#include "storage/sql_statement.h"
#include "storage/store_state.h"
#include "storage/table.h"

namespace pedia::storage {

// How many rows a statement may give.
enum class RowCount {
  kFew,        // So few, or so small, that a connection may read all of them at once.
  kUnbounded,  // To be read as they are used: memory does not grow with them.
};

struct ObjectRef {
  int64_t type_id;
  std::string_view okey;
};

struct FoundObject {
  size_t index;  // In what was asked for.
  int64_t id;
  std::string resource_version;
  std::string owner_uid;  // "" if none.
  std::optional<int64_t> created;
  std::string entries;  // Packed.
};

// One thread at a time. Errors everywhere: Timeout beyond the deadline or when cancelled,
// ServiceUnavailable if the database cannot be used now (the caller may retry), InternalError; the
// cause goes to the log. A failed statement of a transaction leaves nothing to do but Rollback.
class SqlConnection {
 public:
  virtual ~SqlConnection() = default;
  SqlConnection() = default;
  SqlConnection(const SqlConnection&) = delete;
  SqlConnection& operator=(const SqlConnection&) = delete;

  virtual const Dialect& dialect() const = 0;

  // Never fails by itself: a statement that cannot be prepared fails when stepped. In a sampled trace
  // its text ends with kTraceComment, the traceparent and "'*/".
  SqlStatement Prepare(std::string_view sql, RowCount rows = RowCount::kFew) {
    std::string traced;
    return SqlStatement(MakeCursor(WithTrace(sql, &traced), rows));
  }
  static constexpr std::string_view kTraceComment = " /*traceparent='";

  // Transactions; not nested. BeginRead: all statements see one snapshot, that of the state given.
  virtual Result<StoreState> BeginRead() = 0;
  // BeginRead in two steps, so that a database behind a network need not be waited for: statements
  // may be run between them. ReadState gives what BeginRead would have given.
  virtual void StartRead() { state_ = BeginRead(); }
  virtual Result<StoreState> ReadState() { return *state_; }
  // Between StartRead and the first statement: it will be the only one, and the transaction may end
  // with it. To be given up before its end only in need: that may cost the connection.
  virtual void ExpectOneStatement() {}
  // Waits for other writers, on the lock that guards the state.
  virtual Result<StoreState> BeginWrite() = 0;
  // After an error it is not known whether the transaction took place.
  virtual Status Commit() = 0;
  // Ends a transaction of either kind, failed or not; for one that reads it is the usual end.
  virtual void Rollback() = 0;

  // Within BeginWrite. Rows are row-major. Requires: no two rows have the same key.
  // `rows`: all columns.
  virtual Status Insert(const Table& table, std::span<const SqlParameter> rows);
  // Sets `columns` (by index) where the key is the same; rows: the key columns, then `columns`.
  virtual Status Update(const Table& table, std::span<const size_t> columns,
                        std::span<const SqlParameter> rows);
  // `rows`: the key columns.
  virtual Status Delete(const Table& table, std::span<const SqlParameter> rows);
  // Those of `objects` that are stored, in any order.
  virtual Result<std::vector<FoundObject>> FindObjects(std::span<const ObjectRef> objects);
  // The bodies of some objects as they are stored, by id; in the order of `ids`, each of which
  // exists.
  virtual Status ReadBodies(std::span<const int64_t> ids, std::vector<std::string>* bodies);

  // False if it is of no use any more: the database ended it, or left it in an unknown state.
  virtual bool usable() const = 0;

  // A statement that runs beyond this fails with Timeout.
  void set_deadline(std::chrono::steady_clock::time_point deadline) { deadline_ = deadline; }
  std::chrono::steady_clock::time_point deadline() const { return deadline_; }
  bool DeadlinePassed() const { return std::chrono::steady_clock::now() >= deadline_; }
  // Asked from time to time while a statement runs; true ends it. May be empty.
  void set_cancelled(std::function<bool()> cancelled) { cancelled_ = std::move(cancelled); }

 protected:
  virtual std::unique_ptr<SqlCursor> MakeCursor(std::string_view sql, RowCount rows) = 0;
  bool Cancelled() const { return cancelled_ && cancelled_(); }
  // `sql` itself if the thread has no trace that is sampled; else, in `traced`, with it.
  static std::string_view WithTrace(std::string_view sql, std::string* traced);

 private:
  std::chrono::steady_clock::time_point deadline_ = std::chrono::steady_clock::time_point::max();
  std::function<bool()> cancelled_;
  std::optional<Result<StoreState>> state_;  // What the last StartRead has found.
};

// The state as a transaction sees it: SELECT of the columns in this order ...
inline constexpr std::string_view kSelectState =
    "SELECT schema_version,revision,encoding,encoded_to,pruned,dictionary,next_object,"
    "next_dictionary,epoch,epoch_after,last_claim FROM meta WHERE id=1";
// ... and its row.
StoreState StateOf(const SqlCursor& row);

}  // namespace pedia::storage
