#include "storage/postgres_cursor.h"

#include <libpq-fe.h>

#include <algorithm>
#include <charconv>

#include "storage/postgres_connection.h"

namespace pedia::storage {
namespace {

// Types of results beside int8 and bytea.
constexpr Oid kBool = 16;
constexpr Oid kInt2 = 21;
constexpr Oid kInt4 = 23;
constexpr Oid kNumeric = 1700;

// A LIMIT up to which rows are read as they come, without a cursor of the server.
constexpr int64_t kSmallLimit = 1000;
constexpr int64_t kFirstBatch = 8;
constexpr int64_t kGrowth = 4;
constexpr int64_t kMaxBatch = 512;
constexpr int64_t kBatchBytes = 256 * 1024;

uint64_t BigEndian(const char* bytes, int size) {
  uint64_t value = 0;
  for (int i = 0; i < size; ++i) value = value << 8 | static_cast<unsigned char>(bytes[i]);
  return value;
}

// A sum of int8: digits to base 10,000, whose first one has the weight given.
int64_t NumericInt(const char* bytes, int size) {
  if (size < 8) return 0;
  const auto digits = static_cast<int16_t>(BigEndian(bytes, 2));
  const auto weight = static_cast<int16_t>(BigEndian(bytes + 2, 2));
  const bool negative = BigEndian(bytes + 4, 2) == 0x4000;
  int64_t value = 0;
  for (int i = 0; i <= weight; ++i) {
    const int at = 8 + 2 * i;
    const uint64_t digit = i < digits && at + 2 <= size ? BigEndian(bytes + at, 2) : 0;
    value = value * 10'000 + static_cast<int64_t>(digit);
  }
  return negative ? -value : value;
}

// "UPDATE 3", "INSERT 0 3"; 0 for those that change nothing: "SELECT 3", "CREATE TABLE".
int64_t ChangesOf(std::string_view tag) {
  int64_t changes = 0;
  if (tag.starts_with("SELECT") || tag.starts_with("FETCH")) return changes;
  const std::string_view number = tag.substr(tag.rfind(' ') + 1);
  std::from_chars(number.data(), number.data() + number.size(), changes);
  return changes;
}

bool IsNumberType(Oid type) {
  return type == kPostgresInt8 || type == kInt4 || type == kInt2 || type == kBool ||
         type == kNumeric;
}

}  // namespace

PostgresCursor::PostgresCursor(PostgresConnection& connection, PostgresStatementRef statement,
                               RowCount rows)
    : connection_(connection), statement_(std::move(statement)), rows_(rows) {}

PostgresCursor::~PostgresCursor() { Reset(); }

void PostgresCursor::Reset() {
  for (PostgresReplyRef* reply : {&reply_, &ahead_}) {
    if (*reply == nullptr) continue;
    (*reply)->abandoned = true;
    (*reply)->results.clear();
    reply->reset();
  }
  if (!portal_.empty() && transaction_ == connection_.transaction_)
    connection_.to_close_.push_back(portal_);
  portal_.clear();
  result_.reset();
  status_ = Status();
}

SqlCursor::Step PostgresCursor::Next(std::span<const SqlParameter> parameters) {
  if (result_ != nullptr && ++row_ < PQntuples(result_.get())) return Step::kRow;
  result_.reset();
  if (reply_ == nullptr) Start(parameters);
  while (true) {
    if (!portal_.empty() && transaction_ != connection_.transaction_)
      return Fail(InternalError("a statement outlived its transaction"));
    if (Status status = connection_.session_->Await(*reply_); !status.ok()) return Fail(status);
    if (!reply_->results.empty()) {
      TakeResult();
      return Step::kRow;
    }
    if (!reply_->status.ok()) return Fail(reply_->status);
    if (NextBatch()) continue;
    changes_ = ChangesOf(reply_->tag);
    return Step::kDone;
  }
}

SqlCursor::Step PostgresCursor::Fail(Status status) {
  status_ = std::move(status);
  return Step::kFailed;
}

void PostgresCursor::Start(std::span<const SqlParameter> parameters) {
  const PostgresParameters encoded(parameters);
  const int64_t* limit = statement_->ends_with_limit && !parameters.empty()
                             ? std::get_if<int64_t>(&parameters.back())
                             : nullptr;
  const bool is_small = limit != nullptr && *limit <= kSmallLimit;
  if (rows_ == RowCount::kUnbounded && !is_small) {
    if (connection_.in_transaction_) return OpenPortal(encoded);
    connection_.unbounded_ = true;
  }
  // Row by row: the server is ahead by no more than the socket takes, and memory is used again.
  Run(encoded, rows_ == RowCount::kUnbounded || (limit != nullptr && *limit > kFirstBatch));
}

void PostgresCursor::Run(const PostgresParameters& parameters, bool streamed) {
  Queue(parameters, streamed);
  connection_.Send();
}

void PostgresCursor::Queue(const PostgresParameters& parameters, bool streamed) {
  connection_.QueueStart();
  reply_ = connection_.statements_->Execute(*statement_, parameters, streamed);
}

void PostgresCursor::OpenPortal(const PostgresParameters& parameters) {
  portal_ = "c" + std::to_string(++connection_.portals_);
  transaction_ = connection_.transaction_;
  all_rows_ = all_bytes_ = 0;
  connection_.QueueStart();
  connection_.statements_->BeginPlanning(*statement_);
  (void)connection_.session_->Query(
      "DECLARE " + portal_ + " NO SCROLL CURSOR FOR " + statement_->text, parameters);
  connection_.statements_->EndPlanning(*statement_);
  asked_ = 0;
  Fetch();
  reply_ = std::move(ahead_);
  asked_ = asked_ahead_;
  taken_ = 0;
}

void PostgresCursor::Fetch() {
  int64_t rows = asked_ == 0 ? kFirstBatch : asked_ * kGrowth;
  if (all_rows_ > 0)
    rows = std::min(rows, kBatchBytes * all_rows_ / std::max<int64_t>(all_bytes_, 1));
  asked_ahead_ = std::clamp(rows, kFirstBatch, kMaxBatch);
  ahead_ = connection_.session_->Query("FETCH " + std::to_string(asked_ahead_) + " FROM " + portal_,
                                       PostgresParameters(),
                                       /*streamed=*/true);
  connection_.Send();
}

void PostgresCursor::TakeResult() {
  result_ = std::move(reply_->results.front());
  reply_->results.pop_front();
  row_ = 0;
  if (portal_.empty()) return;
  const int rows = PQntuples(result_.get());
  for (int row = 0; row < rows; ++row) {
    for (int i = PQnfields(result_.get()); i-- > 0;)
      all_bytes_ += PQgetlength(result_.get(), row, i);
  }
  taken_ += rows;
  all_rows_ += rows;
  // The first batch is often all there is.
  if (ahead_ == nullptr && asked_ > kFirstBatch) Fetch();
}

bool PostgresCursor::NextBatch() {
  if (portal_.empty() || taken_ < asked_) return false;
  if (ahead_ == nullptr) Fetch();
  reply_ = std::move(ahead_);
  asked_ = asked_ahead_;
  taken_ = 0;
  return true;
}

int64_t PostgresCursor::Int(int column) const {
  const char* const bytes = PQgetvalue(result_.get(), row_, column);
  const int size = PQgetlength(result_.get(), row_, column);
  if (size == 8 && PQftype(result_.get(), column) == kPostgresInt8)
    return static_cast<int64_t>(BigEndian(bytes, 8));
  switch (PQftype(result_.get(), column)) {
    case kInt4:
      return static_cast<int32_t>(BigEndian(bytes, size));
    case kInt2:
      return static_cast<int16_t>(BigEndian(bytes, size));
    case kBool:
      return static_cast<int64_t>(BigEndian(bytes, size));
    case kNumeric:
      return NumericInt(bytes, size);
    default:
      return 0;
  }
}

std::string_view PostgresCursor::Text(int column) const {
  const int size = PQgetlength(result_.get(), row_, column);
  return {PQgetvalue(result_.get(), row_, column), static_cast<size_t>(size)};
}

bool PostgresCursor::IsNull(int column) const {
  return PQgetisnull(result_.get(), row_, column) == 1;
}

SqlValue PostgresCursor::Value(int column) const {
  if (IsNull(column)) return {};
  if (IsNumberType(PQftype(result_.get(), column))) return Int(column);
  return std::string(Text(column));
}

}  // namespace pedia::storage
