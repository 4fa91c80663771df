// SqlRows: the rows of one resource that a plan gives, one after the other, conditions that SQL
// does not answer included.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "meta/result.h"
#include "query/field_scanner.h"
#include "storage/planner.h"
#include "storage/row_filter.h"
#include "storage/sql_builder.h"
#include "storage/sql_connection.h"

namespace pedia::storage {

// Reads bodies by id. One thread.
class SqlBodies {
 public:
  explicit SqlBodies(SqlConnection& connection) : connection_(connection) {}
  // Plain JSON; valid until the next call.
  Result<std::string_view> Read(int64_t id);
  // Makes ready for Read, in one go, the first of `ids`: so many as memory may take; returns how
  // many.
  Result<size_t> ReadAhead(std::span<const int64_t> ids);

 private:
  SqlConnection& connection_;
  std::unordered_map<int64_t, std::string> ahead_;  // As they are stored.
  std::string buffer_;
};

// One thread, within the read transaction of the connection.
class SqlRows {
 public:
  // `scanned` counts objects whose bytes are read for a condition or a value. The arguments must
  // outlive it.
  SqlRows(SqlConnection& connection, const ListPlan& plan, int64_t& scanned);

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
  // Whether one statement gives all rows, with what is sent of them, and none that is of no use.
  bool IsOneStatement() const;

 private:
  bool IsPage() const;
  bool NextPiece();
  Result<bool> Matches();
  std::string_view Entries() const;
  Result<const query::FieldTexts*> Scan(size_t field);
  Result<SqlValue> OrderValue(size_t index);

  SqlConnection& connection_;
  const ListPlan& plan_;
  int64_t& scanned_;
  SqlBuilder builder_;
  RowFilter filter_;
  query::FieldScanner scanner_;
  size_t piece_ = 0;
  int64_t part_rows_ = 0;     // Of the statement at most; 0: it gives the whole piece.
  int64_t rows_in_part_ = 0;  // Seen of them.
  std::string part_end_;      // The okey of the last one.
  SqlQuery piece_query_;      // The parameters live here while they are bound.
  std::optional<SqlStatement> row_;

  SqlBodies bodies_;
  std::string buffer_;
  std::optional<std::string_view> body_;  // Of the current row, once it was asked for.
  bool counted_ = false;                  // The row is in `scanned_`.
  bool fields_read_ = false;
  std::vector<query::FieldTexts> fields_;
  std::vector<std::string_view> values_;
};

}  // namespace pedia::storage
