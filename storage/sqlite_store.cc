#include "storage/sqlite_store.h"

#include <algorithm>
#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <stop_token>
#include <thread>
#include <utility>

#include "meta/log.h"
#include "storage/body_codec.h"
#include "storage/object_key.h"
#include "storage/scan_slots.h"
#include "storage/sqlite_events.h"
#include "storage/sqlite_list.h"
#include "storage/sqlite_reader_pool.h"
#include "storage/sqlite_reindex.h"
#include "storage/sqlite_schema.h"
#include "storage/sqlite_writer.h"

namespace pedia::storage {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kWriterCacheKib = 24 * 1024;
constexpr int64_t kRowsPerDeletion = 1'000;
// A log larger than this is cut off once nothing was written for a while.
constexpr int64_t kLargeLogBytes = 8 << 20;
constexpr auto kIdle = std::chrono::seconds(2);

int64_t FileSize(const std::string& path) {
  std::error_code error;
  const auto size = std::filesystem::file_size(path, error);
  return error ? 0 : static_cast<int64_t>(size);
}

class SqliteStore final : public Store {
 public:
  SqliteStore(const SqliteOptions& options, std::unique_ptr<SqliteConnection> writer)
      : options_(options),
        readers_(options.path, std::max(options.max_readers, 1)),
        writer_(std::move(writer)),
        log_keeper_([this](const std::stop_token& stop) { KeepLogSmall(stop); }) {}

  Result<ApplyResult> Apply(std::span<const Change> changes) override {
    const std::scoped_lock lock(writer_mutex_);
    last_write_ = Clock::now();
    return writer_.Apply(changes);
  }

  Status DeleteCluster(std::string_view cluster) override {
    if (Status status = DeleteAll(cluster, nullptr); !status.ok()) return status;
    const std::scoped_lock lock(writer_mutex_);
    return writer_.DeleteClusterRecord(cluster);
  }

  Status DeleteResource(std::string_view cluster, const GroupVersionResource& gvr) override {
    return DeleteAll(cluster, &gvr);
  }

  Status SaveClusterRecord(const ClusterRecord& record) override {
    const std::scoped_lock lock(writer_mutex_);
    last_write_ = Clock::now();
    return writer_.SaveClusterRecord(record);
  }

  Result<std::vector<ClusterRecord>> LoadClusterRecords() override;
  Status LoadVersions(std::string_view cluster, const GroupVersionResource& gvr,
                      const std::function<bool(const StoredVersion&)>& row) override;
  Result<std::vector<ResourceCount>> CountObjects() override;
  Result<StoredObject> Get(std::string_view cluster, const GroupVersionResource& gvr,
                           std::string_view name_space, std::string_view name,
                           bool with_events) override;

  Result<ListResult> List(const query::ListScope& scope, const query::ListOptions& options,
                          const std::function<void(const ListHead&)>& head,
                          RowSink& sink) override {
    Result<SqliteReaderPool::Reader> reader = TakeReader();
    if (!reader.ok()) return reader.status();
    return SqliteList(**reader, scan_slots_, options_.list_limits, scope, options).Run(head, sink);
  }

  Result<int64_t> Revision() override {
    Result<SqliteReaderPool::Reader> reader = TakeReader();
    if (!reader.ok()) return reader.status();
    SqliteStatement revision = (*reader)->Prepare("SELECT revision FROM meta WHERE id=1");
    if (revision.Step()) return revision.Int(0);
    return revision.ok() ? InternalError("the table meta is empty") : revision.status();
  }

  int64_t SizeBytes() override {
    return FileSize(options_.path) + FileSize(options_.path + "-wal");
  }

 private:
  Result<SqliteReaderPool::Reader> TakeReader() {
    return readers_.Take(Clock::now() + options_.query_deadline);
  }

  // In transactions that leave room for other writers between them.
  Status DeleteAll(std::string_view cluster, const GroupVersionResource* gvr) {
    while (true) {
      const std::scoped_lock lock(writer_mutex_);
      last_write_ = Clock::now();
      const Result<int64_t> deleted = writer_.DeleteSome(cluster, gvr, kRowsPerDeletion);
      if (!deleted.ok()) return deleted.status();
      if (*deleted < kRowsPerDeletion) return Status();
    }
  }

  void KeepLogSmall(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      std::unique_lock lock(writer_mutex_);
      wake_.wait_for(lock, stop, kIdle, [] { return false; });
      const bool idle = Clock::now() - last_write_ >= kIdle;
      if (!stop.stop_requested() && idle && FileSize(options_.path + "-wal") > kLargeLogBytes) {
        writer_.Truncate();
      }
    }
  }

  const SqliteOptions options_;
  SqliteReaderPool readers_;
  ScanSlots scan_slots_{std::max(1, static_cast<int>(std::thread::hardware_concurrency()))};
  std::mutex writer_mutex_;  // Guards writer_ and last_write_.
  SqliteWriter writer_;
  Clock::time_point last_write_ = Clock::now();
  std::condition_variable_any wake_;
  std::jthread log_keeper_;  // Last: it uses the members above.
};

Result<std::vector<ClusterRecord>> SqliteStore::LoadClusterRecords() {
  Result<SqliteReaderPool::Reader> reader = TakeReader();
  if (!reader.ok()) return reader.status();
  std::vector<ClusterRecord> records;
  SqliteStatement rows =
      (*reader)->Prepare("SELECT cluster,document FROM clusters ORDER BY cluster");
  while (rows.Step()) records.push_back({std::string(rows.Text(0)), std::string(rows.Text(1))});
  if (!rows.ok()) return rows.status();
  return records;
}

Status SqliteStore::LoadVersions(std::string_view cluster, const GroupVersionResource& gvr,
                                 const std::function<bool(const StoredVersion&)>& row) {
  Result<SqliteReaderPool::Reader> reader = TakeReader();
  if (!reader.ok()) return reader.status();
  const KeyRange range = KeyRange::Cluster(cluster);
  SqliteStatement rows = (*reader)->Prepare(
      "SELECT o.namespace,o.name,o.rv FROM types t CROSS JOIN objects o INDEXED BY objects_okey "
      "WHERE t.grp=? AND t.version=? AND t.resource=? AND o.type_id=t.type_id AND o.okey>? AND "
      "o.okey<? "
      "ORDER BY o.okey");
  rows.BindText(gvr.group).BindText(gvr.version).BindText(gvr.resource);
  rows.BindText(range.low).BindText(range.high);
  while (rows.Step()) {
    if (!row({rows.Text(0), rows.Text(1), rows.Text(2)})) break;
  }
  return rows.status();
}

Result<std::vector<ResourceCount>> SqliteStore::CountObjects() {
  Result<SqliteReaderPool::Reader> reader = TakeReader();
  if (!reader.ok()) return reader.status();
  std::vector<ResourceCount> counts;
  SqliteStatement rows = (*reader)->Prepare(
      "SELECT s.cluster,t.grp,t.version,t.resource,sum(s.n) FROM scopes s JOIN types t ON "
      "t.type_id=s.type_id "
      "GROUP BY 1,2,3,4 ORDER BY 1,2,3,4");
  while (rows.Step()) {
    GroupVersionResource gvr{std::string(rows.Text(1)), std::string(rows.Text(2)),
                             std::string(rows.Text(3))};
    counts.push_back({std::string(rows.Text(0)), std::move(gvr), rows.Int(4)});
  }
  if (!rows.ok()) return rows.status();
  return counts;
}

Result<StoredObject> SqliteStore::Get(std::string_view cluster, const GroupVersionResource& gvr,
                                      std::string_view name_space, std::string_view name,
                                      bool with_events) {
  Result<SqliteReaderPool::Reader> reader = TakeReader();
  if (!reader.ok()) return reader.status();
  const std::string okey = ObjectKey(cluster, name_space, name);
  // '!' in a cluster or namespace could name another object.
  const bool possible = IsKeyPart(cluster) && IsKeyPart(name_space);
  SqliteStatement rows = (*reader)->Prepare(
      "SELECT b.body,b.id FROM types t CROSS JOIN objects o CROSS JOIN bodies b "
      "WHERE t.grp=? AND t.version=? AND t.resource=? AND o.type_id=t.type_id AND o.okey=? AND "
      "b.id=o.id");
  rows.BindText(gvr.group).BindText(gvr.version).BindText(gvr.resource).BindText(okey);
  if (!possible || !rows.Step()) {
    return rows.ok() ? NotFound(gvr.group, gvr.resource, name) : rows.status();
  }
  std::string buffer;
  const Result<std::string_view> body = DecodeBody(rows.Text(0), &buffer);
  if (!body.ok()) return body.status();
  StoredObject object{std::string(*body), {}};
  if (with_events) {
    Result<std::vector<std::string>> events = SqliteEvents(**reader).Of(rows.Int(1));
    if (!events.ok()) return events.status();
    object.events = *std::move(events);
  }
  return object;
}

}  // namespace

Result<std::unique_ptr<Store>> OpenSqliteStore(const SqliteOptions& options) {
  Result<std::unique_ptr<SqliteConnection>> writer =
      SqliteConnection::Open(options.path, SqliteConnection::Mode::kReadWrite, kWriterCacheKib);
  if (!writer.ok()) return writer.status();
  if (Status status = MigrateSqlite(**writer, options.path); !status.ok()) return status;
  for (const char* pragma : {"PRAGMA synchronous=NORMAL", "PRAGMA wal_autocheckpoint=4000",
                             "PRAGMA journal_size_limit=67108864"}) {
    if (Status status = (*writer)->Execute(pragma); !status.ok()) return status;
  }
  if (Status status = ReindexSqlite(**writer); !status.ok()) return status;
  return std::unique_ptr<Store>(std::make_unique<SqliteStore>(options, std::move(*writer)));
}

}  // namespace pedia::storage
