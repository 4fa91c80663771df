// PostgresSession: a connection to PostgreSQL as a stream of commands and, in the same order, of
// replies. Commands are sent together and replies are read when somebody wants them (libpq's
// pipeline mode), so that what belongs together costs one round trip.
#pragma once
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "meta/result.h"
#include "storage/postgres_error.h"
#include "storage/postgres_options.h"
#include "storage/postgres_parameters.h"

struct pg_conn;
struct pg_result;

namespace pedia::storage {

struct PostgresResultDeleter {
  void operator()(pg_result* result) const;
};
using PostgresResult = std::unique_ptr<pg_result, PostgresResultDeleter>;

// What has come back of a command so far.
struct PostgresReply {
  bool streamed = false;  // Each row is a result of its own.
  bool started = false;
  bool abandoned = false;              // Nobody wants the rows.
  bool done = false;                   // Then `status` and `tag` are valid.
  std::deque<PostgresResult> results;  // Not taken yet, with a row at least.
  Status status;
  std::string tag;  // "UPDATE 3"
};
using PostgresReplyRef = std::shared_ptr<PostgresReply>;

// One thread at a time.
class PostgresSession {
 public:
  // `must_end` is asked while the session waits for the server; true closes it, which ends what the
  // server does for it within a second. Takes over `connection`.
  PostgresSession(pg_conn* connection, std::shared_ptr<const PostgresErrors> errors,
                  std::function<bool()> must_end);
  ~PostgresSession();
  PostgresSession(const PostgresSession&) = delete;
  PostgresSession& operator=(const PostgresSession&) = delete;

  // Commands: sent at the next Send(), or before if they are large. Never fail by themselves.
  PostgresReplyRef Prepare(const std::string& name, const std::string& text,
                           const PostgresParameters& parameters);
  PostgresReplyRef Execute(const std::string& name, const PostgresParameters& parameters,
                           bool streamed = false);
  PostgresReplyRef Query(const std::string& text, const PostgresParameters& parameters,
                         bool streamed = false);
  // Sends what was collected. If one command fails, those behind it up to here are not executed.
  void Send();

  // Reads until `reply` has a result that was not taken or is done. Errors: those of the connection
  // only; the command's own are in the reply.
  Status Await(PostgresReply& reply);
  // Reads until `reply` is done and gives its status. Drops rows.
  Status Finish(PostgresReply& reply);

  // COPY ... FROM STDIN with `data`. Waits for all replies.
  Status CopyIn(const std::string& text, std::string_view data);

  // False if the connection is lost. Looks at the socket, without waiting.
  bool IsAlive();
  // True if a command is being executed or has rows to come that nobody has read.
  bool IsBusy() const;
  // Reads and drops what is still to come. False, and the session closed, if it does not come soon.
  bool DrainWhileItFlows(std::chrono::milliseconds limit);
  // Ends the connection; what is waited for fails with `why`.
  void Close(Status why);
  bool is_open() const { return connection_ != nullptr; }
  int server_version() const;  // 150020
  PostgresHost host() const;   // Where it leads to.

 private:
  PostgresReplyRef Expect(bool sent, bool streamed);
  // One result, or the end of one command.
  Status Receive();
  void Accept(PostgresReply& reply, PostgresResult result);
  Status FailureOf(const pg_result* result);
  Status Lost();
  void StartHead();
  Status WaitForResult(bool likely);
  void ReceiveWhatHasCome();
  Status Wait(short events, bool* readable);
  Status Flush();
  Status SendCopyData(const std::string& text, std::string_view data);
  Status Drain();

  pg_conn* connection_;  // nullptr once it is closed.
  const std::shared_ptr<const PostgresErrors> errors_;
  const std::function<bool()> must_end_;
  std::deque<PostgresReplyRef> awaited_;  // nullptr: the end of what was sent together.
  Status failure_;                        // The last one of a command.
  Status closed_;                         // Why the connection was closed.
  uint64_t awaits_ = 0;
};

}  // namespace pedia::storage
