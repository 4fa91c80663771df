#include "storage/sql_builder.h"

#include <algorithm>
#include <utility>

namespace pedia::storage {
namespace {

using query::OrderColumn;

// Beyond this a union of ordered lists costs more than a sort of their rows.
constexpr size_t kMaxUnion = 32;
constexpr size_t kFirstRanges = 4;

bool IsMissing(const SqlValue& value) { return std::holds_alternative<std::monostate>(value); }

}  // namespace

const char* SqlBuilder::ColumnName(OrderColumn column) const {
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
      return dialect_.synced_seconds;  // What was synced together stands together.
    case OrderColumn::kDeletedAt:
      return "o.deleted";
    case OrderColumn::kGroup:
    case OrderColumn::kVersion:
    case OrderColumn::kResource:
    case OrderColumn::kKind:
    case OrderColumn::kField:
      return "o.type_id";
    case OrderColumn::kId:
      return "o.id";
  }
  return "o.okey";
}

// A statement as it grows. The text and its parameters can only be extended together.
class SqlBuilder::Text {
 public:
  explicit Text(const Dialect& dialect) : dialect_(dialect) {}

  Text& Add(const char* constant) {
    statement_.text += constant;
    return *this;
  }
  template <typename T>
  Text& Value(const T& value) {
    statement_.parameters.emplace_back(value);
    statement_.text += '?';
    return *this;
  }
  Text& Values(const std::vector<std::string>& values) {
    Add("(");
    for (size_t i = 0; i < values.size(); ++i) Add(i == 0 ? "" : ",").Value(values[i]);
    return Add(")");
  }
  Text& Index(const char* name) {
    statement_.text += IndexHint(dialect_, name);
    return *this;
  }
  Text& Join(const char* table) { return Add(dialect_.ordered_join).Add(table); }
  SqlQuery Take() { return std::move(statement_); }

 private:
  const Dialect& dialect_;
  SqlQuery statement_;
};

SqlBuilder::SqlBuilder(const Dialect& dialect, ListQuery query)
    : dialect_(dialect), query_(std::move(query)) {
  if (!query_.ordered) query_.after.reset();
  if (query_.walk) {
    phases_ = Phases();
  }
  first_ranges_ = query_.walk || !query_.after
                      ? query_.ranges
                      : RangesAfter(query_.ranges, query_.after->okey, query_.after_inclusive);
  if (query_.walk) {
    if (!query_.ranges.empty()) pieces_.assign(phases_.size(), {&query_.driver, {nullptr}});
    return;
  }
  AddPieces(query_.driver, first_ranges_);
  for (const Driver& driver : query_.later_drivers) AddPieces(driver, query_.ranges);
}

// The first piece of several is a small one: it may fill the page.
void SqlBuilder::AddPieces(const Driver& driver, const std::vector<KeyRange>& ranges) {
  static const KeyRange kNothing{"\xff", "!"};
  static const KeyRange kNoObject{"", "", true};
  const bool endless = query_.ordered && query_.fetch_limit == 0;
  const size_t most = endless ? 1
                              : std::max<size_t>(1, static_cast<size_t>(dialect_.ranges_at_once) /
                                                        Sources(driver).size());
  size_t width = std::min<size_t>(most, kFirstRanges);
  for (size_t i = 0; i < ranges.size(); width = most) {
    PieceOf piece{&driver, {}};
    const KeyRange& first = ranges[i++];
    piece.ranges.push_back(&first);
    // Of one form, so that the text depends on their number only, and in the order that they are
    // merged in.
    const auto fits = [&](const KeyRange& range) {
      if (range.low < piece.ranges.back()->low || range.exact != first.exact) return false;
      return range.exact || (!range.high.empty() && !first.high.empty());
    };
    while (i < ranges.size() && piece.ranges.size() < width && fits(ranges[i]))
      piece.ranges.push_back(&ranges[i++]);
    const bool several = piece.ranges.size() > 1;
    while (several && piece.ranges.size() < width)
      piece.ranges.push_back(first.exact ? &kNoObject : &kNothing);
    pieces_.push_back(std::move(piece));
  }
}

std::vector<SqlBuilder::Phase> SqlBuilder::Phases() const {
  using Kind = Phase::Kind;
  const bool may_be_missing = query_.walk->column != OrderColumn::kName;
  std::vector<Phase> phases;
  if (!query_.after || query_.after->values.empty()) {
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

size_t SqlBuilder::piece_count() const { return pieces_.size(); }

SqlQuery SqlBuilder::Piece(size_t index) const {
  Text out(dialect_);
  AppendPiece(index, /*count=*/false, out);
  return out.Take();
}

SqlQuery SqlBuilder::CountPiece(size_t index) const {
  Text out(dialect_);
  out.Add("SELECT count(*) FROM (");
  AppendPiece(index, /*count=*/true, out);
  out.Add(") x");
  return out.Take();
}

SqlQuery SqlBuilder::CappedCount(const Driver& driver, int64_t cap) const {
  Text out(dialect_);
  out.Add("SELECT count(*) FROM (");
  bool first = true;
  for (const Source& source : Sources(driver)) {
    out.Add(first ? "SELECT 1" : " UNION ALL SELECT 1");
    first = false;
    AppendTables(source, driver.kind != Driver::Kind::kEntries, out);
    AppendSource(source, out);
    if (query_.ranges.size() == 1) AppendRange(driver, query_.ranges.front(), out);
  }
  out.Add(" LIMIT ").Value(cap).Add(") x");
  return out.Take();
}

bool SqlBuilder::GivesKeyOrder(const Driver& driver) const {
  switch (driver.kind) {
    case Driver::Kind::kObjects:
      return true;
    case Driver::Kind::kNames:
      return query_.names.in.size() == 1;
    case Driver::Kind::kOwners:
      return query_.owners->size() == 1;
    case Driver::Kind::kCreated:
      return false;
    case Driver::Kind::kEntries:
      break;
  }
  size_t values = 0;
  for (const EntryValues& entry : driver.entries) values += entry.values.size();
  return values <= kMaxUnion;
}

// One per value where that gives ordered lists to be merged, else one per label or field.
std::vector<SqlBuilder::Source> SqlBuilder::Sources(const Driver& driver) const {
  if (driver.kind != Driver::Kind::kEntries) return {{driver}};
  const bool split = GivesKeyOrder(driver);
  std::vector<Source> sources;
  for (const EntryValues& entry : driver.entries) {
    if (!split) sources.push_back({driver, &entry, nullptr});
    if (!split) continue;
    for (const std::string& value : entry.values) sources.push_back({driver, &entry, &value});
  }
  return sources;
}

void SqlBuilder::AppendPiece(size_t index, bool count, Text& out) const {
  const PieceOf& piece = pieces_[index];
  const std::vector<Source> sources = Sources(*piece.driver);
  const bool ordered = query_.ordered && !count;
  const bool limited = ordered && query_.fetch_limit > 0;
  const bool several = sources.size() * piece.ranges.size() > 1;
  const bool apart = limited && several && dialect_.limits_unions;
  const auto append_order = [&] {
    AppendOrder(index, out);
    if (limited) out.Add(" LIMIT ").Value(query_.fetch_limit);
  };
  bool first = true;
  for (const KeyRange* range : piece.ranges) {
    for (const Source& source : sources) {
      if (!std::exchange(first, false)) out.Add(" UNION ALL ");
      if (apart) out.Add("(");
      AppendSelect(source, range, index, count, out);
      if (!apart) continue;
      append_order();
      out.Add(")");
    }
  }
  if (ordered) append_order();
}

void SqlBuilder::AppendSelect(const Source& source, const KeyRange* range, size_t index, bool count,
                              Text& out) const {
  const Driver& driver = source.driver;
  const bool entries = driver.kind == Driver::Kind::kEntries;
  const bool bodies = !count && (query_.with_body || query_.with_entries);
  const bool objects = NeedsObjects(driver);
  out.Add("SELECT ").Add(IdColumn(driver)).Add(" AS id,").Add(KeyColumn(driver)).Add(" AS okey");
  AppendColumns(count, out);
  AppendTables(source, objects, out);
  if (bodies) out.Join("bodies b");
  AppendSource(source, out);
  if (query_.walk) {
    AppendScope(out);
  } else {
    AppendRange(driver, *range, out);
  }
  if (entries && objects) out.Add(" AND o.id=a.id");
  if (bodies) out.Add(" AND b.id=").Add(IdColumn(driver));
  if (query_.walk) AppendPhase(phases_[index], out);
  AppendObjectConditions(driver, out);
  AppendProbes(driver, out);
}

void SqlBuilder::AppendColumns(bool count, Text& out) const {
  if (count) return;
  for (const OrderColumn column : query_.columns) out.Add(",").Add(ColumnName(column));
  if (query_.with_body) out.Add(",b.body");
  if (query_.with_entries) out.Add(",b.entries");
}

void SqlBuilder::AppendTables(const Source& source, bool objects, Text& out) const {
  if (source.driver.kind == Driver::Kind::kEntries) {
    out.Add(" FROM entries a");
    if (objects) out.Join("objects o");
    return;
  }
  out.Add(" FROM objects o");
  switch (source.driver.kind) {
    case Driver::Kind::kNames:
      out.Index("objects_name");
      break;
    case Driver::Kind::kOwners:
      out.Index("objects_owner");
      break;
    case Driver::Kind::kCreated:
      out.Index("objects_created");
      break;
    default:
      if (!query_.walk) {
        out.Index("objects_okey");
      } else if (query_.walk->column == OrderColumn::kName) {
        out.Index("objects_name");
      } else {
        const bool backwards = query_.walk->descending && dialect_.needs_descending_index;
        out.Index(backwards ? "objects_created_desc" : "objects_created");
      }
  }
}

void SqlBuilder::AppendSource(const Source& source, Text& out) const {
  if (source.entry == nullptr) {
    out.Add(" WHERE o.type_id=").Value(query_.type_id);
    if (source.driver.kind == Driver::Kind::kNames)
      out.Add(" AND o.name IN ").Values(query_.names.in);
    if (source.driver.kind == Driver::Kind::kOwners)
      out.Add(" AND o.owner_uid IN ").Values(*query_.owners);
    if (source.driver.kind == Driver::Kind::kCreated) AppendCreated(out);
    return;
  }
  out.Add(" WHERE a.key_id=").Value(source.entry->key_id);
  if (source.value != nullptr) {
    out.Add(" AND a.value=").Value(*source.value);
  } else {
    out.Add(" AND a.value IN ").Values(source.entry->values);
  }
}

void SqlBuilder::AppendCreated(Text& out) const {
  if (query_.since) out.Add(" AND o.created>=").Value(*query_.since);
  if (query_.before) out.Add(" AND o.created<").Value(*query_.before);
}

void SqlBuilder::AppendRange(const Driver& driver, const KeyRange& range, Text& out) const {
  if (range.IsWhole()) return;
  const char* column = KeyColumn(driver);
  out.Add(" AND ").Add(column).Add(range.exact ? "=" : ">").Value(range.low);
  if (!range.exact && !range.high.empty()) out.Add(" AND ").Add(column).Add("<").Value(range.high);
}

// Clusters and namespaces of a list that is not in the order of okeys.
void SqlBuilder::AppendScope(Text& out) const {
  if (query_.ranges.size() == 1) return AppendRange(query_.driver, query_.ranges.front(), out);
  AppendSet("o.cluster", query_.clusters, out);
  AppendSet("o.namespace", query_.namespaces, out);
}

void SqlBuilder::AppendSet(const char* column, const query::NameSet& set, Text& out) const {
  if (set.restricted) out.Add(" AND ").Add(column).Add(" IN ").Values(set.in);
  if (!set.not_in.empty()) out.Add(" AND ").Add(column).Add(" NOT IN ").Values(set.not_in);
}

void SqlBuilder::AppendObjectConditions(const Driver& driver, Text& out) const {
  if (driver.kind != Driver::Kind::kNames) AppendSet("o.name", query_.names, out);
  if (driver.kind != Driver::Kind::kCreated) AppendCreated(out);
  if (driver.kind != Driver::Kind::kOwners && query_.owners)
    out.Add(" AND o.owner_uid IN ").Values(*query_.owners);
}

void SqlBuilder::AppendProbes(const Driver& driver, Text& out) const {
  for (size_t i = 0; i < query_.probes.size(); ++i) {
    const EntryProbe& probe = query_.probes[i];
    if (driver.probe == i) continue;
    out.Add(" AND (SELECT e.id FROM entries e WHERE e.key_id=").Value(probe.entry.key_id);
    if (probe.entry.values.size() == 1) {
      out.Add(" AND e.value=").Value(probe.entry.values.front());
    } else {
      out.Add(" AND e.value IN ").Values(probe.entry.values);
    }
    out.Add(" AND e.okey=").Add(KeyColumn(driver));
    out.Add(probe.negative ? ") IS NULL" : ") IS NOT NULL");
  }
}

void SqlBuilder::AppendPhase(const Phase& phase, Text& out) const {
  const char* column = ColumnName(query_.walk->column);
  out.Add(" AND ").Add(column);
  switch (phase.kind) {
    case Phase::Kind::kAll:
      out.Add(" IS NOT NULL");
      break;
    case Phase::Kind::kEqual:
      out.Add("=").Value(*phase.value);
      break;
    case Phase::Kind::kBehind:
      out.Add(query_.walk->descending ? "<" : ">").Value(*phase.value);
      break;
    case Phase::Kind::kMissing:
      out.Add(" IS NULL");
      break;
  }
  if (phase.okey == nullptr) return;
  out.Add(" AND o.okey").Add(query_.after_inclusive ? ">=" : ">").Value(*phase.okey);
}

void SqlBuilder::AppendOrder(size_t index, Text& out) const {
  out.Add(" ORDER BY ");
  if (query_.walk) {
    const Phase::Kind kind = phases_[index].kind;
    if (kind == Phase::Kind::kAll || kind == Phase::Kind::kBehind) {
      out.Add(ColumnName(query_.walk->column)).Add(query_.walk->descending ? " DESC," : ",");
    }
  }
  out.Add("okey");
}

bool SqlBuilder::NeedsObjects(const Driver& driver) const {
  if (driver.kind != Driver::Kind::kEntries) return true;
  const bool names = query_.names.restricted || !query_.names.not_in.empty();
  return query_.walk || !query_.columns.empty() || names || query_.since || query_.before ||
         query_.owners;
}

const char* SqlBuilder::KeyColumn(const Driver& driver) const {
  return driver.kind == Driver::Kind::kEntries ? "a.okey" : "o.okey";
}

const char* SqlBuilder::IdColumn(const Driver& driver) const {
  return driver.kind == Driver::Kind::kEntries ? "a.id" : "o.id";
}

}  // namespace pedia::storage
