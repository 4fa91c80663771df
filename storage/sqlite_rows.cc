#include "storage/sqlite_rows.h"

#include <algorithm>
#include <utility>

#include "query/typed_value.h"
#include "storage/body_codec.h"
#include "storage/object_key.h"
#include "storage/packed_entries.h"

namespace pedia::storage {
namespace {

constexpr int kFirstColumn = 2;  // Behind id and okey.

}  // namespace

Result<std::string_view> SqliteBodies::Read(int64_t id) {
  SqliteStatement body = connection_.Prepare("SELECT body FROM bodies WHERE id=?");
  body.BindInt(id);
  if (!body.Step()) return body.ok() ? InternalError("an object has no body") : body.status();
  const Result<std::string_view> json = DecodeBody(body.Text(0), &buffer_);
  if (!json.ok()) return json.status();
  // A body that is stored plain is the statement's, which ends here.
  if (json->data() != buffer_.data()) buffer_ = *json;
  return std::string_view(buffer_).substr(0, json->size());
}

SqliteRows::SqliteRows(SqliteConnection& connection, const ListPlan& plan, int64_t& scanned)
    : connection_(connection),
      plan_(plan),
      scanned_(scanned),
      builder_(kSqliteDialect, plan.query),
      filter_(plan.conditions),
      scanner_(plan.fields),
      bodies_(connection),
      fields_(plan.fields.size()) {}

Result<bool> SqliteRows::Next() {
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
    if (piece_ == builder_.piece_count()) return false;
    if (connection_.DeadlinePassed()) return Timeout("the query took too long and was ended");
    statement_ = builder_.Piece(piece_++);
    row_.emplace(connection_.Prepare(statement_.text));
    for (const SqlValue& value : statement_.parameters) row_->Bind(value);
  }
}

Result<bool> SqliteRows::Matches() {
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

std::string_view SqliteRows::Entries() const {
  const size_t column = plan_.query.columns.size() + (plan_.query.with_body ? 1 : 0);
  return row_->Text(kFirstColumn + static_cast<int>(column));
}

Result<std::string_view> SqliteRows::Body() {
  if (body_) return *body_;
  const Result<std::string_view> body =
      plan_.query.with_body
          ? DecodeBody(row_->Text(kFirstColumn + static_cast<int>(plan_.query.columns.size())),
                       &buffer_)
          : bodies_.Read(id());
  if (body.ok()) body_ = *body;
  return body;
}

Result<const query::FieldTexts*> SqliteRows::Scan(size_t field) {
  if (!std::exchange(fields_read_, true)) {
    const Result<std::string_view> body = Body();
    if (!body.ok()) return body.status();
    if (!std::exchange(counted_, true)) ++scanned_;
    scanner_.Scan(*body, &fields_);
  }
  return &fields_[field];
}

Result<const std::vector<std::string_view>*> SqliteRows::Values(size_t index) {
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

Result<SqlValue> SqliteRows::OrderValue(size_t index) {
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

Result<SortKey> SqliteRows::Key() {
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
