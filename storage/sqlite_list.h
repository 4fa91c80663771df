// SqliteList: one list, from its conditions to its rows, in one read transaction.
#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "meta/result.h"
#include "query/list_options.h"
#include "storage/sqlite_connection.h"
#include "storage/sqlite_planner.h"
#include "storage/store.h"

namespace pedia::storage {

// For one use. One thread. Memory does not grow with the rows.
class SqliteList {
 public:
  // The arguments must outlive it.
  SqliteList(SqliteConnection& connection, const query::ListScope& scope,
             const query::ListOptions& options);

  // See Store::List.
  Result<ListResult> Run(const std::function<void(int64_t revision)>& head, RowSink& sink);

 private:
  // What became of one row.
  enum class RowOutcome { kContinue, kPageFull, kEnd };

  Result<ListResult> RunInTransaction(const std::function<void(int64_t)>& head, RowSink& sink);

  Status StreamPieces(const SqlBuilder& builder, const std::function<void()>& head, RowSink& sink);
  Result<RowOutcome> HandleRow(SqliteStatement& row, RowSink& sink);
  Result<bool> SendBody(SqliteStatement& row, RowSink& sink);
  bool Matches(std::string_view packed_entries) const;
  SortKey KeyOf(const SqliteStatement& row) const;
  Result<int64_t> CountRemaining();

  SqliteConnection& connection_;
  const query::ListScope& scope_;
  const query::ListOptions& options_;
  ListPlan plan_;
  std::string buffer_;  // A decoded body.
  std::optional<SqliteStatement> body_;
  SortKey last_key_;
  int64_t sent_ = 0;
  int64_t to_skip_ = 0;
  ListResult result_;
};

}  // namespace pedia::storage
