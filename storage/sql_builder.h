// SqlBuilder: the text and parameters of a list. Columns come from enums, every value is a
// parameter.
//
// A list is driven by one source of rows (all objects of the type, those of a name, those with a
// label's value); every further condition is a scalar subquery, which no planner turns round. In
// the default order a list is a sequence of pieces, one per range of okeys, each already sorted; in
// the order of an indexed column it is a few pieces too; in any other order one piece that the
// database sorts.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "query/list_options.h"
#include "storage/object_key.h"
#include "storage/sort_key.h"

namespace pedia::storage {

struct SqlStatement {
  std::string text;
  std::vector<SqlValue> parameters;
};

// Where databases differ in what this builder writes.
struct Dialect {
  bool numbered_placeholders;     // "$1" instead of "?".
  const char* index_hint_before;  // Before an index's name, nullptr if there are no hints.
  const char* index_hint_after;
  const char* ordered_join;  // A join that is executed from left to right.
};

// A condition on one label or indexed field.
struct EntryTerm {
  int64_t key_id;
  query::SelectorOperator
      op;  // All but the comparisons and the (non-)existence are answered in SQL.
  std::vector<std::string> values;
};

// What drives the list.
struct Driver {
  enum class Kind { kObjects, kNames, kEntries };
  Kind kind = Kind::kObjects;
  size_t term = 0;  // kEntries: index of the term.
};

// A list whose conditions are resolved to ids and ranges.
struct ListQuery {
  int64_t type_id = 0;
  std::vector<KeyRange>
      ranges;  // Of clusters and namespaces: sorted, disjoint. A whole type is one unbounded range.
  query::NameSet clusters;  // The same once more, for lists that do not walk in the order of okeys.
  query::NameSet namespaces;
  query::NameSet names;
  std::optional<int64_t> since;
  std::optional<int64_t> before;
  std::vector<EntryTerm> terms;
  Driver driver;
  std::vector<query::OrderBy> order;  // Normalized.
  bool walk_order =
      false;  // The order is that of an index; else it is sorted unless it is the default one.
  std::optional<SortKey> after;  // Rows behind it only.
  int64_t fetch_limit = 0;       // At most so many rows are of use; 0: all.
  bool with_body = false;     // Only for the default order, where no row is carried through a sort.
  bool with_entries = false;  // The packed entries, for conditions that SQL does not answer.
};

// Result columns: id, okey, the order columns, then body and entries if they were asked for. Pure,
// thread-safe once built.
class SqlBuilder {
 public:
  SqlBuilder(const Dialect& dialect, ListQuery query);

  size_t piece_count() const;
  // The rows of the list are those of the pieces, in this order.
  SqlStatement Piece(size_t index) const;
  // Counts the rows of a piece. Requires: no with_body, no with_entries.
  SqlStatement CountPiece(size_t index) const;
  // Counts the rows that a term (or the names) alone would give within the only range, up to `cap`.
  SqlStatement CappedCount(const Driver& driver, int64_t cap) const;
  // True if `driver` gives its rows in the order of okeys without a sort.
  bool GivesKeyOrder(const Driver& driver) const;

 private:
  class Text;
  // One phase of a walk along an indexed column: equal to a value, behind it, or missing.
  struct Phase {
    enum class Kind { kAll, kEqual, kBehind, kMissing } kind;
    const SqlValue* value = nullptr;
    const std::string* okey = nullptr;
  };

  std::vector<Phase> Phases() const;
  void AppendPiece(size_t index, bool count, Text& out) const;
  void AppendSelect(const Driver& driver, const std::vector<std::string>* values, size_t index,
                    bool count, Text& out) const;
  void AppendColumns(bool count, Text& out) const;
  void AppendSource(const Driver& driver, const std::vector<std::string>* values, Text& out) const;
  void AppendRange(const Driver& driver, const KeyRange& range, Text& out) const;
  void AppendScope(Text& out) const;
  void AppendSet(const char* column, const query::NameSet& set, Text& out) const;
  void AppendObjectConditions(const Driver& driver, Text& out) const;
  void AppendTerms(const Driver& driver, Text& out) const;
  void AppendPhase(const Phase& phase, Text& out) const;
  void AppendAfter(Text& out) const;
  void AppendOrder(size_t index, Text& out) const;
  bool NeedsObjects(const Driver& driver) const;
  const char* KeyColumn(const Driver& driver) const;
  const char* IdColumn(const Driver& driver) const;

  const Dialect& dialect_;
  ListQuery query_;
  std::vector<Phase> phases_;
};

}  // namespace pedia::storage
