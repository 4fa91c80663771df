#include "storage/mysql_database.h"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "storage/mysql_connection.h"
#include "storage/mysql_schema.h"
#include "storage/mysql_session.h"
#include "storage/mysql_settings.h"

namespace pedia::storage {
namespace {

using Clock = std::chrono::steady_clock;

// A host that was not there is not asked again for so long while there are others.
constexpr auto kRest = std::chrono::seconds(5);
constexpr auto kMigrationSilence = std::chrono::minutes(5);
constexpr auto kSizeAge = std::chrono::seconds(15);

// What is known of a host; what it is now, only a connection tells.
struct HostState {
  enum class Kind { kUnknown, kPrimary, kReplica } kind = Kind::kUnknown;
  Clock::time_point rests_until = Clock::time_point::min();
};

class MysqlDatabase final : public Database {
 public:
  MysqlDatabase(MysqlSettings settings, const ServerOptions& options)
      : settings_(std::move(settings)),
        name_(settings_.Name()),
        max_readers_(std::max(1, options.max_open - 1)),
        max_idle_(std::clamp(options.max_idle, 1, std::max(1, options.max_open))),
        max_lifetime_(options.max_lifetime),
        states_(settings_.hosts.size()) {}

  Status Migrate() override {
    Result<std::unique_ptr<MysqlSession>> session = Open(Role::kWriter);
    if (!session.ok()) return session.status();
    (*session)->set_silence(kMigrationSilence);
    const Status status = MigrateMysql(**session);
    if (status.ok()) return status;
    return Status(status.reason(),
                  "the database " + name_ + " cannot be used: " + status.message());
  }

  Result<std::unique_ptr<SqlConnection>> Connect(Role role) override {
    Result<std::unique_ptr<MysqlSession>> session = Open(role);
    if (!session.ok()) return session.status();
    return std::unique_ptr<SqlConnection>(
        std::make_unique<MysqlConnection>(*std::move(session), settings_.silence));
  }

  const std::string& name() const override { return name_; }
  bool has_replicas() const override { return settings_.hosts.size() > 1; }
  int max_readers() const override { return max_readers_; }
  int max_idle_readers() const override { return max_idle_; }
  std::chrono::milliseconds max_lifetime() const override { return max_lifetime_; }
  int64_t SizeBytes() override;

 private:
  Result<std::unique_ptr<MysqlSession>> Open(Role role);
  Result<std::unique_ptr<MysqlSession>> Try(size_t host);
  std::vector<size_t> Order(Role role);

  const MysqlSettings settings_;
  const std::string name_;
  const int max_readers_;
  const int max_idle_;
  const std::chrono::milliseconds max_lifetime_;
  std::mutex mutex_;
  std::vector<HostState> states_;
  size_t turn_ = 0;  // So that replicas take turns.
  std::mutex size_mutex_;
  int64_t size_ = 0;
  std::optional<Clock::time_point> sized_at_;
};

// The hosts, the most promising first.
std::vector<size_t> MysqlDatabase::Order(Role role) {
  const std::scoped_lock lock(mutex_);
  const auto wanted = role == Role::kReader ? HostState::Kind::kReplica : HostState::Kind::kPrimary;
  std::vector<size_t> order;
  const size_t first = role == Role::kReader ? turn_++ : 0;
  for (size_t i = 0; i < states_.size(); ++i) order.push_back((first + i) % states_.size());
  const auto now = Clock::now();
  const auto rank = [&](size_t host) {
    const HostState& state = states_[host];
    if (state.rests_until > now) return 3;
    if (state.kind == wanted) return 0;
    return state.kind == HostState::Kind::kUnknown ? 1 : 2;
  };
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return rank(a) < rank(b); });
  return order;
}

Result<std::unique_ptr<MysqlSession>> MysqlDatabase::Try(size_t host) {
  Result<std::unique_ptr<MysqlSession>> session =
      MysqlSession::Open(settings_, settings_.hosts[host]);
  const std::scoped_lock lock(mutex_);
  HostState& state = states_[host];
  if (!session.ok()) {
    state.rests_until = Clock::now() + kRest;
    return session;
  }
  state.rests_until = Clock::time_point::min();
  state.kind = (*session)->is_read_only() ? HostState::Kind::kReplica : HostState::Kind::kPrimary;
  return session;
}

// Readers take a primary only if no replica is there.
Result<std::unique_ptr<MysqlSession>> MysqlDatabase::Open(Role role) {
  const bool one = settings_.hosts.size() == 1;
  std::optional<Status> failure;
  std::unique_ptr<MysqlSession> second_choice;
  for (const size_t host : Order(role)) {
    Result<std::unique_ptr<MysqlSession>> session = Try(host);
    if (!session.ok()) {
      if (!failure || session.status().reason() == StatusReason::kServiceUnavailable)
        failure = session.status();
      continue;
    }
    const bool replica = (*session)->is_read_only();
    if (role == Role::kWriter && replica) continue;
    if (one || replica == (role == Role::kReader)) return session;
    if (!second_choice && role == Role::kReader) second_choice = *std::move(session);
  }
  if (second_choice) return second_choice;
  if (failure) return *failure;
  return ServiceUnavailable("the database " + name_ + " cannot be used: it is read-only");
}

int64_t MysqlDatabase::SizeBytes() {
  const std::scoped_lock lock(size_mutex_);
  if (sized_at_ && Clock::now() - *sized_at_ < kSizeAge) return size_;
  Result<std::unique_ptr<MysqlSession>> session = Open(Role::kReader);
  if (!session.ok()) return 0;
  const Result<std::vector<MysqlSession::Row>> rows = (*session)->Query(
      "SELECT CAST(SUM(data_length+index_length) AS SIGNED) FROM information_schema.tables WHERE "
      "table_schema=DATABASE()");
  if (!rows.ok() || rows->empty()) return 0;
  size_ = std::strtoll(rows->front().at(0).value_or("0").c_str(), nullptr, 10);
  sized_at_ = Clock::now();
  return size_;
}

}  // namespace

Result<std::unique_ptr<Database>> MakeMysqlDatabase(const ServerOptions& options) {
  Result<MysqlSettings> settings = MakeMysqlSettings(options);
  if (!settings.ok()) return settings.status();
  return std::unique_ptr<Database>(std::make_unique<MysqlDatabase>(*std::move(settings), options));
}

}  // namespace pedia::storage
