// SqlFacets: counts the facets of a list whose only conditions are clusters and namespaces, from
// indexes and counts that are kept anyway, without visiting the objects.
#pragma once
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "meta/result.h"
#include "storage/facet_counter.h"
#include "storage/planner.h"
#include "storage/sql_connection.h"

namespace pedia::storage {

// For one resource of a list, within its read transaction. One thread.
class SqlFacets {
 public:
  // The arguments must outlive it. `plan`: of PlanFacets.
  SqlFacets(SqlConnection& connection, const ListPlan& plan)
      : connection_(connection), plan_(plan) {}

  // Whether Count can answer all facets of the plan.
  bool AreIndexed() const;
  // Adds the objects' values to `counter` and their number to `total`. False, and nothing is added,
  // if it cannot after all. Requires: AreIndexed.
  Result<bool> Count(FacetCounter* counter, int64_t* total);

 private:
  using ValueCounts = std::vector<std::pair<std::string, int64_t>>;
  Status CountScopes(FacetCounter* counter, int64_t* objects);
  Result<bool> CountEntries(const ValueSource& source, ValueCounts* counts);

  SqlConnection& connection_;
  const ListPlan& plan_;
};

}  // namespace pedia::storage
