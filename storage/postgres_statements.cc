#include "storage/postgres_statements.h"

#include <algorithm>

#include "storage/sql_connection.h"

namespace pedia::storage {
namespace {

constexpr size_t kMaxStatements = 256;
constexpr std::string_view kMergeJoins =
    "SELECT set_config('enable_mergejoin','on',true),set_config('enable_nestloop','off',true)";
constexpr std::string_view kNoMergeJoins =
    "SELECT set_config('enable_mergejoin','off',true),set_config('enable_nestloop','on',true)";

// The end of what starts at `start` and is not to be looked into: a quoted text or name, a comment.
size_t SkipQuoted(std::string_view sql, size_t start) {
  if (sql.substr(start, 2) == "--") return std::min(sql.find('\n', start), sql.size());
  const char quote = sql[start];
  if (quote != '\'' && quote != '"') return start;
  const size_t end = sql.find(quote, start + 1);
  return end == std::string_view::npos ? sql.size() : end + 1;
}

}  // namespace

std::string NumberPlaceholders(std::string_view sql) {
  std::string text;
  text.reserve(sql.size() + 16);
  int number = 0;
  for (size_t i = 0; i < sql.size();) {
    if (const size_t end = SkipQuoted(sql, i); end > i) {
      text += sql.substr(i, end - i);
      i = end;
      continue;
    }
    if (sql[i] == '?') {
      text += '$' + std::to_string(++number);
    } else {
      text += sql[i];
    }
    ++i;
  }
  return text;
}

PostgresStatementRef PostgresStatements::Get(std::string_view sql) {
  const auto [it, is_new] = statements_.try_emplace(std::string(sql));
  Cached& cached = it->second;
  if (!is_new) {
    uses_.splice(uses_.begin(), uses_, cached.use);
    return cached.statement;
  }
  cached.statement = std::make_shared<PostgresStatement>();
  cached.statement->text = NumberPlaceholders(sql);
  cached.statement->ends_with_limit =
      sql.substr(0, sql.find(SqlConnection::kTraceComment)).ends_with(" LIMIT ?");
  cached.statement->merges = sql.find(kPostgresMergeJoin) != std::string_view::npos;
  uses_.push_front(&it->first);
  cached.use = uses_.begin();
  const PostgresStatementRef statement = cached.statement;
  if (statements_.size() > kMaxStatements) {
    const auto oldest = statements_.find(*uses_.back());
    GiveUp(*oldest->second.statement);
    uses_.pop_back();
    statements_.erase(oldest);
  }
  return statement;
}

PostgresReplyRef PostgresStatements::Execute(PostgresStatement& statement,
                                             const PostgresParameters& parameters, bool streamed) {
  if (!IsPrepared(statement, parameters)) {
    GiveUp(statement);
    statement.name = "s" + std::to_string(++names_);
    statement.types.assign(parameters.types(), parameters.types() + parameters.count());
    statement.prepared = session_.Prepare(statement.name, statement.text, parameters);
  }
  BeginPlanning(statement);
  PostgresReplyRef reply = session_.Execute(statement.name, parameters, streamed);
  EndPlanning(statement);
  return reply;
}

// A prepared statement is planned when it is first executed, and again when tables have changed.
void PostgresStatements::BeginPlanning(const PostgresStatement& statement) {
  if (statement.merges) (void)Execute(*Get(kMergeJoins), PostgresParameters(), /*streamed=*/false);
}

void PostgresStatements::EndPlanning(const PostgresStatement& statement) {
  if (statement.merges)
    (void)Execute(*Get(kNoMergeJoins), PostgresParameters(), /*streamed=*/false);
}

bool PostgresStatements::IsPrepared(PostgresStatement& statement,
                                    const PostgresParameters& parameters) const {
  if (statement.name.empty()) return false;
  if (statement.prepared->done && !statement.prepared->status.ok()) {
    statement.name.clear();  // There is nothing to give up.
    return false;
  }
  const auto count = static_cast<size_t>(parameters.count());
  if (statement.types.size() != count) return false;
  for (size_t i = 0; i < count; ++i) {
    const unsigned type = parameters.types()[i];
    if (type != 0 && statement.types[i] != 0 && type != statement.types[i]) return false;
    // What was a NULL the first time fits the column, as this does.
    if (statement.types[i] == 0) statement.types[i] = type;
  }
  return true;
}

void PostgresStatements::GiveUp(PostgresStatement& statement) {
  if (statement.name.empty()) return;
  given_up_.push_back(std::move(statement.name));
  statement.name.clear();
}

void PostgresStatements::Deallocate() {
  if (given_up_.empty()) return;
  for (const std::string& name : given_up_)
    (void)session_.Query("DEALLOCATE " + name, PostgresParameters());
  given_up_.clear();
  session_.Send();  // A transaction of their own.
}

}  // namespace pedia::storage
