#include "storage/postgres_database.h"

#include <algorithm>
#include <utility>

#include "storage/postgres_connector.h"
#include "storage/postgres_schema.h"
#include "storage/postgres_upkeep.h"

namespace pedia::storage {
namespace {

constexpr auto kSizeDeadline = std::chrono::seconds(10);

class PostgresDatabase final : public Database {
 public:
  PostgresDatabase(PostgresOptions options, const ServerOptions& limits)
      : connector_(std::move(options), limits.recoverable_errors),
        // One writes, one keeps the tables in order.
        max_readers_(std::max(1, limits.max_open - 2)),
        max_idle_(std::clamp(limits.max_idle, 1, std::max(1, limits.max_open - 2))),
        max_lifetime_(limits.max_lifetime),
        upkeep_([this] { return connector_.Connect(Role::kWriter); }) {}

  Status Migrate() override {
    Result<std::unique_ptr<PostgresConnection>> primary = connector_.Connect(Role::kWriter);
    if (!primary.ok()) return primary.status();
    return MigratePostgres(connector_.TextFor(**primary), name());
  }

  Result<std::unique_ptr<SqlConnection>> Connect(Role role) override {
    Result<std::unique_ptr<PostgresConnection>> connection = connector_.Connect(role);
    if (!connection.ok()) return connection.status();
    if (role == Role::kWriter)
      (*connection)->set_on_insert([this](int64_t rows) { upkeep_.Inserted(rows); });
    return std::unique_ptr<SqlConnection>(*std::move(connection));
  }

  const std::string& name() const override { return connector_.options().name; }
  bool has_replicas() const override { return connector_.options().hosts.size() > 1; }
  int max_readers() const override { return max_readers_; }
  int max_idle_readers() const override { return max_idle_; }
  std::chrono::milliseconds max_lifetime() const override { return max_lifetime_; }

  int64_t SizeBytes() override {
    Result<std::unique_ptr<PostgresConnection>> connection =
        connector_.Connect(Role::kPrimaryReader);
    if (!connection.ok()) return 0;
    (*connection)->set_deadline(std::chrono::steady_clock::now() + kSizeDeadline);
    SqlStatement size = (*connection)->Prepare("SELECT pg_database_size(current_database())");
    return size.Step() ? size.Int(0) : 0;
  }

  void Tidy(SqlConnection& /*writer*/) override { upkeep_.Idle(); }

 private:
  PostgresConnector connector_;
  const int max_readers_;
  const int max_idle_;
  const std::chrono::milliseconds max_lifetime_;
  PostgresUpkeep upkeep_;
};

}  // namespace

Result<std::unique_ptr<Database>> MakePostgresDatabase(const ServerOptions& options) {
  Result<PostgresOptions> parsed = ParsePostgresOptions(options);
  if (!parsed.ok()) return parsed.status();
  return std::unique_ptr<Database>(std::make_unique<PostgresDatabase>(*std::move(parsed), options));
}

}  // namespace pedia::storage
