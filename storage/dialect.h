// Dialect: where the databases differ in the SQL that reads. The connections of each database name
// theirs; nothing else knows which one it talks to.
#pragma once
#include <string>

namespace pedia::storage {

struct Dialect {
  const char* index_hint_before;  // Before an index's name, nullptr if there are no hints.
  const char* index_hint_after;
  const char* ordered_join;  // A join that is executed from left to right.
  // An index gives its columns in opposite directions only if it was made so: objects_created_desc,
  // objects_name_desc.
  bool needs_descending_index;
  // The newest objects first, equally old ones by okey: that is how an index has them.
  bool has_newest_first;
  // Each SELECT of a UNION ALL has its own ORDER BY and LIMIT, in parentheses. Otherwise the database
  // merges ordered SELECTs by itself.
  bool limits_unions;
  // An ordered UNION ALL gives its first row before it has read the others. Otherwise all are sorted
  // first, in space of the server.
  bool merges_unions;
  // A subquery of a recursive query seeks what is behind the row's value in an index, instead of
  // reading up to there.
  bool seeks_in_recursion;
  // A join that walks along two lists in the same order at once; nullptr if there is none.
  const char* merge_join;
  // How many ranges of keys one statement reads at most. Where a statement is a round trip, several;
  // where it is a function call, one.
  int ranges_at_once;
  // Behind a column or (a,b): IN a list of rows (?),(?) or (?,?),(?,?) that the database looks up
  // instead of comparing one after the other; with the closing bracket to come.
  const char* in_rows;
  const char* synced_seconds;  // objects.synced in whole seconds, of the table alias o.
};

// What makes a table of a FROM clause be read through the index `name`; "" if there is no such thing.
inline std::string IndexHint(const Dialect& dialect, const char* name) {
  if (dialect.index_hint_before == nullptr) return "";
  return std::string(dialect.index_hint_before) + name + dialect.index_hint_after;
}

}  // namespace pedia::storage
