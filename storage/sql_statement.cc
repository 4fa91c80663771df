#include "storage/sql_statement.h"

namespace pedia::storage {

SqlStatement& SqlStatement::Bind(SqlParameter value) {
  parameters_.push_back(value);
  return *this;
}

SqlStatement& SqlStatement::Bind(const SqlValue& value) {
  if (const auto* number = std::get_if<int64_t>(&value)) return BindInt(*number);
  if (const auto* text = std::get_if<std::string>(&value)) return BindText(*text);
  return BindNull();
}

bool SqlStatement::Step() {
  if (failed_) return false;
  const SqlCursor::Step step = cursor_->Next(parameters_);
  failed_ = step == SqlCursor::Step::kFailed;
  return step == SqlCursor::Step::kRow;
}

Status SqlStatement::Run() {
  while (Step()) {
  }
  if (failed_) return status();
  Reset();
  return Status();
}

void SqlStatement::Reset() {
  parameters_.clear();
  cursor_->Reset();
}

}  // namespace pedia::storage
