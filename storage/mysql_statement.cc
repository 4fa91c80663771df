#include "storage/mysql_statement.h"

#include <mysql.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

namespace pedia::storage {
namespace {

constexpr size_t kFirstBuffer = 256;
constexpr size_t kKeptBuffer = 64 * 1024;  // Larger ones are not kept between uses.

bool IsNumeric(enum_field_types type) {
  switch (type) {
    case MYSQL_TYPE_TINY:
    case MYSQL_TYPE_SHORT:
    case MYSQL_TYPE_LONG:
    case MYSQL_TYPE_LONGLONG:
    case MYSQL_TYPE_INT24:
    case MYSQL_TYPE_DECIMAL:  // Sums.
    case MYSQL_TYPE_NEWDECIMAL:
    case MYSQL_TYPE_NULL:
      return true;
    default:
      return false;
  }
}

template <typename Column>
MYSQL_BIND Bind(Column& column) {
  MYSQL_BIND bind{};
  bind.is_null = &column.is_null;
  bind.length = &column.length;
  bind.error = &column.truncated;
  if (column.is_number) {
    bind.buffer_type = MYSQL_TYPE_LONGLONG;
    bind.buffer = &column.number;
    bind.buffer_length = sizeof(column.number);
  } else {
    bind.buffer_type = MYSQL_TYPE_BLOB;
    bind.buffer = column.buffer.data();
    bind.buffer_length = static_cast<unsigned long>(column.buffer.size());
  }
  return bind;
}

}  // namespace

struct MysqlStatement::Bindings {
  std::vector<MYSQL_BIND> parameters;
  std::vector<int64_t> numbers;
  std::vector<unsigned long> lengths;
  std::vector<MYSQL_BIND> columns;
};

// The values of one column, for all rows.
struct MysqlStatement::Arrays {
  std::vector<int64_t> numbers;
  std::vector<char*> texts;
  std::vector<unsigned long> lengths;
  std::vector<char> indicators;
};

MysqlStatement::MysqlStatement(MysqlSession& session)
    : session_(session), bindings_(std::make_unique<Bindings>()) {}

MysqlStatement::~MysqlStatement() {
  if (statement_ != nullptr) mysql_stmt_close(statement_);
}

bool MysqlStatement::Prepare(std::string_view sql) {
  statement_ = mysql_stmt_init(session_.handle());
  if (statement_ == nullptr) return false;
  int failed = 0;
  session_.Await(
      [&] { return mysql_stmt_prepare_start(&failed, statement_, sql.data(), sql.size()); },
      [&](int ready) { return mysql_stmt_prepare_cont(&failed, statement_, ready); });
  if (failed != 0) return false;
  if (MYSQL_RES* metadata = mysql_stmt_result_metadata(statement_)) {
    columns_ = std::vector<Column>(mysql_num_fields(metadata));
    for (size_t i = 0; i < columns_.size(); ++i) {
      columns_[i].is_number =
          IsNumeric(mysql_fetch_field_direct(metadata, static_cast<unsigned>(i))->type);
      if (!columns_[i].is_number) columns_[i].buffer.resize(kFirstBuffer);
    }
    mysql_free_result(metadata);
  }
  const size_t parameters = mysql_stmt_param_count(statement_);
  bindings_->parameters.resize(parameters);
  bindings_->numbers.resize(parameters);
  bindings_->lengths.resize(parameters);
  return true;
}

bool MysqlStatement::Execute(std::span<const SqlParameter> parameters) {
  if (statement_ == nullptr || parameters.size() != bindings_->parameters.size()) return false;
  for (size_t i = 0; i < parameters.size(); ++i) {
    MYSQL_BIND& bind = bindings_->parameters[i];
    bind = MYSQL_BIND{};
    if (const auto* number = std::get_if<int64_t>(&parameters[i])) {
      bindings_->numbers[i] = *number;
      bind.buffer_type = MYSQL_TYPE_LONGLONG;
      bind.buffer = &bindings_->numbers[i];
      continue;
    }
    const auto* text = std::get_if<TextView>(&parameters[i]);
    const auto* blob = std::get_if<BlobView>(&parameters[i]);
    if (text == nullptr && blob == nullptr) {
      bind.buffer_type = MYSQL_TYPE_NULL;
      continue;
    }
    const std::string_view bytes = text != nullptr ? text->bytes : blob->bytes;
    // The library only reads parameters.
    bind.buffer = const_cast<char*>(bytes.data() == nullptr ? "" : bytes.data());
    bindings_->lengths[i] = static_cast<unsigned long>(bytes.size());
    bind.buffer_type = MYSQL_TYPE_BLOB;
    bind.buffer_length = bindings_->lengths[i];
    bind.length = &bindings_->lengths[i];
  }
  if (!parameters.empty() && mysql_stmt_bind_param(statement_, bindings_->parameters.data()) != 0)
    return false;
  if (!Run()) return false;
  return columns_.empty() || BindColumns();
}

bool MysqlStatement::ExecuteForEach(std::span<const SqlParameter> rows, size_t width,
                                    std::span<const size_t> order) {
  if (statement_ == nullptr || order.size() != bindings_->parameters.size()) return false;
  const size_t count = rows.size() / width;
  std::vector<Arrays> arrays(order.size());
  for (size_t i = 0; i < order.size(); ++i) {
    Arrays& array = arrays[i];
    array.indicators.assign(count, STMT_INDICATOR_NULL);
    for (size_t row = 0; row < count; ++row) {
      const SqlParameter& value = rows[row * width + order[i]];
      if (std::holds_alternative<std::monostate>(value)) continue;
      array.indicators[row] = STMT_INDICATOR_NONE;
      if (const auto* number = std::get_if<int64_t>(&value)) {
        array.numbers.resize(count);
        array.numbers[row] = *number;
        continue;
      }
      const auto* text = std::get_if<TextView>(&value);
      const std::string_view bytes =
          text != nullptr ? text->bytes : std::get<BlobView>(value).bytes;
      array.texts.resize(count);
      array.lengths.resize(count);
      array.texts[row] = const_cast<char*>(bytes.data() == nullptr ? "" : bytes.data());
      array.lengths[row] = static_cast<unsigned long>(bytes.size());
    }
    MYSQL_BIND& bind = bindings_->parameters[i];
    bind = MYSQL_BIND{};
    bind.u.indicator = array.indicators.data();
    const bool is_text = !array.texts.empty();
    // A column of NULLs only is of any type.
    if (!is_text) array.numbers.resize(count);
    bind.buffer_type = is_text ? MYSQL_TYPE_BLOB : MYSQL_TYPE_LONGLONG;
    bind.buffer = is_text ? static_cast<void*>(array.texts.data()) : array.numbers.data();
    if (is_text) bind.length = array.lengths.data();
  }
  const auto size = static_cast<unsigned>(count);
  mysql_stmt_attr_set(statement_, STMT_ATTR_ARRAY_SIZE, &size);
  return mysql_stmt_bind_param(statement_, bindings_->parameters.data()) == 0 && Run();
}

bool MysqlStatement::Run() {
  int failed = 0;
  session_.Await([&] { return mysql_stmt_execute_start(&failed, statement_); },
                 [&](int ready) { return mysql_stmt_execute_cont(&failed, statement_, ready); });
  if (failed == 0 && columns_.empty())
    changes_ = static_cast<int64_t>(mysql_stmt_affected_rows(statement_));
  return failed == 0;
}

bool MysqlStatement::BindColumns() {
  bind_again_ = false;
  bindings_->columns.clear();
  for (Column& column : columns_) bindings_->columns.push_back(Bind(column));
  return mysql_stmt_bind_result(statement_, bindings_->columns.data()) == 0;
}

bool MysqlStatement::StoreRows() {
  int failed = 0;
  session_.Await(
      [&] { return mysql_stmt_store_result_start(&failed, statement_); },
      [&](int ready) { return mysql_stmt_store_result_cont(&failed, statement_, ready); });
  return failed == 0;
}

MysqlStatement::Fetched MysqlStatement::Fetch(bool stored) {
  if (bind_again_ && !BindColumns()) return Fetched::kFailed;
  int result = 0;
  if (stored) {
    result = mysql_stmt_fetch(statement_);
  } else {
    session_.Await([&] { return mysql_stmt_fetch_start(&result, statement_); },
                   [&](int ready) { return mysql_stmt_fetch_cont(&result, statement_, ready); });
  }
  if (result == MYSQL_NO_DATA) return Fetched::kEnd;
  if (result != 0 && result != MYSQL_DATA_TRUNCATED) return Fetched::kFailed;
  return FetchRest() ? Fetched::kRow : Fetched::kFailed;
}

// What did not fit into its buffer is read again, into a larger one that the next rows will fit too.
bool MysqlStatement::FetchRest() {
  bool grown = false;
  for (size_t i = 0; i < columns_.size(); ++i) {
    Column& column = columns_[i];
    if (column.is_number || column.is_null || column.length <= column.buffer.size()) continue;
    column.buffer.resize(std::bit_ceil(static_cast<size_t>(column.length)));
    grown = true;
    MYSQL_BIND bind = Bind(column);
    if (mysql_stmt_fetch_column(statement_, &bind, static_cast<unsigned>(i), 0) != 0) return false;
  }
  // Not now: older versions of the library set the lengths of the row to 0.
  bind_again_ = bind_again_ || grown;
  return true;
}

void MysqlStatement::FreeRows() {
  if (statement_ == nullptr || columns_.empty()) return;
  mysql_stmt_free_result(statement_);
  for (Column& column : columns_) {
    if (column.buffer.size() <= kKeptBuffer) continue;
    column.buffer = std::vector<char>(kFirstBuffer);
  }
}

std::vector<MysqlStatement::TakenValue> MysqlStatement::TakeRow() {
  std::vector<TakenValue> row;
  for (Column& column : columns_) {
    TakenValue& value = row.emplace_back();
    value.is_null = column.is_null != 0;
    value.is_number = column.is_number;
    value.number = column.number;
    if (column.is_number || value.is_null) continue;
    value.bytes = std::exchange(column.buffer, std::vector<char>(kFirstBuffer));
    value.bytes.resize(std::min<size_t>(column.length, value.bytes.size()));
  }
  bind_again_ = true;
  return row;
}

std::optional<std::string_view> MysqlStatement::TakenValue::View() const {
  if (is_null) return std::nullopt;
  if (is_number) return std::string_view(reinterpret_cast<const char*>(&number), sizeof(number));
  return std::string_view(bytes.data(), bytes.size());
}

MysqlError MysqlStatement::error() const {
  if (statement_ == nullptr) return {2008, "HY000", "out of memory"};
  MysqlError error = session_.Error(statement_);
  if (error.code == 0) error = session_.Error();  // Of a fetch, for example.
  if (error.code == 0) error = {2034, "HY000", "wrong number of parameters"};
  return error;
}

bool MysqlStatement::IsNumber(size_t column) const { return columns_[column].is_number; }

bool MysqlStatement::IsNull(size_t column) const { return columns_[column].is_null != 0; }

int64_t MysqlStatement::Number(size_t column) const {
  return columns_[column].is_number && !IsNull(column) ? columns_[column].number : 0;
}

std::string_view MysqlStatement::Bytes(size_t column) const {
  const Column& of = columns_[column];
  if (of.is_number || of.is_null) return {};
  return {of.buffer.data(), std::min<size_t>(of.length, of.buffer.size())};
}

}  // namespace pedia::storage
