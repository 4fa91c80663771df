// SqlPlanner: from the conditions of a list to the query that answers them best, for one of the
// resources that the list is about.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "meta/result.h"
#include "query/list_options.h"
#include "storage/conditions.h"
#include "storage/owners.h"
#include "storage/row_filter.h"
#include "storage/sql_builder.h"
#include "storage/sql_connection.h"
#include "storage/store.h"

namespace pedia::storage {

// What the plans of a list have in common; outlives them.
struct ListRequest {
  const query::ListScope& scope;
  const query::ListOptions& options;
  std::vector<query::OrderBy> order;  // Normalized.
  int64_t objects = 0;                // About how many are stored.
  std::optional<SortKey> after;
  std::optional<Owners> owners;
};

// Where the value of an order term or a facet comes from.
struct ValueSource {
  enum class Kind { kConstant, kColumn, kCluster, kNamespace, kName, kEntry, kField };
  Kind kind;
  SqlValue constant{};              // kConstant
  size_t index = 0;                 // kColumn: of ListQuery::columns. kField: of ListPlan::fields.
  std::optional<int64_t> key_id{};  // kEntry; nothing: no object has the value.
};

struct ListPlan {
  RowType type;
  std::string type_key;  // For SortKey::type; "" if the list is of one resource.
  ListQuery query;
  RowConditions conditions;              // What SQL does not answer.
  std::vector<ValueSource> sources;      // Of the order's terms, or of the facets.
  std::vector<query::FieldPath> fields;  // That sources read from the bytes (kField and, where an
                                         // entry may be cut, kEntry).

  bool reads_bodies() const;  // For conditions or values: this is a scan.
};

// One thread. Each plan within the read transaction of the connection.
class SqlPlanner {
 public:
  // The arguments must outlive it.
  SqlPlanner(SqlConnection& connection, const ListRequest& request, const DictionaryType& type);

  // Of the rows in the list's order. Nothing if no object can match. Errors: BadRequest for too many
  // values.
  // `all`: not only the first page of them will be read.
  Result<std::optional<ListPlan>> PlanRows(bool all = false);
  // Of the rows in any order, with a source for each facet.
  Result<std::optional<ListPlan>> PlanFacets();

 private:
  struct Candidate {
    Driver driver;
    std::optional<size_t> condition;  // Of plan_.conditions.entries, which it makes superfluous.
  };

  Result<bool> Resolve();
  Result<bool> ResolveConditions();
  Result<bool> AddCondition(ResolvedCondition condition);
  Result<bool> ResolveRanges();
  Result<std::vector<KeyRange>> FindRanges(bool pairs);
  Result<std::vector<KeyRange>> RangesOfAccess();
  Result<std::vector<KeyRange>> RangesFromScopes();
  Result<std::vector<KeyRange>> RangesOfNamespaces(const std::vector<std::string>& names);
  Result<int64_t> CountInRanges();
  bool FitsColumns(size_t selects) const;
  void ResolveOwners();
  ValueSource SourceOf(query::OrderColumn column, const query::FieldPath& field);
  ValueSource ColumnSource(query::OrderColumn column);
  Status CheckSize() const;
  Status ChooseDriver(bool any_order);
  Status Decide(const std::vector<Candidate>& candidates, int64_t cap, bool any_count,
                bool* decided);
  Result<bool> WalkValues();
  Result<std::optional<std::vector<std::string>>> WalkedValues(int64_t key_id);
  Status SplitByCluster();
  void StartBehind(std::vector<std::pair<SqlValue, Driver>>* drivers);
  void Drive(const Candidate& candidate);
  bool HasOneList(const Candidate& candidate) const;
  Status DriveCommon(std::vector<Candidate> common);
  int64_t WalkCap() const;
  void SelectWhatIsRead();

  SqlConnection& connection_;
  const ListRequest& request_;
  const DictionaryType& type_;
  SqlConditions conditions_;
  std::vector<Candidate> candidates_;
  ListPlan plan_;
};

// The number in the first row of `query`.
Result<int64_t> RunCount(SqlConnection& connection, const SqlQuery& query);

}  // namespace pedia::storage
