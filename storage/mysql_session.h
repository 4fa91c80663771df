// MysqlSession: a libmariadb connection whose calls end at a deadline: every wait for the server is a
// poll of our own.
#pragma once
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "meta/result.h"
#include "storage/mysql_error.h"
#include "storage/mysql_settings.h"

struct st_mysql;
struct st_mysql_stmt;

namespace pedia::storage {

// One thread at a time.
class MysqlSession {
 public:
  using Clock = std::chrono::steady_clock;
  using Row = std::vector<std::optional<std::string>>;

  // Beside what Go's driver sets: strict mode, limits of waits, what the optimizer must not do.
  // Errors: ServiceUnavailable, InternalError, with host and cause.
  static Result<std::unique_ptr<MysqlSession>> Open(const MysqlSettings& settings,
                                                    const DatabaseHost& host);
  ~MysqlSession();
  MysqlSession(const MysqlSession&) = delete;
  MysqlSession& operator=(const MysqlSession&) = delete;

  // Asked while a call waits; true has the server end the statement. Empty: never.
  void set_should_end(std::function<bool()> should_end) { should_end_ = std::move(should_end); }
  // A call whose answer takes longer is given up and the connection with it.
  void set_silence(std::chrono::milliseconds silence) { silence_ = silence; }

  // Constant statements, separated by ';'. The rows of the last one. No stream may be open.
  Result<std::vector<Row>> Query(std::string_view sql);
  // The same, whatever should_end says, within a few seconds.
  Result<std::vector<Row>> QueryAtLast(std::string_view sql);

  // Runs a call of the non-blocking API: `start` begins it and gives the events that it waits for,
  // `resume` goes on after some of them; 0 is the end.
  template <typename Start, typename Resume>
  void Await(Start start, Resume resume) {
    BeginCall();
    for (int events = start(); events != 0;) events = resume(Wait(events));
  }

  // Has the server end what it does for this session, by another connection. The session may be
  // used further once the statement's end has been read. False: it goes on.
  bool Interrupt();
  // Before a command: a late end of the one before must not hit it.
  void Settle();

  MysqlError Error() const;                          // Of the last call ...
  MysqlError Error(st_mysql_stmt* statement) const;  // ... of this statement.
  // Logs it and says what the caller is told. `sql` has no values in it.
  Status Failure(const MysqlError& error, std::string_view sql);
  // What Failure() was told last.
  const MysqlError& last_error() const { return last_error_; }

  st_mysql* handle() { return mysql_; }
  bool usable() const;
  bool connected() const { return !broken_; }
  void Abandon() { broken_ = true; }  // Nothing is asked of the server any more.

  bool is_mariadb() const { return is_mariadb_; }
  bool binds_arrays() const { return binds_arrays_; }
  bool is_read_only() const { return is_read_only_; }
  size_t max_packet() const { return max_packet_; }  // Bytes of one command.

 private:
  MysqlSession(const MysqlSettings& settings, const DatabaseHost& host);
  Status Connect();
  Status SetUp();
  void SetTlsOptions();
  void BeginCall();
  int Wait(int events);
  bool MustGiveUp();
  int GiveUp();
  bool ReadResult(std::vector<Row>* rows);
  Status ConnectFailure(const MysqlError& error) const;

  const MysqlSettings settings_;
  const DatabaseHost host_;
  st_mysql* mysql_ = nullptr;
  std::function<bool()> should_end_;
  std::chrono::milliseconds silence_{0};  // 0: for ever.
  bool at_last_ = false;

  Clock::time_point waits_since_;
  Clock::time_point asked_at_;                   // When should_end was asked.
  std::optional<Clock::time_point> give_up_at_;  // Set once the statement was to be ended.
  bool interrupted_ = false;
  Clock::time_point interrupted_at_;
  std::unique_ptr<MysqlSession> interrupter_;
  bool timed_out_ = false;  // The call was given up because of should_end.
  MysqlError last_error_;
  bool broken_ = false;
  bool retired_ = false;

  bool is_mariadb_ = false;
  bool binds_arrays_ = false;
  bool is_read_only_ = false;
  size_t max_packet_ = 0;
  std::string connection_id_;
  std::string server_id_;  // Which server it is, whatever the way to it.
};

}  // namespace pedia::storage
