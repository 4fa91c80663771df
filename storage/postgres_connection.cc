#include "storage/postgres_connection.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

namespace pedia::storage {
namespace {

constexpr Dialect kDialect = {.index_hint_before = nullptr,
                              .index_hint_after = nullptr,
                              .ordered_join = " CROSS JOIN ",
                              .needs_descending_index = false,
                              .has_newest_first = true,
                              .limits_unions = true,
                              .merges_unions = true,
                              .seeks_in_recursion = true,
                              .merge_join = kPostgresMergeJoin,
                              .ranges_at_once = 16,
                              .in_rows = " IN (VALUES ",
                              .synced_seconds = "o.synced/1000"};

struct Setting {
  int since;  // The first version that has it.
  const char* name;
  const char* value;
};
// The planner is left nothing to decide but which index fits a driver and its order: tables are
// read from left to right and each row is looked up. Plans that walk all of a table are never right
// for what pedia asks.
constexpr auto kSettings = std::to_array<Setting>({
    {0, "enable_seqscan", "off"},
    {0, "enable_bitmapscan", "off"},
    {0, "enable_hashjoin", "off"},
    {0, "enable_mergejoin", "off"},
    {0, "enable_material", "off"},
    {14, "enable_memoize", "off"},
    {0, "join_collapse_limit", "1"},
    {0, "from_collapse_limit", "1"},
    {11, "jit", "off"},
    {0, "max_parallel_workers_per_gather", "0"},
    {0, "cursor_tuple_fraction", "0.01"},
    {0, "tcp_keepalives_idle", "30"},
    {0, "tcp_keepalives_interval", "10"},
    {0, "tcp_keepalives_count", "3"},
    {14, "client_connection_check_interval", "500"},
});
// A transaction that writes waits for nobody but the server; while its process is stopped, or cut
// off, it keeps others from taking over: less than a Lease lasts. One that reads may wait for a
// client, which is cut off before this.
constexpr char kWriterIdleLimit[] = "10s";
constexpr char kReaderIdleLimit[] = "15min";
// What readers ask is small, and planning it would take longer than executing it. What writers ask
// is large, and they are there while tables grow that were empty when they came.
constexpr auto kReaderSettings =
    std::to_array<Setting>({{12, "plan_cache_mode", "force_generic_plan"},
                            {0, "default_transaction_isolation", "repeatable read"},
                            {12, "tcp_user_timeout", kReaderIdleLimit}});
constexpr auto kWriterSettings =
    std::to_array<Setting>({{12, "plan_cache_mode", "force_custom_plan"}});

constexpr std::string_view kBeginRead = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
constexpr std::string_view kBeginWrite = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE";
// How long a connection reads what nobody wants any more before it is given up instead. Of a long
// list only the end is worth it.
constexpr std::chrono::milliseconds kDrain{1'000};
constexpr std::chrono::milliseconds kUnboundedDrain{20};
// Cursors that are read to their end or given up are closed together; most transactions have few.
constexpr size_t kOpenPortals = 8;

}  // namespace

PostgresConnection::PostgresConnection(pg_conn* connection,
                                       std::shared_ptr<const PostgresErrors> errors, bool writer)
    : session_(std::make_unique<PostgresSession>(connection, std::move(errors),
                                                 [this] { return MustEnd(); })),
      statements_(std::make_unique<PostgresStatements>(*session_)),
      writer_(writer) {
  SetUp();
}

PostgresConnection::~PostgresConnection() = default;

// Sent without waiting: the first transaction looks at the reply.
void PostgresConnection::SetUp() {
  const int version = session_->server_version() / 10'000;
  std::string text = std::string("SELECT set_config('idle_in_transaction_session_timeout','") +
                     (writer_ ? kWriterIdleLimit : kReaderIdleLimit) + "',false)";
  const auto set = [&](const Setting& setting) {
    if (setting.since > version) return;
    text.append(",set_config('").append(setting.name).append("','");
    text.append(setting.value).append("',false)");
  };
  std::for_each(kSettings.begin(), kSettings.end(), set);
  const auto of_role = writer_ ? std::span<const Setting>(kWriterSettings)
                               : std::span<const Setting>(kReaderSettings);
  std::for_each(of_role.begin(), of_role.end(), set);
  set_up_ = session_->Query(text, PostgresParameters());
  set_up_->abandoned = true;
  session_->Send();
}

const Dialect& PostgresConnection::dialect() const { return kDialect; }

std::unique_ptr<SqlCursor> PostgresConnection::MakeCursor(std::string_view sql, RowCount rows) {
  return std::make_unique<PostgresCursor>(*this, statements_->Get(sql), rows);
}

void PostgresConnection::Send() {
  if (in_transaction_ && to_close_.size() >= kOpenPortals) {
    for (const std::string& portal : to_close_)
      (void)session_->Query("CLOSE " + portal, PostgresParameters());
    to_close_.clear();
  }
  session_->Send();
}

Result<StoreState> PostgresConnection::BeginRead() {
  StartRead();
  return ReadState();
}

Result<StoreState> PostgresConnection::BeginWrite() {
  Start(kBeginWrite, " FOR UPDATE");
  return ReadState();
}

void PostgresConnection::StartRead() { Start(kBeginRead, ""); }

// What is sent together without a BEGIN is a transaction by itself, with the isolation that a
// reader's session has been set to.
void PostgresConnection::ExpectOneStatement() {
  if (starting_ && !writer_) in_transaction_ = false;
}

void PostgresConnection::Start(std::string_view begin, std::string_view lock) {
  in_transaction_ = starting_ = true;
  unbounded_ = false;
  begin_ = begin;
  select_.assign(kSelectState).append(lock);
  ++transaction_;
  to_close_.clear();
  inserted_rows_ = 0;
  state_.reset();
}

// What starts a transaction is sent with its first statement.
void PostgresConnection::QueueStart() {
  if (!std::exchange(starting_, false)) return;
  statements_->Deallocate();
  if (in_transaction_)
    (void)statements_->Execute(*statements_->Get(begin_), PostgresParameters(),
                               /*streamed=*/false);
  state_row_.emplace(*this, statements_->Get(select_), RowCount::kFew);
  state_row_->Queue(PostgresParameters(), /*streamed=*/false);
}

Result<StoreState> PostgresConnection::ReadState() {
  if (!state_) state_ = AwaitState();
  return *state_;
}

Result<StoreState> PostgresConnection::AwaitState() {
  if (starting_) {
    QueueStart();
    Send();
  }
  if (!state_row_) return InternalError("there is no transaction");
  const SqlCursor::Step step = state_row_->Next({});
  if (set_up_ != nullptr && set_up_->done && !set_up_->status.ok())
    session_->Close(set_up_->status);
  set_up_.reset();
  if (step == SqlCursor::Step::kRow && session_->is_open()) return StateOf(*state_row_);
  const Status failure = state_row_->status();
  Rollback();
  if (step == SqlCursor::Step::kFailed) return failure;
  return session_->is_open() ? InternalError("the table meta is empty")
                             : ServiceUnavailable("the store cannot be used at the moment");
}

Status PostgresConnection::Commit() {
  const Result<std::string> tag = Run("COMMIT", PostgresParameters());
  in_transaction_ = false;
  ++transaction_;
  if (!tag.ok()) return tag.status();
  // A transaction that failed before is rolled back without an error.
  if (*tag != "COMMIT") return InternalError("the transaction had failed");
  if (inserted_rows_ > 0 && on_insert_) on_insert_(inserted_rows_);
  return Status();
}

void PostgresConnection::Rollback() {
  const bool begun = in_transaction_ && !starting_;
  in_transaction_ = starting_ = false;
  state_row_.reset();
  ++transaction_;
  to_close_.clear();
  if (!session_->is_open()) return;
  const bool busy = session_->IsBusy();
  if (begun) {
    (void)statements_->Execute(*statements_->Get("ROLLBACK"), PostgresParameters(),
                               /*streamed=*/false);
    session_->Send();
  }
  if (busy) (void)session_->DrainWhileItFlows(unbounded_ ? kUnboundedDrain : kDrain);
}

bool PostgresConnection::usable() const { return session_->IsAlive(); }

Result<std::string> PostgresConnection::Run(std::string_view sql,
                                            const PostgresParameters& parameters) {
  QueueStart();
  const PostgresReplyRef reply =
      statements_->Execute(*statements_->Get(sql), parameters, /*streamed=*/false);
  Send();
  if (Status status = session_->Finish(*reply); !status.ok()) return status;
  return reply->tag;
}

}  // namespace pedia::storage
