#include "storage/sqlite_database.h"

#include <filesystem>
#include <utility>

#include "storage/sqlite_connection.h"
#include "storage/sqlite_schema.h"

namespace pedia::storage {
namespace {

constexpr int kWriterCacheKib = 24 * 1024;
constexpr int kReaderCacheKib = 4 * 1024;
// A log larger than this is cut off once nothing was written for a while.
constexpr int64_t kLargeLogBytes = 8 << 20;

int64_t FileSize(const std::string& path) {
  std::error_code error;
  const auto size = std::filesystem::file_size(path, error);
  return error ? 0 : static_cast<int64_t>(size);
}

class SqliteDatabase final : public Database {
 public:
  SqliteDatabase(std::string path, int max_readers)
      : path_(std::move(path)), max_readers_(max_readers) {}

  Status Migrate() override {
    auto connection =
        SqliteConnection::Open(path_, SqliteConnection::Mode::kReadWrite, kReaderCacheKib);
    if (!connection.ok()) return connection.status();
    return MigrateSqlite(**connection, path_);
  }

  Result<std::unique_ptr<SqlConnection>> Connect(Role role) override {
    const bool writes = role == Role::kWriter;
    auto connection = SqliteConnection::Open(
        path_, writes ? SqliteConnection::Mode::kReadWrite : SqliteConnection::Mode::kReadOnly,
        writes ? kWriterCacheKib : kReaderCacheKib);
    if (!connection.ok()) return connection.status();
    if (writes) {
      for (const char* pragma : {"PRAGMA synchronous=NORMAL", "PRAGMA wal_autocheckpoint=4000",
                                 "PRAGMA journal_size_limit=67108864"}) {
        if (Status status = (*connection)->Execute(pragma); !status.ok()) return status;
      }
    }
    return std::unique_ptr<SqlConnection>(*std::move(connection));
  }

  const std::string& name() const override { return path_; }
  int max_readers() const override { return max_readers_; }
  int64_t SizeBytes() override { return FileSize(path_) + FileSize(path_ + "-wal"); }

  // Moves the write-ahead log into the database and cuts it off, if no reader is in the way.
  void Tidy(SqlConnection& writer) override {
    if (FileSize(path_ + "-wal") > kLargeLogBytes)
      (void)writer.Prepare("PRAGMA wal_checkpoint(TRUNCATE)").Run();
  }

 private:
  const std::string path_;
  const int max_readers_;
};

}  // namespace

std::unique_ptr<Database> MakeSqliteDatabase(const std::string& path, int max_readers) {
  return std::make_unique<SqliteDatabase>(path, max_readers);
}

}  // namespace pedia::storage
