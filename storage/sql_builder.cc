#include "storage/sql_builder.h"

#include <cassert>
#include <utility>

namespace pedia::storage {
namespace {

using query::OrderBy;
using query::OrderColumn;
using query::SelectorOperator;

// Beyond this a union of ordered lists costs more than a sort of their rows.
constexpr size_t kMaxUnion = 32;

const char* ColumnName(OrderColumn column) {
  switch (column) {
    case OrderColumn::kCluster:
      return "o.cluster";
    case OrderColumn::kNamespace:
      return "o.namespace";
    case OrderColumn::kName:
      return "o.name";
    case OrderColumn::kCreatedAt:
      return "o.created";
    case OrderColumn::kResourceVersion:
      return "o.rv_number";
    case OrderColumn::kUid:
      return "o.uid";
    case OrderColumn::kOwnerUid:
      return "o.owner_uid";
    case OrderColumn::kSyncedAt:
      return "o.synced";
    case OrderColumn::kDeletedAt:
      return "o.deleted";
    case OrderColumn::kKind:
      return "o.type_id";
    case OrderColumn::kId:
      return "o.id";
  }
  return "o.okey";
}

bool IsMissing(const SqlValue& value) { return std::holds_alternative<std::monostate>(value); }

bool ComparesWithValues(SelectorOperator op) {
  return op == SelectorOperator::kEquals || op == SelectorOperator::kIn ||
         op == SelectorOperator::kNotEquals || op == SelectorOperator::kNotIn;
}

bool IsNegative(SelectorOperator op) {
  return op == SelectorOperator::kNotEquals || op == SelectorOperator::kNotIn;
}

}  // namespace

// A statement as it grows. The text and its parameters can only be extended together.
class SqlBuilder::Text {
 public:
  explicit Text(const Dialect& dialect) : dialect_(dialect) {}

  Text& Add(const char* constant) {
    statement_.text += constant;
    return *this;
  }
  Text& Value(SqlValue value) {
    statement_.parameters.push_back(std::move(value));
    if (dialect_.numbered_placeholders) {
      statement_.text += '$' + std::to_string(statement_.parameters.size());
    } else {
      statement_.text += '?';
    }
    return *this;
  }
  Text& Values(const std::vector<std::string>& values) {
    Add("(");
    for (size_t i = 0; i < values.size(); ++i) Add(i == 0 ? "" : ",").Value(values[i]);
    return Add(")");
  }
  Text& Index(const char* name) {
    if (dialect_.index_hint_before == nullptr) return *this;
    return Add(dialect_.index_hint_before).Add(name).Add(dialect_.index_hint_after);
  }
  Text& Join(const char* table) { return Add(dialect_.ordered_join).Add(table); }
  SqlStatement Take() { return std::move(statement_); }

 private:
  const Dialect& dialect_;
  SqlStatement statement_;
};

SqlBuilder::SqlBuilder(const Dialect& dialect, ListQuery query)
    : dialect_(dialect), query_(std::move(query)) {
  if (query_.order.empty() && query_.after) {
    query_.ranges = RangesAfter(std::move(query_.ranges), query_.after->okey);
  }
  assert(!query_.walk_order || query_.order.size() == 1);
  if (query_.walk_order) phases_ = Phases();
}

std::vector<SqlBuilder::Phase> SqlBuilder::Phases() const {
  using Kind = Phase::Kind;
  const bool may_be_missing = query_.order.front().column != OrderColumn::kName;
  std::vector<Phase> phases;
  if (!query_.after) {
    phases.push_back({Kind::kAll});
    if (may_be_missing) phases.push_back({Kind::kMissing});
    return phases;
  }
  const SqlValue& value = query_.after->values.front();
  const std::string& okey = query_.after->okey;
  if (IsMissing(value)) return {{Kind::kMissing, nullptr, &okey}};
  phases.push_back({Kind::kEqual, &value, &okey});
  phases.push_back({Kind::kBehind, &value});
  if (may_be_missing) phases.push_back({Kind::kMissing});
  return phases;
}

size_t SqlBuilder::piece_count() const {
  if (query_.ranges.empty()) return 0;
  if (query_.order.empty()) return query_.ranges.size();
  return query_.walk_order ? phases_.size() : 1;
}

SqlStatement SqlBuilder::Piece(size_t index) const {
  Text out(dialect_);
  AppendPiece(index, /*count=*/false, out);
  return out.Take();
}

SqlStatement SqlBuilder::CountPiece(size_t index) const {
  Text out(dialect_);
  out.Add("SELECT count(*) FROM (");
  AppendPiece(index, /*count=*/true, out);
  out.Add(") x");
  return out.Take();
}

SqlStatement SqlBuilder::CappedCount(const Driver& driver, int64_t cap) const {
  Text out(dialect_);
  out.Add("SELECT count(*) FROM (SELECT 1");
  const std::vector<std::string>* values =
      driver.kind == Driver::Kind::kEntries ? &query_.terms[driver.term].values : nullptr;
  const bool entries = driver.kind == Driver::Kind::kEntries;
  out.Add(entries ? " FROM entries a" : " FROM objects o");
  if (driver.kind == Driver::Kind::kNames) out.Index("objects_name");
  if (driver.kind == Driver::Kind::kObjects) out.Index("objects_okey");
  AppendSource(driver, values, out);
  if (query_.ranges.size() == 1) AppendRange(driver, query_.ranges.front(), out);
  out.Add(" LIMIT ").Value(cap).Add(") x");
  return out.Take();
}

bool SqlBuilder::GivesKeyOrder(const Driver& driver) const {
  if (driver.kind == Driver::Kind::kObjects) return true;
  if (driver.kind == Driver::Kind::kNames) return query_.names.in.size() == 1;
  const EntryTerm& term = query_.terms[driver.term];
  return ComparesWithValues(term.op) && term.values.size() <= kMaxUnion;
}

void SqlBuilder::AppendPiece(size_t index, bool count, Text& out) const {
  const Driver& driver = query_.driver;
  const bool by_key = query_.order.empty();
  if (driver.kind == Driver::Kind::kEntries && by_key && GivesKeyOrder(driver)) {
    const EntryTerm& term = query_.terms[driver.term];
    for (size_t i = 0; i < term.values.size(); ++i) {
      const std::vector<std::string> one = {term.values[i]};
      if (i > 0) out.Add(" UNION ALL ");
      AppendSelect(driver, &one, index, count, out);
    }
  } else if (driver.kind == Driver::Kind::kEntries) {
    AppendSelect(driver, &query_.terms[driver.term].values, index, count, out);
  } else {
    AppendSelect(driver, nullptr, index, count, out);
  }
  if (count) return;
  AppendOrder(index, out);
  if (query_.fetch_limit > 0) out.Add(" LIMIT ").Value(query_.fetch_limit);
}

void SqlBuilder::AppendSelect(const Driver& driver, const std::vector<std::string>* values,
                              size_t index, bool count, Text& out) const {
  const bool entries = driver.kind == Driver::Kind::kEntries;
  out.Add("SELECT ").Add(IdColumn(driver)).Add(" AS id,").Add(KeyColumn(driver)).Add(" AS okey");
  AppendColumns(count, out);
  out.Add(entries ? " FROM entries a" : " FROM objects o");
  if (driver.kind == Driver::Kind::kNames) out.Index("objects_name");
  if (driver.kind == Driver::Kind::kObjects && !query_.walk_order) out.Index("objects_okey");
  if (driver.kind == Driver::Kind::kObjects && query_.walk_order) {
    const bool name = query_.order.front().column == OrderColumn::kName;
    out.Index(name ? "objects_name" : "objects_created");
  }
  if (entries && NeedsObjects(driver)) out.Join("objects o");
  if (query_.with_body || query_.with_entries) out.Join("bodies b");
  AppendSource(driver, values, out);
  if (query_.order.empty()) {
    AppendRange(driver, query_.ranges[index], out);
  } else {
    AppendScope(out);
  }
  if (entries && NeedsObjects(driver)) out.Add(" AND o.id=a.id");
  if (query_.with_body || query_.with_entries) out.Add(" AND b.id=").Add(IdColumn(driver));
  if (query_.walk_order) AppendPhase(phases_[index], out);
  if (!query_.order.empty() && !query_.walk_order && query_.after) AppendAfter(out);
  AppendObjectConditions(driver, out);
  AppendTerms(driver, out);
}

void SqlBuilder::AppendColumns(bool count, Text& out) const {
  if (count) return;
  for (const OrderBy& term : query_.order) out.Add(",").Add(ColumnName(term.column));
  if (query_.with_body) out.Add(",b.body");
  if (query_.with_entries) out.Add(",b.entries");
}

void SqlBuilder::AppendSource(const Driver& driver, const std::vector<std::string>* values,
                              Text& out) const {
  if (driver.kind != Driver::Kind::kEntries) {
    out.Add(" WHERE o.type_id=").Value(query_.type_id);
    if (driver.kind == Driver::Kind::kNames) out.Add(" AND o.name IN ").Values(query_.names.in);
    return;
  }
  const EntryTerm& term = query_.terms[driver.term];
  out.Add(" WHERE a.key_id=").Value(term.key_id);
  if (!ComparesWithValues(term.op)) return;
  if (values->size() == 1) {
    out.Add(" AND a.value=").Value(values->front());
  } else {
    out.Add(" AND a.value IN ").Values(*values);
  }
}

void SqlBuilder::AppendRange(const Driver& driver, const KeyRange& range, Text& out) const {
  const char* column = KeyColumn(driver);
  out.Add(" AND ").Add(column).Add(range.exact ? "=" : ">").Value(range.low);
  if (!range.exact && !range.high.empty()) out.Add(" AND ").Add(column).Add("<").Value(range.high);
}

// Clusters and namespaces of a list that is not in the order of okeys.
void SqlBuilder::AppendScope(Text& out) const {
  if (query_.ranges.size() == 1) {
    const KeyRange& range = query_.ranges.front();
    if (!range.exact && range.low.empty() && range.high.empty()) return;
    AppendRange(query_.driver, range, out);
    return;
  }
  AppendSet("o.cluster", query_.clusters, out);
  AppendSet("o.namespace", query_.namespaces, out);
}

void SqlBuilder::AppendSet(const char* column, const query::NameSet& set, Text& out) const {
  if (set.restricted) out.Add(" AND ").Add(column).Add(" IN ").Values(set.in);
  if (!set.not_in.empty()) out.Add(" AND ").Add(column).Add(" NOT IN ").Values(set.not_in);
}

void SqlBuilder::AppendObjectConditions(const Driver& driver, Text& out) const {
  if (driver.kind != Driver::Kind::kNames) AppendSet("o.name", query_.names, out);
  if (query_.since) out.Add(" AND o.created>=").Value(*query_.since);
  if (query_.before) out.Add(" AND o.created<").Value(*query_.before);
}

void SqlBuilder::AppendTerms(const Driver& driver, Text& out) const {
  for (size_t i = 0; i < query_.terms.size(); ++i) {
    const EntryTerm& term = query_.terms[i];
    if (driver.kind == Driver::Kind::kEntries && driver.term == i) continue;
    if (!ComparesWithValues(term.op)) continue;
    out.Add(" AND (SELECT e.id FROM entries e WHERE e.key_id=").Value(term.key_id);
    if (term.values.size() == 1) {
      out.Add(" AND e.value=").Value(term.values.front());
    } else {
      out.Add(" AND e.value IN ").Values(term.values);
    }
    out.Add(" AND e.okey=").Add(KeyColumn(driver));
    out.Add(IsNegative(term.op) ? ") IS NULL" : ") IS NOT NULL");
  }
}

void SqlBuilder::AppendPhase(const Phase& phase, Text& out) const {
  const OrderBy& term = query_.order.front();
  const char* column = ColumnName(term.column);
  out.Add(" AND ").Add(column);
  switch (phase.kind) {
    case Phase::Kind::kAll:
      out.Add(" IS NOT NULL");
      break;
    case Phase::Kind::kEqual:
      out.Add("=").Value(*phase.value);
      break;
    case Phase::Kind::kBehind:
      out.Add(term.descending ? "<" : ">").Value(*phase.value);
      break;
    case Phase::Kind::kMissing:
      out.Add(" IS NULL");
      break;
  }
  if (phase.okey != nullptr) out.Add(" AND o.okey>").Value(*phase.okey);
}

// (c1 behind v1) OR (c1 = v1 AND c2 behind v2) OR ... OR (all equal AND okey > k); missing values
// are behind all others.
void SqlBuilder::AppendAfter(Text& out) const {
  const SortKey& after = *query_.after;
  out.Add(" AND (");
  for (size_t i = 0; i <= query_.order.size(); ++i) {
    if (i > 0) out.Add(" OR ");
    out.Add("(");
    for (size_t j = 0; j < i; ++j) {
      out.Add(ColumnName(query_.order[j].column));
      if (IsMissing(after.values[j])) {
        out.Add(" IS NULL AND ");
      } else {
        out.Add("=").Value(after.values[j]).Add(" AND ");
      }
    }
    if (i == query_.order.size()) {
      out.Add(KeyColumn(query_.driver)).Add(">").Value(after.okey);
    } else if (IsMissing(after.values[i])) {
      out.Add("1=0");
    } else {
      const char* column = ColumnName(query_.order[i].column);
      out.Add("(").Add(column).Add(query_.order[i].descending ? "<" : ">").Value(after.values[i]);
      out.Add(" OR ").Add(column).Add(" IS NULL)");
    }
    out.Add(")");
  }
  out.Add(")");
}

void SqlBuilder::AppendOrder(size_t index, Text& out) const {
  out.Add(" ORDER BY ");
  if (query_.walk_order) {
    const Phase::Kind kind = phases_[index].kind;
    if (kind == Phase::Kind::kAll || kind == Phase::Kind::kBehind) {
      out.Add(ColumnName(query_.order.front().column));
      out.Add(query_.order.front().descending ? " DESC," : ",");
    }
  } else {
    for (const OrderBy& term : query_.order) {
      const char* column = ColumnName(term.column);
      out.Add(column).Add(" IS NULL,").Add(column).Add(term.descending ? " DESC," : ",");
    }
  }
  out.Add("okey");
}

bool SqlBuilder::NeedsObjects(const Driver& driver) const {
  if (driver.kind != Driver::Kind::kEntries) return true;
  const bool names = query_.names.restricted || !query_.names.not_in.empty();
  return !query_.order.empty() || names || query_.since || query_.before;
}

const char* SqlBuilder::KeyColumn(const Driver& driver) const {
  return driver.kind == Driver::Kind::kEntries ? "a.okey" : "o.okey";
}

const char* SqlBuilder::IdColumn(const Driver& driver) const {
  return driver.kind == Driver::Kind::kEntries ? "a.id" : "o.id";
}

}  // namespace pedia::storage
