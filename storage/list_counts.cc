// What a list counts: facets, and how many rows are left behind the page.
#include <optional>
#include <utility>

#include "storage/facet_counter.h"
#include "storage/facets.h"
#include "storage/list.h"

namespace pedia::storage {

Status SqlList::CountFacets() {
  FacetCounter counter(options_.facets);
  for (const DictionaryType* type : types_) {
    const Result<std::optional<ListPlan>> plan =
        SqlPlanner(connection_, request_, *type).PlanFacets();
    if (!plan.ok()) return plan.status();
    if (!*plan) continue;
    if (SqlFacets facets(connection_, **plan); facets.AreIndexed()) {
      const Result<bool> counted = facets.Count(&counter, &result_.total);
      if (!counted.ok()) return counted.status();
      if (*counted) continue;
    }
    if ((*plan)->reads_bodies()) {
      scan_ = true;
      if (Status status = WaitForSlot(); !status.ok()) return status;
    }
    SqlRows rows(connection_, **plan, scanned_);
    while (true) {
      const Result<bool> more = rows.Next();
      if (!more.ok()) return more.status();
      if (!*more) break;
      ++result_.total;
      for (size_t i = 0; i < options_.facets.size(); ++i) {
        const auto values = rows.Values(i);
        if (!values.ok()) return values.status();
        if (Status status = counter.Add(i, **values, 1); !status.ok()) return status;
      }
    }
  }
  result_.facets = counter.Take();
  return Status();
}

// The rows behind the page.
Status SqlList::CountRemaining() {
  Result<SortKey> last = ParseSortKey(last_key_, request_.order);
  if (!last.ok()) return last.status();
  request_.after = *std::move(last);
  int64_t remaining = 0;
  for (const DictionaryType* type : types_) {
    Result<std::optional<ListPlan>> plan =
        SqlPlanner(connection_, request_, *type).PlanRows(/*all=*/true);
    if (!plan.ok()) return plan.status();
    if (!*plan) continue;
    const Result<int64_t> rows = CountRows(**std::move(plan));
    if (!rows.ok()) return rows.status();
    remaining += *rows;
  }
  result_.remaining_count = remaining;
  return Status();
}

// The rows of a plan behind `last_key_`.
Result<int64_t> SqlList::CountRows(ListPlan plan) {
  plan.query.fetch_limit = 0;
  plan.query.with_body = plan.reads_bodies();
  int64_t count = 0;
  if (plan.query.ordered && plan.conditions.empty()) {
    const SqlBuilder builder(connection_.dialect(), plan.query);
    for (size_t i = 0; i < builder.piece_count(); ++i) {
      const Result<int64_t> rows = RunCount(connection_, builder.CountPiece(i));
      if (!rows.ok()) return rows.status();
      count += *rows;
    }
    return count;
  }
  SqlRows rows(connection_, plan, scanned_);
  while (true) {
    const Result<bool> more = rows.Next();
    if (!more.ok()) return more.status();
    if (!*more) return count;
    if (!plan.query.ordered) {
      const Result<SortKey> key = rows.Key();
      if (!key.ok()) return key.status();
      if (FormatSortKey(*key, request_.order) <= last_key_) continue;
    }
    ++count;
  }
}

}  // namespace pedia::storage
