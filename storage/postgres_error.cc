#include "storage/postgres_error.h"

#include <algorithm>
#include <array>

#include "meta/log.h"

namespace pedia::storage {
namespace {

using std::string_view_literals::operator""sv;

// admin_shutdown, crash_shutdown, cannot_connect_now; read_only_sql_transaction: a primary that has
// become a replica; idle_in_transaction_session_timeout.
constexpr std::array kEnding = {"57P01"sv, "57P02"sv, "57P03"sv, "25006"sv, "25P03"sv};
// feature_not_supported (cached plan must not change result type), invalid_sql_statement_name,
// duplicate_prepared_statement: someone changed the tables, or a pooler switches sessions.
constexpr std::array kForgetful = {"0A000"sv, "26000"sv, "42P05"sv};
// serialization_failure, deadlock_detected, lock_not_available, transaction_resolution_unknown
constexpr std::array kPassing = {"40001"sv, "40P01"sv, "55P03"sv, "08007"sv};

template <size_t n>
bool Contains(const std::array<std::string_view, n>& states, std::string_view state) {
  return std::find(states.begin(), states.end(), state) != states.end();
}

bool IsRecoverable(const PostgresErrors& errors, std::string_view state) {
  return state.empty() || state.starts_with("08") || state.starts_with("53") ||
         Contains(kEnding, state) || Contains(kForgetful, state) || Contains(kPassing, state) ||
         std::find(errors.recoverable.begin(), errors.recoverable.end(), state) !=
             errors.recoverable.end();
}

}  // namespace

Status PostgresFailure(const PostgresErrors& errors, std::string_view sqlstate,
                       std::string_view message) {
  std::string line = "database " + errors.database + ": ";
  line += message.substr(0, message.find('\n'));  // Hints follow.
  if (!sqlstate.empty()) line.append(" (").append(sqlstate).append(")");
  LogError(line);
  if (sqlstate == "57014") return Timeout("the query took too long and was ended");
  if (IsRecoverable(errors, sqlstate))
    return ServiceUnavailable("the store cannot be used at the moment");
  return InternalError("the store failed");
}

bool EndsPostgresConnection(std::string_view sqlstate) {
  return sqlstate.empty() || sqlstate.starts_with("08") || Contains(kEnding, sqlstate) ||
         Contains(kForgetful, sqlstate);
}

bool IsPostgresRefusal(std::string_view sqlstate) {
  return sqlstate.starts_with("28") || sqlstate.starts_with("42") || sqlstate == "3D000";
}

}  // namespace pedia::storage
