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
  if (query_.by_columns) one_range_ = OneRange();
  AddPieces(query_.driver, query_.by_columns ? one_range_ : first_ranges_);
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
  SqlText out(dialect_);
  AppendPiece(index, {.limit = query_.fetch_limit}, out);
  return out.Take();
}

bool SqlBuilder::HasParts(size_t index) const {
  return query_.fetch_limit == 0 && SortsRows(index);
}

SqlQuery SqlBuilder::Part(size_t index, const std::string& behind, int64_t rows) const {
  SqlText out(dialect_);
  AppendPiece(index, {.limit = rows, .behind = &behind}, out);
  return out.Take();
}

SqlQuery SqlBuilder::CountPiece(size_t index) const {
  SqlText out(dialect_);
  out.Add("SELECT count(*) FROM (");
  AppendUnion(index, {.count = true, .bodies = false}, out);
  out.Add(") x");
  return out.Take();
}

SqlQuery SqlBuilder::CappedCount(const Driver& driver, int64_t cap) const {
  SqlText out(dialect_);
  out.Add("SELECT count(*) FROM (");
  bool first = true;
  for (const Source& source : Sources(driver)) {
    out.Add(first ? "SELECT 1" : " UNION ALL SELECT 1");
    first = false;
    AppendTables(source, driver.kind != Driver::Kind::kEntries, out);
    AppendSource(source, out);
    if (query_.ranges.size() == 1) AppendRange(KeyColumn(driver), query_.ranges.front(), out);
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

// Whether the database gives the rows of a piece only after a sort of all.
bool SqlBuilder::SortsRows(size_t index) const {
  const PieceOf& piece = pieces_[index];
  const bool several = Sources(*piece.driver).size() * piece.ranges.size() > 1;
  return query_.ordered && several && !dialect_.merges_unions;
}

// Bodies take no part in a sort: the rows meet theirs behind it.
void SqlBuilder::AppendPiece(size_t index, const Wanted& wanted, SqlText& out) const {
  const bool bodies = query_.with_body || query_.with_entries;
  if (!bodies || !SortsRows(index)) return AppendUnion(index, wanted, out);
  out.Add("SELECT p.id,p.okey");
  for (size_t i = 0; i < query_.columns.size(); ++i) out.Add(",p.").Alias(i);
  AppendBodyColumns(out);
  out.Add(" FROM (");
  Wanted rows = wanted;
  rows.bodies = false;
  AppendUnion(index, rows, out);
  out.Add(") p").Join("bodies b").Add(" WHERE b.id=p.id ORDER BY p.okey");
}

void SqlBuilder::AppendUnion(size_t index, const Wanted& wanted, SqlText& out) const {
  const PieceOf& piece = pieces_[index];
  const std::vector<Source> sources = Sources(*piece.driver);
  const bool ordered = query_.ordered && !wanted.count;
  const bool limited = ordered && wanted.limit > 0;
  const bool several = sources.size() * piece.ranges.size() > 1;
  const bool apart = limited && several && dialect_.limits_unions;
  const auto append_order = [&] {
    AppendOrder(index, out);
    if (limited) out.Add(" LIMIT ").Value(wanted.limit);
  };
  bool first = true;
  for (const KeyRange* range : piece.ranges) {
    for (const Source& source : sources) {
      if (!std::exchange(first, false)) out.Add(" UNION ALL ");
      if (apart) out.Add("(");
      AppendSelect(source, range, index, wanted, out);
      if (!apart) continue;
      append_order();
      out.Add(")");
    }
  }
  if (ordered) append_order();
}

void SqlBuilder::AppendSelect(const Source& source, const KeyRange* range, size_t index,
                              const Wanted& wanted, SqlText& out) const {
  const Driver& driver = source.driver;
  const bool entries = driver.kind == Driver::Kind::kEntries;
  const bool bodies = wanted.bodies && (query_.with_body || query_.with_entries);
  const bool objects = NeedsObjects(driver);
  out.Add("SELECT ").Add(IdColumn(driver)).Add(" AS id,").Add(KeyColumn(driver)).Add(" AS okey");
  AppendColumns(driver, wanted, out);
  AppendTables(source, objects, out);
  if (bodies && !driver.merged) out.Join("bodies b");
  AppendSource(source, out);
  if (query_.walk) {
    AppendScope(out);
  } else {
    AppendRange(KeyColumn(driver), *range, out);
    if (query_.by_columns) AppendColumnConditions(out);
  }
  if (driver.merged) AppendMerged(driver, *range, out);
  if (wanted.behind != nullptr)
    out.Add(" AND ").Add(KeyColumn(driver)).Add(">").Value(*wanted.behind);
  if (entries && objects) out.Add(" AND o.id=a.id");
  if (bodies && !driver.merged) out.Add(" AND b.id=").Add(IdColumn(driver));
  if (query_.walk) AppendPhase(phases_[index], out);
  AppendObjectConditions(driver, out);
  AppendProbes(driver, out);
}

void SqlBuilder::AppendColumns(const Driver& driver, const Wanted& wanted, SqlText& out) const {
  if (wanted.count) return;
  for (size_t i = 0; i < query_.columns.size(); ++i)
    out.Add(",").Add(ColumnName(query_.columns[i])).Add(" AS ").Alias(i);
  if (!wanted.bodies) return;
  if (!driver.merged) return AppendBodyColumns(out);
  if (query_.with_body) out.Add(",(SELECT b.body FROM bodies b WHERE b.id=a.id)");
  if (query_.with_entries) out.Add(",(SELECT b.entries FROM bodies b WHERE b.id=a.id)");
}

void SqlBuilder::AppendBodyColumns(SqlText& out) const {
  if (query_.with_body) out.Add(",b.body");
  if (query_.with_entries) out.Add(",b.entries");
}

void SqlBuilder::AppendTables(const Source& source, bool objects, SqlText& out) const {
  if (source.driver.kind == Driver::Kind::kEntries) {
    out.Add(" FROM entries a");
    if (source.driver.merged) out.Add(dialect_.merge_join).Add("entries m ON m.okey=a.okey");
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
      } else {
        const bool backwards = query_.walk->descending && dialect_.needs_descending_index;
        if (query_.walk->column == OrderColumn::kName)
          out.Index(backwards ? "objects_name_desc" : "objects_name");
        else
          out.Index(backwards ? "objects_created_desc" : "objects_created");
      }
  }
}

KeyRange SqlBuilder::WholeRange() const {
  if (first_ranges_.empty()) return {};
  return {first_ranges_.front().low, first_ranges_.back().high};
}

// The first one may be the row that a page starts with.
std::vector<KeyRange> SqlBuilder::OneRange() const {
  std::vector<KeyRange> ranges;
  if (first_ranges_.empty()) return ranges;
  if (first_ranges_.front().exact) ranges.push_back(first_ranges_.front());
  if (!first_ranges_.back().exact) ranges.push_back(WholeRange());
  return ranges;
}

SqlQuery SqlBuilder::LastOfSample(const EntryValues& entry, int64_t rows) const {
  const KeyRange range = WholeRange();
  SqlText out(dialect_);
  out.Add("SELECT l.okey FROM (SELECT a.okey FROM entries a WHERE a.key_id=").Value(entry.key_id);
  out.Add(" AND a.value=").Value(entry.values.front());
  AppendRange("a.okey", range, out);
  if (dialect_.merge_join != nullptr) AppendBegin("a.okey", range, out);
  out.Add(" ORDER BY a.okey LIMIT ").Value(rows).Add(") l ORDER BY l.okey DESC LIMIT 1");
  return out.Take();
}

SqlQuery SqlBuilder::CountUntil(const EntryValues& entry, const std::string& last,
                                int64_t cap) const {
  const KeyRange range = WholeRange();
  SqlText out(dialect_);
  out.Add("SELECT count(*) FROM (SELECT 1 FROM entries e WHERE e.key_id=").Value(entry.key_id);
  out.Add(" AND e.value=").Value(entry.values.front());
  if (!range.low.empty()) out.Add(" AND e.okey>").Value(range.low);
  if (dialect_.merge_join != nullptr) AppendBegin("e.okey", range, out);
  out.Add(" AND e.okey<=").Value(last).Add(" LIMIT ").Value(cap).Add(") x");
  return out.Take();
}

void SqlBuilder::AppendOrder(size_t index, SqlText& out) const {
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
  return query_.walk || query_.by_columns || !query_.columns.empty() || names || query_.since ||
         query_.before || query_.owners;
}

const char* SqlBuilder::KeyColumn(const Driver& driver) const {
  return driver.kind == Driver::Kind::kEntries ? "a.okey" : "o.okey";
}

const char* SqlBuilder::IdColumn(const Driver& driver) const {
  return driver.kind == Driver::Kind::kEntries ? "a.id" : "o.id";
}

}  // namespace pedia::storage
