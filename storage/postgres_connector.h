// PostgresConnector: makes connections to whichever host has the role that is needed.
#pragma once
#include <chrono>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <vector>

#include "meta/result.h"
#include "storage/database.h"
#include "storage/postgres_connection.h"
#include "storage/postgres_error.h"
#include "storage/postgres_options.h"

namespace pedia::storage {

// Readers are spread over the replicas; those that did not answer lately are asked last. Where the
// primary is, is found out each time. Thread-safe.
class PostgresConnector {
 public:
  PostgresConnector(PostgresOptions options, std::vector<std::string> recoverable_errors);

  // Errors, logged: ServiceUnavailable; InternalError if waiting does not help: a wrong password.
  Result<std::unique_ptr<PostgresConnection>> Connect(Database::Role role);
  const PostgresOptions& options() const { return options_; }
  const std::shared_ptr<const PostgresErrors>& errors() const { return errors_; }
  // What libpq needs to reach the host of `connection`. Holds the password.
  std::string TextFor(PostgresConnection& connection) const;

 private:
  using Clock = std::chrono::steady_clock;
  struct Attempt {
    std::unique_ptr<PostgresConnection> connection;  // nullptr: failed.
    std::string message;
    std::string sqlstate;
    bool answered = false;
  };

  Attempt Try(const PostgresHost& host, const char* session, bool writer) const;
  std::vector<size_t> Order(Database::Role role);
  void Remember(size_t host, bool answered);
  void Report(const std::string& message);

  const PostgresOptions options_;
  const std::shared_ptr<const PostgresErrors> errors_;
  std::mutex mutex_;
  std::vector<Clock::time_point> avoided_until_;  // By host.
  std::minstd_rand random_;
  std::string reported_;  // The last failure in the log, and until when it is not repeated.
  Clock::time_point reported_until_{};
};

}  // namespace pedia::storage
