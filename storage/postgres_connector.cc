#include "storage/postgres_connector.h"

#include <libpq-fe.h>
#include <poll.h>

#include <algorithm>
#include <cctype>
#include <numeric>
#include <utility>

#include "meta/log.h"

namespace pedia::storage {
namespace {

constexpr auto kAvoided = std::chrono::seconds(30);
constexpr auto kReported = std::chrono::seconds(60);

// Steps until the connection stands, has failed, or the time is up, which is false.
bool Complete(PGconn* connection, std::chrono::steady_clock::time_point end) {
  PostgresPollingStatusType state = PGRES_POLLING_WRITING;
  while (state != PGRES_POLLING_OK && state != PGRES_POLLING_FAILED) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
    const short events = state == PGRES_POLLING_READING ? POLLIN : POLLOUT;
    pollfd socket = {PQsocket(connection), events, 0};
    if (left.count() <= 0) return false;
    if (poll(&socket, 1, static_cast<int>(left.count())) != 0) state = PQconnectPoll(connection);
  }
  return true;
}

// The code in `FATAL:  28P01: password ...`; "" if there is none: the server did not answer so.
std::string SqlStateIn(std::string_view message) {
  constexpr size_t kLength = 5;
  for (size_t at = message.find(":  "); at != std::string_view::npos;
       at = message.find(":  ", at + 1)) {
    const std::string_view state = message.substr(at + 3, kLength);
    const bool is_state = state.size() == kLength && message.substr(at + 8, 2) == ": " &&
                          std::all_of(state.begin(), state.end(), [](unsigned char c) {
                            return std::isdigit(c) != 0 || std::isupper(c) != 0;
                          });
    if (is_state) return std::string(state);
  }
  return "";
}

// The first line: the others are hints, and where in PostgreSQL's sources it arose.
std::string FirstLine(std::string_view message) {
  return std::string(message.substr(0, message.find('\n')));
}

}  // namespace

PostgresConnector::PostgresConnector(PostgresOptions options,
                                     std::vector<std::string> recoverable_errors)
    : options_(std::move(options)),
      errors_(std::make_shared<PostgresErrors>(
          PostgresErrors{options_.name, std::move(recoverable_errors)})),
      avoided_until_(options_.hosts.size()),
      random_(std::random_device()()) {}

Result<std::unique_ptr<PostgresConnection>> PostgresConnector::Connect(Database::Role role) {
  const bool writer = role == Database::Role::kWriter;
  std::vector<const char*> sessions = {writer ? "read-write" : "primary"};
  if (role == Database::Role::kReader) sessions = {"any"};
  if (role == Database::Role::kReader && options_.hosts.size() > 1) sessions = {"standby", "any"};
  Attempt failed;
  for (const char* session : sessions) {
    for (const size_t host : Order(role)) {
      Attempt attempt = Try(options_.hosts[host], session, writer);
      Remember(host, attempt.answered);
      if (attempt.connection != nullptr) return std::move(attempt.connection);
      failed = std::move(attempt);
    }
  }
  Report(failed.message);
  const std::string cause = "the database " + options_.name + " cannot be used: " + failed.message;
  if (IsPostgresRefusal(failed.sqlstate)) return InternalError(cause);
  return ServiceUnavailable(cause);
}

PostgresConnector::Attempt PostgresConnector::Try(const PostgresHost& host, const char* session,
                                                  bool writer) const {
  std::vector<const char*> keywords = {"target_session_attrs"};
  std::vector<const char*> values = {session};
  const auto add = [&](const char* keyword, const std::string& value) {
    keywords.push_back(keyword);
    values.push_back(value.c_str());
  };
  for (const auto& [keyword, value] : options_.keywords) add(keyword.c_str(), value);
  if (!host.host.empty()) add("host", host.host);
  if (!host.address.empty()) add("hostaddr", host.address);
  if (!host.port.empty()) add("port", host.port);
  keywords.push_back(nullptr);
  values.push_back(nullptr);
  PGconn* const connection = PQconnectStartParams(keywords.data(), values.data(), 0);
  Attempt attempt;
  if (connection == nullptr) {
    attempt.message = "out of memory";
    return attempt;
  }
  PQsetErrorVerbosity(connection, PQERRORS_VERBOSE);
  const bool in_time = PQstatus(connection) == CONNECTION_BAD ||
                       Complete(connection, Clock::now() + options_.connect_timeout);
  if (PQstatus(connection) == CONNECTION_OK) {
    PQsetErrorVerbosity(connection, PQERRORS_DEFAULT);
    attempt.answered = true;
    attempt.connection = std::make_unique<PostgresConnection>(connection, errors_, writer);
    return attempt;
  }
  attempt.message = FirstLine(PQerrorMessage(connection));
  if (!in_time) attempt.message = host.host + ':' + host.port + " does not answer";
  attempt.sqlstate = SqlStateIn(attempt.message);
  // A server that is not of the kind that is looked for answers as well.
  attempt.answered = in_time && (!attempt.sqlstate.empty() || PQprotocolVersion(connection) != 0 ||
                                 PQserverVersion(connection) != 0);
  PQfinish(connection);
  return attempt;
}

std::vector<size_t> PostgresConnector::Order(Database::Role role) {
  std::vector<size_t> order(options_.hosts.size());
  std::iota(order.begin(), order.end(), 0);
  const std::scoped_lock lock(mutex_);
  if (role == Database::Role::kReader) std::shuffle(order.begin(), order.end(), random_);
  std::stable_sort(order.begin(), order.end(), [&, now = Clock::now()](size_t a, size_t b) {
    return (avoided_until_[a] > now) < (avoided_until_[b] > now);
  });
  return order;
}

void PostgresConnector::Remember(size_t host, bool answered) {
  const std::scoped_lock lock(mutex_);
  avoided_until_[host] = answered ? Clock::time_point() : Clock::now() + kAvoided;
}

// Who waits for a database tries often.
void PostgresConnector::Report(const std::string& message) {
  const std::scoped_lock lock(mutex_);
  const Clock::time_point now = Clock::now();
  if (message == reported_ && now < reported_until_) return;
  reported_ = message;
  reported_until_ = now + kReported;
  LogWarning("database " + options_.name + ": cannot connect: " + message);
}

std::string PostgresConnector::TextFor(PostgresConnection& connection) const {
  return PostgresConnectionText(options_, connection.session().host());
}

}  // namespace pedia::storage
