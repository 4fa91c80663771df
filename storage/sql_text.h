// SqlText: a statement as it grows. The text and its parameters can only be extended together, so no
// value becomes text.
#pragma once
#include <algorithm>
#include <bit>
#include <string>
#include <utility>
#include <vector>

#include "storage/dialect.h"
#include "storage/sort_key.h"

namespace pedia::storage {

struct SqlQuery {
  std::string text;
  std::vector<SqlValue> parameters;
};

class SqlText {
 public:
  explicit SqlText(const Dialect& dialect) : dialect_(dialect) {}

  SqlText& Add(const char* constant) {
    statement_.text += constant;
    return *this;
  }
  template <typename T>
  SqlText& Value(const T& value) {
    statement_.parameters.emplace_back(value);
    statement_.text += '?';
    return *this;
  }
  SqlText& Values(const std::vector<std::string>& values) {
    Add("(");
    for (size_t i = 0; i < values.size(); ++i) Add(i == 0 ? "" : ",").Value(values[i]);
    return Add(")");
  }
  // "(?),(?)" or "(?,?),(?,?)" for texts or pairs of them; filled up with the last one, so that there
  // are few texts. Requires: not empty.
  template <typename T>
  SqlText& Rows(const std::vector<T>& values) {
    for (size_t i = 0; i < std::bit_ceil(values.size()); ++i)
      Add(i == 0 ? "(" : ",(").Row(values[std::min(i, values.size() - 1)]).Add(")");
    return *this;
  }
  SqlText& Index(const char* name) {
    statement_.text += IndexHint(dialect_, name);
    return *this;
  }
  // Of a column of the query.
  SqlText& Alias(size_t column) {
    statement_.text += 'c' + std::to_string(column);
    return *this;
  }
  SqlText& Join(const char* table) { return Add(dialect_.ordered_join).Add(table); }
  SqlQuery Take() { return std::move(statement_); }

 private:
  SqlText& Row(const std::string& value) { return Value(value); }
  SqlText& Row(const std::pair<std::string, std::string>& values) {
    return Value(values.first).Add(",").Value(values.second);
  }

  const Dialect& dialect_;
  SqlQuery statement_;
};

}  // namespace pedia::storage
