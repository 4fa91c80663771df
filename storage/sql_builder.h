// SqlBuilder: the text and parameters of a list of one resource. Columns come from enums, every
// value is a parameter.
//
// A list is driven by one source of rows (all objects of the type, those of a name, those with a
// label's value, ...); every further condition is a scalar subquery, which no planner turns round.
// In the default order a list is a sequence of pieces, one per range of okeys, each already sorted;
// in the order of an indexed column it is a few pieces too; in the order of an indexed field's
// values there is a driver, with all its pieces, for each value. No other order is asked of the
// database.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "storage/dialect.h"
#include "storage/list_query.h"
#include "storage/sql_text.h"

namespace pedia::storage {

// Result columns: id, okey, `columns`, then body and entries if they were asked for. Pure,
// thread-safe once built.
class SqlBuilder {
 public:
  SqlBuilder(const Dialect& dialect, ListQuery query);
  SqlBuilder(const SqlBuilder&) = delete;
  SqlBuilder& operator=(const SqlBuilder&) = delete;

  size_t piece_count() const;
  // The rows of the list are those of the pieces, in this order.
  SqlQuery Piece(size_t index) const;
  // True if the database would sort the rows of a piece before it gives the first. Then it is to be
  // asked for part by part: at most `rows` rows, those behind the last okey that was given ("": from
  // the start).
  bool HasParts(size_t index) const;
  SqlQuery Part(size_t index, const std::string& behind, int64_t rows) const;
  // Counts the rows of a piece.
  SqlQuery CountPiece(size_t index) const;
  // Counts the rows that a driver alone would give within the only range, up to `cap`.
  SqlQuery CappedCount(const Driver& driver, int64_t cap) const;
  // A sample of how dense entries are where the page starts; where they could be merged, where all of
  // them have begun. The okey of the last one of the first `rows` of an entry ...
  SqlQuery LastOfSample(const EntryValues& entry, int64_t rows) const;
  // ... and how many another one has up to there, up to `cap`. Both of one value.
  SqlQuery CountUntil(const EntryValues& entry, const std::string& last, int64_t cap) const;
  // Of how many SELECTs a range is, with `driver`.
  size_t CountSelects(const Driver& driver) const { return Sources(driver).size(); }
  // True if `driver` gives its rows in the order of okeys without a sort.
  bool GivesKeyOrder(const Driver& driver) const;

 private:
  // One phase of a walk along an indexed column: equal to a value, behind it, or missing.
  struct Phase {
    enum class Kind { kAll, kEqual, kBehind, kMissing } kind;
    const SqlValue* value = nullptr;
    const std::string* okey = nullptr;
  };
  // What is asked of a piece.
  struct Wanted {
    bool count = false;                   // Only how many rows there are.
    bool bodies = true;                   // With what the list wants of the table bodies.
    int64_t limit = 0;                    // 0: all rows.
    const std::string* behind = nullptr;  // Rows behind this okey only.
  };
  // The part of a driver that one SELECT reads: all of it, or one value of an entry.
  struct Source {
    const Driver& driver;
    const EntryValues* entry = nullptr;
    const std::string* value = nullptr;  // nullptr: all values of `entry`.
  };

  std::vector<Phase> Phases() const;
  std::vector<Source> Sources(const Driver& driver) const;
  bool SortsRows(size_t index) const;
  void AppendPiece(size_t index, const Wanted& wanted, SqlText& out) const;
  void AppendUnion(size_t index, const Wanted& wanted, SqlText& out) const;
  void AppendSelect(const Source& source, const KeyRange* range, size_t index, const Wanted& wanted,
                    SqlText& out) const;
  void AppendColumns(const Driver& driver, const Wanted& wanted, SqlText& out) const;
  void AppendBodyColumns(SqlText& out) const;
  const char* ColumnName(query::OrderColumn column) const;
  void AppendTables(const Source& source, bool objects, SqlText& out) const;
  void AppendSource(const Source& source, SqlText& out) const;
  void AppendCreated(SqlText& out) const;
  void AppendRange(const char* column, const KeyRange& range, SqlText& out) const;
  KeyRange WholeRange() const;
  std::vector<KeyRange> OneRange() const;
  void AppendBegin(const char* column, const KeyRange& range, SqlText& out) const;
  void AppendMerged(const Driver& driver, const KeyRange& range, SqlText& out) const;
  void AppendScope(SqlText& out) const;
  void AppendColumnConditions(SqlText& out) const;
  void AppendSet(const char* column, const query::NameSet& set, SqlText& out) const;
  void AppendAccess(SqlText& out) const;
  void AppendObjectConditions(const Driver& driver, SqlText& out) const;
  void AppendProbes(const Driver& driver, SqlText& out) const;
  void AppendPhase(const Phase& phase, SqlText& out) const;
  void AppendOrder(size_t index, SqlText& out) const;
  bool NeedsObjects(const Driver& driver) const;
  const char* KeyColumn(const Driver& driver) const;
  const char* IdColumn(const Driver& driver) const;

  // What a piece reads: the ranges of a driver that are next to each other, filled up with empty ones
  // so that there are few texts.
  struct PieceOf {
    const Driver* driver;
    std::vector<const KeyRange*> ranges;  // None for a walk.
  };
  void AddPieces(const Driver& driver, const std::vector<KeyRange>& ranges);

  const Dialect& dialect_;
  ListQuery query_;
  std::vector<KeyRange> first_ranges_;  // Of `driver`: those behind `after` ...
  std::vector<KeyRange> one_range_;     // ... and all of these as one, if columns tell them apart.
  std::vector<Phase> phases_;           // Of a walk: there is a piece for each.
  std::vector<PieceOf> pieces_;
};

}  // namespace pedia::storage
