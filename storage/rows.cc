#include "storage/rows.h"

#include <algorithm>
#include <utility>

#include "query/typed_value.h"
#include "storage/body_codec.h"
#include "storage/indexed_fields.h"
#include "storage/object_key.h"
#include "storage/packed_entries.h"

namespace pedia::storage {
namespace {

constexpr int kFirstColumn = 2;  // Behind id and okey.
constexpr size_t kBodiesAhead = 64;
// A page. What is longer is read as it is used.
constexpr int64_t kMaxFewRows = 1'000;
// A database that reads as much of each source as it gives of all together reads little too much if
// parts grow, and soon gives the first row if they are small at first.
constexpr int64_t kFirstPart = 1'000;
constexpr int64_t kPartGrowth = 8;
constexpr int64_t kMaxPart = 64'000;

}  // namespace

Result<std::string_view> SqlBodies::Read(int64_t id) {
  auto stored = ahead_.find(id);
  if (stored == ahead_.end()) {
    const Result<size_t> read = ReadAhead({&id, 1});
    if (!read.ok()) return read.status();
    stored = ahead_.find(id);
  }
  return DecodeBody(stored->second, &buffer_);
}

Result<size_t> SqlBodies::ReadAhead(std::span<const int64_t> ids) {
  ids = ids.first(std::min(ids.size(), kBodiesAhead));
  std::vector<std::string> bodies;
  if (Status status = connection_.ReadBodies(ids, &bodies); !status.ok()) return status;
  ahead_.clear();
  for (size_t i = 0; i < ids.size(); ++i) ahead_[ids[i]] = std::move(bodies[i]);
  return ids.size();
}

SqlRows::SqlRows(SqlConnection& connection, const ListPlan& plan, int64_t& scanned)
    : connection_(connection),
      plan_(plan),
      scanned_(scanned),
      builder_(connection.dialect(), plan.query),
      filter_(plan.conditions),
      scanner_(plan.fields),
      bodies_(connection),
      fields_(plan.fields.size()) {}

Result<bool> SqlRows::Next() {
  body_.reset();
  counted_ = false;
  fields_read_ = false;
  while (true) {
    while (row_ && row_->Step()) {
      const Result<bool> matches = Matches();
      if (!matches.ok() || *matches) return matches;
      body_.reset();
      counted_ = false;
    }
    if (row_ && !row_->ok()) return row_->status();
    row_.reset();
    if (!NextPiece()) return false;
    if (connection_.DeadlinePassed()) return Timeout("the query took too long and was ended");
    row_.emplace(
        connection_.Prepare(piece_query_.text, IsPage() ? RowCount::kFew : RowCount::kUnbounded));
    for (const SqlValue& value : piece_query_.parameters) row_->Bind(value);
  }
}

bool SqlRows::IsPage() const {
  const int64_t limit = plan_.query.fetch_limit;
  return plan_.query.ordered && limit > 0 && limit <= kMaxFewRows;
}

bool SqlRows::IsOneStatement() const {
  const ListQuery& query = plan_.query;
  if (!query.with_body || builder_.piece_count() != 1 || builder_.HasParts(0)) return false;
  if (IsPage()) return true;
  // A database that knows nothing of a cursor might sort the union of several parts.
  const std::vector<EntryValues>& entries = query.driver.entries;
  const bool one_part = query.ranges.size() == 1 && !query.walk &&
                        (query.driver.kind == Driver::Kind::kObjects ||
                         (entries.size() == 1 && entries.front().values.size() == 1));
  return query.ordered && plan_.conditions.empty() && one_part;
}

// Makes `piece_query_` the next statement; false if there is none.
bool SqlRows::NextPiece() {
  if (part_rows_ > 0 && rows_in_part_ == part_rows_) {
    part_rows_ = std::min(part_rows_ * kPartGrowth, kMaxPart);
  } else {
    if (piece_ == builder_.piece_count()) return false;
    part_rows_ = builder_.HasParts(piece_++) ? kFirstPart : 0;
    part_end_.clear();
  }
  rows_in_part_ = 0;
  piece_query_ = part_rows_ > 0 ? builder_.Part(piece_ - 1, part_end_, part_rows_)
                                : builder_.Piece(piece_ - 1);
  return true;
}

Result<bool> SqlRows::Matches() {
  if (part_rows_ > 0 && ++rows_in_part_ == part_rows_) part_end_ = okey();
  if (!filter_.MatchesKey(okey())) return false;
  const size_t columns = plan_.query.columns.size();
  if (filter_.reads_owner() &&
      !filter_.MatchesOwner(okey(), row_->Text(kFirstColumn + static_cast<int>(columns) - 1)))
    return false;
  if (filter_.reads_entries() && !filter_.MatchesEntries(Entries())) return false;
  if (!filter_.reads_body()) return true;
  const Result<std::string_view> body = Body();
  if (!body.ok()) return body.status();
  if (!std::exchange(counted_, true)) ++scanned_;
  return filter_.MatchesBody(*body);
}

std::string_view SqlRows::Entries() const {
  const size_t column = plan_.query.columns.size() + (plan_.query.with_body ? 1 : 0);
  return row_->Text(kFirstColumn + static_cast<int>(column));
}

Result<std::string_view> SqlRows::Body() {
  if (body_) return *body_;
  const Result<std::string_view> body =
      plan_.query.with_body
          ? DecodeBody(row_->Text(kFirstColumn + static_cast<int>(plan_.query.columns.size())),
                       &buffer_)
          : bodies_.Read(id());
  if (body.ok()) body_ = *body;
  return body;
}

Result<const query::FieldTexts*> SqlRows::Scan(size_t field) {
  if (!std::exchange(fields_read_, true)) {
    const Result<std::string_view> body = Body();
    if (!body.ok()) return body.status();
    if (!std::exchange(counted_, true)) ++scanned_;
    scanner_.Scan(*body, &fields_);
  }
  return &fields_[field];
}

Result<const std::vector<std::string_view>*> SqlRows::Values(size_t index) {
  const ValueSource& source = plan_.sources[index];
  values_.clear();
  switch (source.kind) {
    case ValueSource::Kind::kConstant:
      values_.push_back(std::get<std::string>(source.constant));
      break;
    case ValueSource::Kind::kCluster:
      values_.push_back(SplitKey(okey()).cluster);
      break;
    case ValueSource::Kind::kNamespace:
      if (const std::string_view name_space = SplitKey(okey()).name_space; !name_space.empty())
        values_.push_back(name_space);
      break;
    case ValueSource::Kind::kName:
      values_.push_back(SplitKey(okey()).name);
      break;
    case ValueSource::Kind::kColumn:
      break;  // Of orders only.
    case ValueSource::Kind::kEntry: {
      if (!source.key_id) break;
      const std::optional<std::string_view> value = FindPackedValue(Entries(), *source.key_id);
      if (!value) break;
      if (!MayBeCut(*value)) {
        values_.push_back(*value);
        break;
      }
      [[fallthrough]];
    }
    case ValueSource::Kind::kField: {
      const Result<const query::FieldTexts*> texts = Scan(source.index);
      if (!texts.ok()) return texts.status();
      for (size_t i = 0; i < (*texts)->size(); ++i) values_.push_back((**texts)[i]);
      break;
    }
  }
  return &values_;
}

Result<SqlValue> SqlRows::OrderValue(size_t index) {
  const ValueSource& source = plan_.sources[index];
  if (source.kind == ValueSource::Kind::kColumn)
    return row_->Value(kFirstColumn + static_cast<int>(source.index));
  SqlValue order_value;
  if (source.kind == ValueSource::Kind::kNamespace) {  // As a column, "" comes first.
    order_value = std::string(SplitKey(okey()).name_space);
    return order_value;
  }
  const Result<const std::vector<std::string_view>*> values = Values(index);
  if (!values.ok()) return values.status();
  if ((*values)->empty()) return order_value;
  const bool field =
      source.kind == ValueSource::Kind::kEntry || source.kind == ValueSource::Kind::kField;
  const std::string_view value = (*values)->front();
  order_value = field ? query::OrderKey(value) : std::string(value);
  return order_value;
}

Result<SortKey> SqlRows::Key() {
  SortKey key;
  for (size_t i = 0; i < plan_.sources.size(); ++i) {
    Result<SqlValue> value = OrderValue(i);
    if (!value.ok()) return value.status();
    key.values.push_back(*std::move(value));
  }
  key.okey = okey();
  key.type = plan_.type_key;
  return key;
}

}  // namespace pedia::storage
