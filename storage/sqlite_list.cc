#include "storage/sqlite_list.h"

#include <algorithm>
#include <utility>

#include "storage/body_codec.h"
#include "storage/packed_entries.h"

namespace pedia::storage {
SqliteList::SqliteList(SqliteConnection& connection, const query::ListScope& scope,
                       const query::ListOptions& options)
    : connection_(connection),
      scope_(scope),
      options_(options),
      to_skip_(std::max<int64_t>(options.start.offset, 0)) {}

Result<ListResult> SqliteList::Run(const std::function<void(int64_t)>& head, RowSink& sink) {
  if (Status status = connection_.Prepare("BEGIN").Run(); !status.ok()) return status;
  Result<ListResult> result = RunInTransaction(head, sink);
  body_.reset();
  const Status ended = connection_.Prepare("ROLLBACK").Run();
  if (result.ok() && !ended.ok()) return ended;
  return result;
}

Result<ListResult> SqliteList::RunInTransaction(const std::function<void(int64_t)>& head,
                                                RowSink& sink) {
  const Result<int64_t> revision =
      CountSqlite(connection_, {"SELECT revision FROM meta WHERE id=1", {}});
  if (!revision.ok()) return revision.status();
  result_.revision = *revision;
  Result<std::optional<ListPlan>> plan = SqlitePlanner(connection_, scope_, options_).Plan();
  if (!plan.ok()) return plan.status();
  if (!*plan) {
    head(*revision);
    if (options_.with_remaining_count) result_.remaining_count = 0;
    return std::move(result_);
  }
  plan_ = std::move(**plan);
  const SqlBuilder builder(kSqliteDialect, plan_.query);
  Status status = StreamPieces(
      builder, [&] { head(*revision); }, sink);
  if (!status.ok()) return status;
  if (options_.with_remaining_count && !result_.cancelled) {
    const Result<int64_t> remaining =
        result_.next_key.empty() ? Result<int64_t>(0) : CountRemaining();
    if (!remaining.ok()) return remaining.status();
    result_.remaining_count = *remaining;
  }
  return std::move(result_);
}

Status SqliteList::StreamPieces(const SqlBuilder& builder, const std::function<void()>& head,
                                RowSink& sink) {
  bool head_sent = false;
  for (size_t i = 0; i < builder.piece_count(); ++i) {
    const SqlStatement statement = builder.Piece(i);
    SqliteStatement rows = connection_.Prepare(statement.text);
    for (const SqlValue& value : statement.parameters) rows.Bind(value);
    while (rows.Step()) {
      if (!std::exchange(head_sent, true)) head();
      const Result<RowOutcome> outcome = HandleRow(rows, sink);
      if (!outcome.ok()) return outcome.status();
      if (*outcome != RowOutcome::kContinue) return Status();
    }
    if (!rows.ok()) return rows.status();
    if (connection_.DeadlinePassed()) return Timeout("the query took too long and was ended");
  }
  if (!head_sent) head();
  return Status();
}

Result<SqliteList::RowOutcome> SqliteList::HandleRow(SqliteStatement& row, RowSink& sink) {
  const int entries_column =
      static_cast<int>(2 + plan_.query.order.size() + (plan_.query.with_body ? 1 : 0));
  if (plan_.query.with_entries && !Matches(row.Text(entries_column))) return RowOutcome::kContinue;
  if (to_skip_ > 0) {
    --to_skip_;
    return RowOutcome::kContinue;
  }
  if (options_.limit > 0 && sent_ == options_.limit) {
    result_.next_key = FormatSortKey(last_key_);
    return RowOutcome::kPageFull;
  }
  const Result<bool> wanted = SendBody(row, sink);
  if (!wanted.ok()) return wanted.status();
  ++sent_;
  if (!*wanted) {
    result_.cancelled = true;
    return RowOutcome::kEnd;
  }
  if (sent_ == options_.limit) last_key_ = KeyOf(row);
  // The sink may have taken its time; SQLite sees the deadline only while it works.
  if (sent_ % 16 == 0 && connection_.DeadlinePassed())
    return Timeout("the query took too long and was ended");
  return RowOutcome::kContinue;
}

Result<bool> SqliteList::SendBody(SqliteStatement& row, RowSink& sink) {
  std::string_view encoded;
  if (plan_.query.with_body) {
    encoded = row.Text(static_cast<int>(2 + plan_.query.order.size()));
  } else {
    if (!body_) body_.emplace(connection_.Prepare("SELECT body FROM bodies WHERE id=?"));
    body_->Reset();
    body_->BindInt(row.Int(0));
    if (!body_->Step())
      return body_->ok() ? InternalError("an object has no body") : body_->status();
    encoded = body_->Text(0);
  }
  const Result<std::string_view> body = DecodeBody(encoded, &buffer_);
  if (!body.ok()) return body.status();
  return sink.Row(*body);
}

bool SqliteList::Matches(std::string_view packed_entries) const {
  const auto find = [&](std::string_view key) -> std::optional<std::string> {
    for (size_t i = 0; i < plan_.residual.size(); ++i) {
      if (plan_.residual[i].key != key) continue;
      const std::optional<std::string_view> value =
          FindPackedValue(packed_entries, plan_.residual_keys[i]);
      return value ? std::optional<std::string>(*value) : std::nullopt;
    }
    return std::nullopt;
  };
  return query::Matches(plan_.residual, find);
}

SortKey SqliteList::KeyOf(const SqliteStatement& row) const {
  SortKey key;
  for (size_t i = 0; i < plan_.query.order.size(); ++i)
    key.values.push_back(row.Value(static_cast<int>(2 + i)));
  key.okey = row.Text(1);
  return key;
}

// The rows behind the page.
Result<int64_t> SqliteList::CountRemaining() {
  ListQuery rest = plan_.query;
  rest.after = last_key_;
  rest.with_body = false;
  rest.fetch_limit = 0;
  const SqlBuilder builder(kSqliteDialect, std::move(rest));
  int64_t remaining = 0;
  for (size_t i = 0; i < builder.piece_count(); ++i) {
    if (plan_.residual.empty()) {
      const Result<int64_t> count = CountSqlite(connection_, builder.CountPiece(i));
      if (!count.ok()) return count.status();
      remaining += *count;
      continue;
    }
    const SqlStatement statement = builder.Piece(i);
    SqliteStatement rows = connection_.Prepare(statement.text);
    for (const SqlValue& value : statement.parameters) rows.Bind(value);
    while (rows.Step())
      remaining += Matches(rows.Text(static_cast<int>(2 + plan_.query.order.size()))) ? 1 : 0;
    if (!rows.ok()) return rows.status();
  }
  return remaining;
}

}  // namespace pedia::storage
