#include "storage/mysql_cursor.h"

#include <cstring>
#include <utility>

namespace pedia::storage {
namespace {

// A stream that is given up is read to its end if that is near; else the server is told to stop.
constexpr int kNearRows = 100;
constexpr size_t kNearBytes = 256 * 1024;
// While rows keep coming nothing else looks at the time.
constexpr uint64_t kRowsPerCheck = 64;

int64_t NumberOf(std::string_view bytes) {
  int64_t number = 0;
  if (bytes.size() == sizeof(number)) std::memcpy(&number, bytes.data(), sizeof(number));
  return number;
}

}  // namespace

MysqlCursor::~MysqlCursor() { Reset(); }

SqlCursor::Step MysqlCursor::Next(std::span<const SqlParameter> parameters) {
  on_row_ = false;
  switch (state_) {
    case State::kDone:
      return status_.ok() ? Step::kDone : Step::kFailed;
    case State::kAside:
      return NextAside();
    case State::kNew:
      if (const Step started = Start(parameters); started != Step::kRow) return started;
      break;
    case State::kStored:
    case State::kStreaming:
      break;
  }
  if (++fetched_ % kRowsPerCheck == 0 && connection_.ShouldEnd()) {
    if (connection_.streaming_ == this) Discard();
    return Fail(Timeout("the query took too long and was ended"));
  }
  switch (statement_->statement->Fetch(state_ == State::kStored)) {
    case MysqlStatement::Fetched::kRow:
      on_row_ = true;
      return Step::kRow;
    case MysqlStatement::Fetched::kFailed:
      return Fail(statement_->statement->error());
    case MysqlStatement::Fetched::kEnd:
      break;
  }
  if (connection_.streaming_ == this) connection_.streaming_ = nullptr;
  state_ = State::kDone;
  return Step::kDone;
}

// kRow: there may be rows.
SqlCursor::Step MysqlCursor::Start(std::span<const SqlParameter> parameters) {
  Result<MysqlConnection::CachedStatement*> taken = connection_.Take(sql_);
  if (!taken.ok()) return Fail(taken.status());
  statement_ = *taken;
  MysqlStatement& statement = *statement_->statement;
  if (!statement.Execute(parameters)) return Fail(statement.error());
  if (!statement.has_rows()) {
    changes_ = statement.changes();
    state_ = State::kDone;
    return Step::kDone;
  }
  if (rows_ == RowCount::kUnbounded) {
    state_ = State::kStreaming;
    connection_.streaming_ = this;
    return Step::kRow;
  }
  if (!statement.StoreRows()) return Fail(statement.error());
  state_ = State::kStored;
  return Step::kRow;
}

SqlCursor::Step MysqlCursor::Fail(const MysqlError& error) {
  return Fail(connection_.session_->Failure(error, sql_));
}

SqlCursor::Step MysqlCursor::Fail(const Status& status) {
  if (connection_.streaming_ == this) connection_.streaming_ = nullptr;
  spoiled_ = true;
  status_ = status;
  state_ = State::kDone;
  return Step::kFailed;
}

void MysqlCursor::Reset() {
  if (connection_.streaming_ == this) Discard();
  if (statement_ != nullptr) connection_.GiveBack(std::exchange(statement_, nullptr), spoiled_);
  spoiled_ = false;
  spool_.reset();
  row_.clear();
  kept_.clear();
  row_is_aside_ = false;
  on_row_ = false;
  status_ = Status();
  state_ = State::kNew;
}

// Reads what is left of the stream, for nobody.
void MysqlCursor::Discard() {
  using Fetched = MysqlStatement::Fetched;
  connection_.streaming_ = nullptr;
  MysqlStatement& statement = *statement_->statement;
  MysqlSession& session = *connection_.session_;
  size_t bytes = 0;
  bool told = false;
  Fetched fetched = Fetched::kRow;
  for (int rows = 0; (fetched = statement.Fetch(/*stored=*/false)) == Fetched::kRow; ++rows) {
    for (size_t i = 0; i < statement.columns(); ++i) bytes += statement.Bytes(i).size();
    if (told || (rows < kNearRows && bytes < kNearBytes)) continue;
    told = true;
    if (!session.Interrupt()) return session.Abandon();
  }
  if (fetched == Fetched::kEnd) return;
  spoiled_ = true;
  if (EndsConnection(statement.error())) session.Abandon();
}

Status MysqlCursor::PutAside() {
  connection_.streaming_ = nullptr;
  KeepCurrentRow();
  spool_ = std::make_unique<RowSpool>();
  MysqlStatement& statement = *statement_->statement;
  state_ = State::kAside;
  while (true) {
    switch (statement.Fetch(/*stored=*/false)) {
      case MysqlStatement::Fetched::kEnd:
        return Status();
      case MysqlStatement::Fetched::kFailed:
        Fail(statement.error());
        return status_;
      case MysqlStatement::Fetched::kRow:
        break;
    }
    FillSpool();
    if (Status status = spool_->EndRow(); !status.ok()) {
      Discard();
      Fail(status);
      return status;
    }
  }
}

void MysqlCursor::FillSpool() {
  const MysqlStatement& statement = *statement_->statement;
  for (size_t i = 0; i < statement.columns(); ++i) {
    if (statement.IsNull(i)) {
      spool_->Append(std::nullopt);
    } else if (statement.IsNumber(i)) {
      const int64_t number = statement.Number(i);
      spool_->Append(std::string_view(reinterpret_cast<const char*>(&number), sizeof(number)));
    } else {
      spool_->Append(statement.Bytes(i));
    }
  }
}

// The caller may hold views of it, which stay valid: the buffers themselves are taken.
void MysqlCursor::KeepCurrentRow() {
  row_is_aside_ = true;
  row_.clear();
  if (!on_row_) return;
  kept_ = statement_->statement->TakeRow();
  for (const MysqlStatement::TakenValue& value : kept_) row_.push_back(value.View());
}

SqlCursor::Step MysqlCursor::NextAside() {
  const Result<bool> more = spool_->Next(statement_->statement->columns(), &row_);
  if (!more.ok()) return Fail(more.status());
  if (!*more) {
    state_ = State::kDone;
    return Step::kDone;
  }
  on_row_ = true;
  return Step::kRow;
}

int64_t MysqlCursor::Int(int column) const {
  const auto i = static_cast<size_t>(column);
  if (!row_is_aside_) return statement_->statement->Number(i);
  return row_[i] ? NumberOf(*row_[i]) : 0;
}

std::string_view MysqlCursor::Text(int column) const {
  const auto i = static_cast<size_t>(column);
  if (!row_is_aside_) return statement_->statement->Bytes(i);
  return row_[i].value_or(std::string_view());
}

bool MysqlCursor::IsNull(int column) const {
  const auto i = static_cast<size_t>(column);
  return row_is_aside_ ? !row_[i] : statement_->statement->IsNull(i);
}

SqlValue MysqlCursor::Value(int column) const {
  if (IsNull(column)) return {};
  if (statement_->statement->IsNumber(static_cast<size_t>(column))) return Int(column);
  return std::string(Text(column));
}

}  // namespace pedia::storage
