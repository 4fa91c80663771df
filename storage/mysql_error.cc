#include "storage/mysql_error.h"

namespace pedia::storage {
namespace {

// Ended by a deadline, by KILL QUERY, or by the server's own limit.
const std::set<unsigned>& Ended() {
  static const std::set<unsigned> codes = {
      1317,  // Query execution was interrupted.
      1969,  // MariaDB: max_statement_time.
      3024,  // MySQL: max_execution_time.
  };
  return codes;
}

const std::set<unsigned>& ServerGone() {
  static const std::set<unsigned> codes = {
      1053,  // Server shutdown in progress.
      1152,  // Aborted connection.
      1153,  // Packet too large: the server hangs up.
      1158,  // Errors and timeouts of the network, as the server saw them ...
      1159, 1160, 1161,
      1184,  // Aborted connection.
      1927,  // MariaDB: connection was killed.
      3169,  // MySQL: session was killed.
      4031,  // MySQL: disconnected because of inactivity.
  };
  return codes;
}

const std::set<unsigned>& Passing() {
  static const std::set<unsigned> codes = {
      1020,  // MariaDB: record has changed since last read in a snapshot.
      1021,  // Disk full.
      1026,  // Error writing a file.
      1030,  // Error from the storage engine, such as no space left.
      1037,  // Out of memory ...
      1038, 1041,
      1040,  // Too many connections.
      1047,  // Galera: the node is not ready.
      1053,  // Server shutdown in progress.
      1114,  // The table is full.
      1129,  // Host is blocked because of many connection errors.
      1158, 1159, 1160, 1161,
      1180,  // Error during COMMIT.
      1203,  // Too many connections of this user.
      1205,  // Lock wait timeout.
      1213,  // Deadlock.
      1226,  // The user exceeded a resource.
      1290,  // --read-only, or another option that forbids it.
      1412,  // Table definition has changed.
      1461,  // max_prepared_stmt_count.
      1615,  // The statement needs to be prepared again.
      1836,  // Running in read-only mode.
      1927,  // MariaDB: connection was killed.
      3032,  // MySQL: offline mode.
      3100,  // MySQL: group replication ended the transaction ...
      3101,
      3168,  // MySQL: the server is not available.
      4031,  // MySQL: disconnected because of inactivity.
  };
  return codes;
}

bool IsOfClient(unsigned code) { return code >= 2000 && code < 3000; }

// Errors of the client that another try will meet again.
bool IsMisuse(const MysqlError& error) {
  switch (error.code) {
    case 2007:  // Protocol mismatch ...
    case 2008:  // Out of memory.
    case 2014:  // Commands out of sync.
    case 2020:  // Packet too large.
    case 2030:  // Statement not prepared ...
    case 2031:
    case 2032:
    case 2034:
    case 2036:
    case 2054:  // Not implemented.
    case 2059:  // Authentication plugin cannot be loaded.
    case 2061:  // Authentication plugin failed.
      return true;
    case 2026:  // TLS: the network, or a certificate that will not do.
      return error.message.find("ertificate") != std::string::npos ||
             error.message.find("does not support") != std::string::npos;
    default:
      return false;
  }
}

// Messages of these classes quote what was to be stored.
bool QuotesValues(const MysqlError& error) {
  return error.sqlstate.starts_with("22") || error.sqlstate.starts_with("23") ||
         error.code == 1264 || error.code == 1292 || error.code == 1366 || error.code == 1406 ||
         error.code == 1411;
}

}  // namespace

bool EndsConnection(const MysqlError& error) {
  // A statement was used wrongly: nothing was sent.
  const bool of_statement = error.code >= 2030 && error.code <= 2036;
  return (IsOfClient(error.code) && !of_statement) || ServerGone().contains(error.code);
}

bool IsReadOnly(const MysqlError& error) { return error.code == 1290 || error.code == 1836; }

Status StatusOf(const MysqlError& error, const std::set<unsigned>& recoverable) {
  if (Ended().contains(error.code)) return Timeout("the query took too long and was ended");
  const bool network = IsOfClient(error.code) && !IsMisuse(error);
  if (network || Passing().contains(error.code) || recoverable.contains(error.code))
    return ServiceUnavailable("the store cannot be used at the moment");
  return InternalError("the store failed");
}

std::string Describe(const MysqlError& error) {
  std::string message = error.message;
  const size_t first = message.find('\'');
  const size_t last = message.rfind('\'');
  if (QuotesValues(error) && first != std::string::npos && last > first)
    message.replace(first, last - first + 1, "'...'");
  return "error " + std::to_string(error.code) + " (" + error.sqlstate + "): " + message;
}

}  // namespace pedia::storage
