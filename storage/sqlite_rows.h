// SqliteRows: the rows of one resource that a plan gives, one after the other, conditions that SQL
// does not answer included.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "meta/result.h"
#include "query/field_scanner.h"
#include "storage/row_filter.h"
#include "storage/sql_builder.h"
#include "storage/sqlite_connection.h"
#include "storage/sqlite_planner.h"

namespace pedia::storage {

// Reads bodies by id.
class SqliteBodies {
 public:
  explicit SqliteBodies(SqliteConnection& connection) : connection_(connection) {}
  // Plain JSON; valid until the next call.
  Result<std::string_view> Read(int64_t id);

 private:
  SqliteConnection& connection_;
  std::string buffer_;
};

// One thread, within the read transaction of the connection.
class SqliteRows {
 public:
  // `scanned` counts objects whose bytes are read for a condition or a value. The arguments must
  // outlive it.
  SqliteRows(SqliteConnection& connection, const ListPlan& plan, int64_t& scanned);

  // Moves to the next row that matches; false at the end.
  Result<bool> Next();

  // Of the current row.
  int64_t id() const { return row_->Int(0); }
  std::string_view okey() const { return row_->Text(1); }
  Result<std::string_view> Body();  // Plain JSON.
  // The values of the plan's source `index`: none, one, or several for a path through a list.
  // Valid until the next call.
  Result<const std::vector<std::string_view>*> Values(size_t index);
  // Where the row stands in the order, for which the plan's sources are.
  Result<SortKey> Key();

  const ListPlan& plan() const { return plan_; }

 private:
  Result<bool> Matches();
  std::string_view Entries() const;
  Result<const query::FieldTexts*> Scan(size_t field);
  Result<SqlValue> OrderValue(size_t index);

  SqliteConnection& connection_;
  const ListPlan& plan_;
  int64_t& scanned_;
  SqlBuilder builder_;
  RowFilter filter_;
  query::FieldScanner scanner_;
  size_t piece_ = 0;
  SqlStatement statement_;  // The parameters live here while they are bound.
  std::optional<SqliteStatement> row_;

  SqliteBodies bodies_;
  std::string buffer_;
  std::optional<std::string_view> body_;  // Of the current row, once it was asked for.
  bool counted_ = false;                  // The row is in `scanned_`.
  bool fields_read_ = false;
  std::vector<query::FieldTexts> fields_;
  std::vector<std::string_view> values_;
};

}  // namespace pedia::storage
