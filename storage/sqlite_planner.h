// SqlitePlanner: from the conditions of a list to the query that answers them best.
#pragma once
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "meta/result.h"
#include "query/list_options.h"
#include "storage/sql_builder.h"
#include "storage/sqlite_connection.h"

namespace pedia::storage {

extern const Dialect kSqliteDialect;

struct ListPlan {
  ListQuery query;
  // What SQL does not answer: it is evaluated on the packed entries of each row.
  query::LabelSelector residual;
  std::vector<int64_t> residual_keys;  // The key_ids of its requirements.
};

// For one list, within its read transaction. One thread.
class SqlitePlanner {
 public:
  // The arguments must outlive it.
  SqlitePlanner(SqliteConnection& connection, const query::ListScope& scope,
                const query::ListOptions& options);

  // Nothing if no object can match. Errors: BadRequest for a damaged sort key or too many values.
  // Call it once.
  Result<std::optional<ListPlan>> Plan();

 private:
  Result<bool> Resolve();
  Result<bool> ResolveTerms();
  Result<bool> ResolveRanges();
  Result<std::vector<KeyRange>> RangesFromScopes();
  size_t CountValues() const;
  Status ChooseDriver();
  Result<int64_t> WalkCap();
  Result<std::optional<int64_t>> FindId(std::string_view sql,
                                        const std::vector<std::string_view>& texts,
                                        std::optional<int64_t> first);

  SqliteConnection& connection_;
  const query::ListScope& scope_;
  const query::ListOptions& options_;
  ListPlan plan_;
};

// The number in the first row of `statement`.
Result<int64_t> CountSqlite(SqliteConnection& connection, const SqlStatement& statement);

}  // namespace pedia::storage
