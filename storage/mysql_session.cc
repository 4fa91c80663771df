#include "storage/mysql_session.h"

#include <fcntl.h>
#include <mysql.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstdlib>
#include <mutex>

#include "meta/log.h"

namespace pedia::storage {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr auto kTick = milliseconds(50);  // How often should_end is asked.
// A statement that had not begun when it was told to end is told again.
constexpr auto kAgain = milliseconds(250);
constexpr size_t kStack = 256 * 1024;  // Of the coroutine that the library runs its calls in.
constexpr size_t kMinPacket = 64 * 1024;
// A command is more than its values.
constexpr size_t kPacketMargin = 4 * 1024;

// What Interrupt() and SetUp() tell servers apart by.
#define PEDIA_SERVER_ID "CONCAT_WS(':',@@hostname,@@port,@@server_id)"

// A slow client must not make the server hang up, nor a server's own settings change what
// statements mean.
constexpr std::string_view kSetUp =
    "SET SESSION sql_mode='STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION',autocommit=1,"
    "innodb_lock_wait_timeout=60,lock_wait_timeout=30,net_write_timeout=3600,wait_timeout=28800,"
    "sql_select_limit=18446744073709551615,sql_safe_updates=0,max_sort_length=1024";
// MariaDB would turn long IN lists into joins with a temporary table. A transaction that writes waits
// for nobody but the server; while its process is stopped, or cut off, it keeps others from taking
// over: less than a Lease lasts (in seconds; MySQL has nothing like it).
constexpr std::string_view kSetUpMariadb =
    ",in_predicate_conversion_threshold=0,idle_write_transaction_timeout=10";
constexpr std::string_view kSetUpMysql = ",information_schema_stats_expiry=0";
constexpr std::string_view kAboutServer =
    ";SELECT CONNECTION_ID()," PEDIA_SERVER_ID ",@@max_allowed_packet,@@global.read_only";

void StartLibrary() {
  static std::once_flag once;
  std::call_once(once, [] { mysql_library_init(0, nullptr, nullptr); });
}

unsigned RoundUpToSeconds(milliseconds time) {
  return static_cast<unsigned>(std::max<int64_t>(1, (time.count() + 999) / 1000));
}

void SetOption(MYSQL* mysql, mysql_option option, const std::string& text) {
  if (!text.empty()) mysql_optionsv(mysql, option, text.c_str());
}

}  // namespace

MysqlSession::MysqlSession(const MysqlSettings& settings, const DatabaseHost& host)
    : settings_(settings), host_(host) {}

MysqlSession::~MysqlSession() {
  if (mysql_ != nullptr) mysql_close(mysql_);
}

Result<std::unique_ptr<MysqlSession>> MysqlSession::Open(const MysqlSettings& settings,
                                                         const DatabaseHost& host) {
  std::unique_ptr<MysqlSession> session(new MysqlSession(settings, host));
  if (Status status = session->Connect(); !status.ok()) return status;
  session->set_silence(settings.connect_timeout);
  if (Status status = session->SetUp(); !status.ok()) return status;
  return session;
}

Status MysqlSession::Connect() {
  StartLibrary();
  mysql_ = mysql_init(nullptr);
  if (mysql_ == nullptr) return InternalError("out of memory");
  const unsigned timeout = RoundUpToSeconds(settings_.connect_timeout);
  const unsigned no = 0;
  mysql_optionsv(mysql_, MYSQL_OPT_NONBLOCK, &kStack);
  mysql_optionsv(mysql_, MYSQL_OPT_CONNECT_TIMEOUT, &timeout);
  mysql_optionsv(mysql_, MYSQL_OPT_READ_TIMEOUT,
                 &timeout);  // Of the handshake; later Wait() counts.
  mysql_optionsv(mysql_, MYSQL_OPT_WRITE_TIMEOUT, &timeout);
  mysql_optionsv(mysql_, MYSQL_SET_CHARSET_NAME, "utf8mb4");
  mysql_optionsv(mysql_, MYSQL_OPT_LOCAL_INFILE, &no);  // No server may ask for our files.
  const my_bool clear_text = settings_.clear_text_passwords ? 1 : 0;
  mysql_optionsv(mysql_, MYSQL_ENABLE_CLEARTEXT_PLUGIN, &clear_text);
  SetTlsOptions();
  const bool is_socket = host_.host.starts_with('/');
  const unsigned protocol = is_socket ? MYSQL_PROTOCOL_SOCKET : MYSQL_PROTOCOL_TCP;
  mysql_optionsv(mysql_, MYSQL_OPT_PROTOCOL, &protocol);
  const MYSQL* connected = mysql_real_connect(
      mysql_, is_socket ? "localhost" : host_.host.c_str(), settings_.user.c_str(),
      settings_.password.c_str(), settings_.database.c_str(), host_.port,
      is_socket ? host_.host.c_str() : nullptr, CLIENT_FOUND_ROWS | CLIENT_MULTI_STATEMENTS);
  if (connected == nullptr) return ConnectFailure(Error());
  if (settings_.ssl_mode > SslMode::kPrefer && mysql_get_ssl_cipher(mysql_) == nullptr)
    return ConnectFailure({2026, "HY000", "the server does not support TLS"});
  const int fd = static_cast<int>(mysql_get_socket(mysql_));
  const int flags = fcntl(fd, F_GETFL);
  if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
    return InternalError("a socket cannot be made non-blocking");
  fcntl(fd, F_SETFD, FD_CLOEXEC);
  return Status();
}

void MysqlSession::SetTlsOptions() {
  const SslMode mode = settings_.ssl_mode;
  // Over a Unix socket there is nobody to hide from, and no name to verify.
  const bool wanted =
      mode != SslMode::kDisable && (mode > SslMode::kPrefer || !host_.host.starts_with('/'));
  const my_bool verify_name = mode == SslMode::kVerifyFull ? 1 : 0;
  const my_bool enforce = wanted ? 1 : 0;
  mysql_optionsv(mysql_, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &verify_name);
  mysql_optionsv(mysql_, MYSQL_OPT_SSL_ENFORCE, &enforce);
  if (!wanted) return;
  SetOption(mysql_, MYSQL_OPT_SSL_CERT, settings_.ssl_cert_file);
  SetOption(mysql_, MYSQL_OPT_SSL_KEY, settings_.ssl_key_file);
  if (mode < SslMode::kVerifyCa) return;  // The library verifies whatever it has a CA for.
  SetOption(mysql_, MYSQL_OPT_SSL_CA, settings_.ssl_root_cert_file);
  if (settings_.ssl_root_cert_file.empty())
    SetOption(mysql_, MYSQL_OPT_SSL_CAPATH, "/etc/ssl/certs");
}

Status MysqlSession::SetUp() {
  is_mariadb_ = mariadb_connection(mysql_) != 0;
  std::string sql(kSetUp);
  sql += is_mariadb_ ? kSetUpMariadb : kSetUpMysql;
  sql += kAboutServer;
  const Result<std::vector<Row>> rows = Query(sql);
  if (!rows.ok() || rows->size() != 1 || rows->front().size() != 4)
    return ConnectFailure(rows.ok() ? MysqlError{2000, "HY000", "no answer"} : Error());
  const Row& about = rows->front();
  connection_id_ = about[0].value_or("");
  server_id_ = about[1].value_or("");
  const size_t packet = std::strtoull(about[2].value_or("").c_str(), nullptr, 10);
  max_packet_ = std::max(packet, kMinPacket) - kPacketMargin;
  if (settings_.max_packet > 0)
    max_packet_ = std::clamp(settings_.max_packet, kMinPacket - kPacketMargin, max_packet_);
  const std::string read_only = about[3].value_or("");
  is_read_only_ = read_only != "0" && read_only != "OFF" && !read_only.empty();
  unsigned long long capabilities = 0;
  constexpr unsigned long long kBulk = 1ULL << 34;  // MARIADB_CLIENT_STMT_BULK_OPERATIONS
  if (is_mariadb_ && mariadb_get_infov(mysql_, MARIADB_CONNECTION_EXTENDED_SERVER_CAPABILITIES,
                                       &capabilities) == 0)
    binds_arrays_ = settings_.array_binding && (capabilities & (kBulk >> 32)) != 0;
  return Status();
}

void MysqlSession::BeginCall() {
  waits_since_ = Clock::now();
  timed_out_ = false;
}

// Waits until the socket is ready for the call that is under way. Ends the statement when it is time,
// and the connection when that does not help.
int MysqlSession::Wait(int events) {
  pollfd socket{static_cast<int>(mysql_get_socket(mysql_)), 0, 0};
  if (events & MYSQL_WAIT_READ) socket.events |= POLLIN;
  if (events & MYSQL_WAIT_WRITE) socket.events |= POLLOUT;
  if (events & MYSQL_WAIT_EXCEPT) socket.events |= POLLPRI;
  while (true) {
    if (broken_ || MustGiveUp()) return GiveUp();
    if (poll(&socket, 1, static_cast<int>(kTick.count())) <= 0) continue;
    waits_since_ = Clock::now();
    return (socket.revents & POLLOUT ? MYSQL_WAIT_WRITE : 0) |
           (socket.revents & ~POLLOUT ? MYSQL_WAIT_READ : 0);
  }
}

// Also asks should_end from time to time.
bool MysqlSession::MustGiveUp() {
  const Clock::time_point now = Clock::now();
  if (now - asked_at_ < kTick) return false;
  asked_at_ = now;
  if (give_up_at_) {
    if (now - interrupted_at_ > kAgain) (void)Interrupt();
    return now >= *give_up_at_;
  }
  if (!at_last_ && should_end_ && should_end_()) {
    timed_out_ = true;
    if (!interrupted_ && !Interrupt()) return true;
    give_up_at_ = Clock::now() + settings_.grace;
  }
  const milliseconds silence = at_last_ ? settings_.grace : silence_;
  return silence.count() > 0 && now - waits_since_ > silence;
}

// The call fails at its next read or write.
int MysqlSession::GiveUp() {
  broken_ = true;
  shutdown(static_cast<int>(mysql_get_socket(mysql_)), SHUT_RDWR);
  return MYSQL_WAIT_TIMEOUT | MYSQL_WAIT_READ | MYSQL_WAIT_WRITE;
}

bool MysqlSession::Interrupt() {
  interrupted_ = true;
  if (!interrupter_) {
    MysqlSettings settings = settings_;
    settings.connect_timeout = std::min(settings.connect_timeout, settings.grace);
    Result<std::unique_ptr<MysqlSession>> other = Open(settings, host_);
    // Behind one address there may be several servers, each with a connection of this number.
    if (!other.ok() || (*other)->server_id_ != server_id_ || connection_id_.empty()) return false;
    interrupter_ = *std::move(other);
  }
  const bool sent = interrupter_->QueryAtLast("KILL QUERY " + connection_id_).ok();
  interrupted_at_ = Clock::now();
  return sent;
}

void MysqlSession::Settle() {
  if (!std::exchange(interrupted_, false) || broken_) return;
  interrupter_.reset();
  give_up_at_.reset();
  (void)QueryAtLast("DO 0");  // May be what is ended instead.
}

Result<std::vector<MysqlSession::Row>> MysqlSession::QueryAtLast(std::string_view sql) {
  at_last_ = true;
  Result<std::vector<Row>> rows = Query(sql);
  at_last_ = false;
  return rows;
}

Result<std::vector<MysqlSession::Row>> MysqlSession::Query(std::string_view sql) {
  if (broken_) return ServiceUnavailable("the connection to the store is gone");
  if (interrupted_ && !at_last_) Settle();
  int failed = 0;
  Await([&] { return mysql_real_query_start(&failed, mysql_, sql.data(), sql.size()); },
        [&](int ready) { return mysql_real_query_cont(&failed, mysql_, ready); });
  std::vector<Row> rows;
  while (failed == 0) {
    if (!ReadResult(&rows)) {
      failed = 1;
      break;
    }
    Await([&] { return mysql_next_result_start(&failed, mysql_); },
          [&](int ready) { return mysql_next_result_cont(&failed, mysql_, ready); });
  }
  if (failed > 0) return Failure(Error(), sql);
  return rows;
}

bool MysqlSession::ReadResult(std::vector<Row>* rows) {
  rows->clear();
  MYSQL_RES* result = nullptr;
  Await([&] { return mysql_store_result_start(&result, mysql_); },
        [&](int ready) { return mysql_store_result_cont(&result, mysql_, ready); });
  if (result == nullptr) return mysql_errno(mysql_) == 0;
  const unsigned columns = mysql_num_fields(result);
  while (MYSQL_ROW row = mysql_fetch_row(result)) {
    const unsigned long* lengths = mysql_fetch_lengths(result);
    Row& values = rows->emplace_back();
    for (unsigned i = 0; i < columns; ++i) {
      if (row[i] == nullptr) values.emplace_back();
      if (row[i] != nullptr) values.emplace_back(std::string(row[i], lengths[i]));
    }
  }
  mysql_free_result(result);
  return true;
}

MysqlError MysqlSession::Error() const {
  return {mysql_errno(mysql_), mysql_sqlstate(mysql_), mysql_error(mysql_)};
}

MysqlError MysqlSession::Error(MYSQL_STMT* statement) const {
  return {mysql_stmt_errno(statement), mysql_stmt_sqlstate(statement), mysql_stmt_error(statement)};
}

Status MysqlSession::Failure(const MysqlError& error, std::string_view sql) {
  last_error_ = error;
  if (EndsConnection(error)) broken_ = true;
  if (IsReadOnly(error)) retired_ = true;  // Another host may be the primary by now.
  if (timed_out_) return Timeout("the query took too long and was ended");
  Status status = StatusOf(error, settings_.recoverable);
  if (status.reason() != StatusReason::kTimeout) {
    std::string line = "database " + settings_.Name() + ": " + Describe(error) + "; statement: ";
    line.append(sql.substr(0, 200));
    std::replace(line.begin(), line.end(), '\n', ' ');
    LogError(line);
  }
  return status;
}

Status MysqlSession::ConnectFailure(const MysqlError& error) const {
  const std::string message =
      "the database " + settings_.Name() + " cannot be used: " + Describe(error);
  if (StatusOf(error, settings_.recoverable).reason() == StatusReason::kServiceUnavailable)
    return ServiceUnavailable(message);
  return InternalError(message);
}

// Between statements nothing comes from the server, except that it hangs up.
bool MysqlSession::usable() const {
  if (broken_ || retired_) return false;
  pollfd socket{static_cast<int>(mysql_get_socket(mysql_)), POLLIN | POLLRDHUP, 0};
  return poll(&socket, 1, 0) == 0;
}

}  // namespace pedia::storage
