#include "storage/sql_store.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <limits>
#include <mutex>
#include <optional>
#include <stop_token>
#include <thread>
#include <type_traits>
#include <utility>

#include "storage/body_codec.h"
#include "storage/connection_pool.h"
#include "storage/dictionary.h"
#include "storage/events.h"
#include "storage/list.h"
#include "storage/object_key.h"
#include "storage/reindex.h"
#include "storage/scan_slots.h"
#include "storage/sqlite_database.h"
#include "storage/stored_clusters.h"
#include "storage/writer.h"

namespace pedia::storage {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int64_t kRowsPerDeletion = 1'000;
constexpr auto kIdle = std::chrono::seconds(2);

// The connection that writes, made anew when it broke. One thread at a time.
class WriteEnd {
 public:
  // `deadline`: of a transaction.
  WriteEnd(Database& database, std::chrono::milliseconds deadline)
      : database_(database), deadline_(deadline) {}

  Result<StoreWriter*> Get() {
    if (!connection_ || !connection_->usable()) {
      Result<std::unique_ptr<SqlConnection>> connection =
          database_.Connect(Database::Role::kWriter);
      if (!connection.ok()) return connection.status();
      if (writer_) {
        writer_->set_connection(**connection);
      } else {
        writer_.emplace(**connection);
      }
      connection_ = *std::move(connection);
    }
    connection_->set_deadline(Clock::now() + deadline_);
    connection_->set_cancelled([this, cancels = cancels_.load()] { return cancels_ != cancels; });
    return &*writer_;
  }
  // Ends what the writer does at the time. Any thread.
  void Cancel() { ++cancels_; }
  // nullptr if there is none at the time.
  SqlConnection* connection() { return connection_.get(); }

 private:
  Database& database_;
  const std::chrono::milliseconds deadline_;
  std::atomic<int64_t> cancels_ = 0;
  std::unique_ptr<SqlConnection> connection_;
  std::optional<StoreWriter> writer_;  // Of connection_; it remembers what the last one wrote.
};

class SqlStore final : public Store {
 public:
  SqlStore(std::unique_ptr<Database> database, const StoreOptions& options)
      : database_(std::move(database)),
        options_(options),
        readers_(*database_, Database::Role::kReader),
        primary_readers_(*database_, Database::Role::kPrimaryReader),
        write_end_(*database_, options.write_deadline),
        tidier_([this](const std::stop_token& stop) { TidyWhenIdle(stop); }) {}

  Status ClaimCluster(std::string_view cluster, std::string_view holder) override {
    return Write([&](StoreWriter& writer) { return writer.ClaimCluster(cluster, holder); });
  }

  Result<ApplyResult> Apply(std::span<const Change> changes) override {
    return Write([&](StoreWriter& writer) { return writer.Apply(changes); });
  }

  Status DeleteCluster(std::string_view cluster) override {
    if (Status status = DeleteAll(cluster, nullptr); !status.ok()) return status;
    return Write([&](StoreWriter& writer) { return writer.DeleteClusterRecord(cluster); });
  }

  Status DeleteResource(std::string_view cluster, const GroupVersionResource& gvr) override {
    return DeleteAll(cluster, &gvr);
  }

  Status SaveClusterRecord(const ClusterRecord& record,
                           std::span<const NamedDocument> documents) override {
    return Write([&](StoreWriter& writer) { return writer.SaveClusterRecord(record, documents); });
  }
  Result<std::string> LoadDocument(std::string_view name) override;

  void CancelWrite() override { write_end_.Cancel(); }

  Result<std::vector<ClusterRecord>> LoadClusterRecords() override {
    return ReadWritten<std::vector<ClusterRecord>>(ReadClusterRecords);
  }
  Result<StoredCluster> LoadCluster(std::string_view cluster) override {
    return ReadWritten<StoredCluster>(
        [&](SqlConnection& connection) { return ReadCluster(connection, cluster); });
  }
  Status LoadVersions(std::string_view cluster, const GroupVersionResource& gvr,
                      const std::function<bool(const StoredVersion&)>& row) override;
  Result<std::vector<ResourceCount>> CountObjects() override {
    return ReadWritten<std::vector<ResourceCount>>(CountStoredObjects);
  }
  Result<StoredObject> Get(std::string_view cluster, const GroupVersionResource& gvr,
                           std::string_view name_space, std::string_view name,
                           const query::AccessFilter* events) override;

  Result<ListResult> List(const query::ListScope& scope, const query::ListOptions& options,
                          const std::function<void(const ListHead&)>& head,
                          RowSink& sink) override {
    bool begun = false;
    const auto begin = [&](const ListHead& list_head) {
      begun = true;
      head(list_head);
    };
    return ReadSnapshot<ListResult>(
        [&](SqlConnection& connection, bool first) {
          return SqlList(connection, dictionaries_, scan_slots_, options_.list_limits, scope,
                         options)
              .Run(/*ahead=*/first, begin, sink);
        },
        options.min_revision, [&] { return !begun; });
  }

  Result<int64_t> Revision() override {
    return ReadSnapshot<int64_t>([](SqlConnection& connection, bool) -> Result<int64_t> {
      const Result<StoreState> state = connection.ReadState();
      if (!state.ok()) return state.status();
      return state->revision;
    });
  }

  int64_t SizeBytes() override { return database_->SizeBytes(); }

 private:
  // Runs `body`, which reads the state, in a snapshot that is not older than `min_revision`, unless
  // the store is. If the connection turns out to be broken, as those of the pool are after the
  // database was started anew, once more on a new one; `body` is told whether this is the first time.
  // `may_repeat`: nothing of the answer is on its way yet.
  template <typename T, typename Body>
  Result<T> ReadSnapshot(
      Body body, int64_t min_revision = 0,
      const std::function<bool()>& may_repeat = [] { return true; }) {
    const Clock::time_point deadline = Clock::now() + options_.query_deadline;
    ConnectionPool* pool = &readers_;
    for (bool first = true;;) {
      Result<ConnectionPool::Reader> reader = pool->Take(deadline);
      if (!reader.ok()) return reader.status();
      (*reader)->StartRead();
      if (min_revision > 0 && database_->has_replicas() && pool == &readers_) {
        const Result<StoreState> state = (*reader)->ReadState();
        if (state.ok() && state->revision < min_revision) {
          (*reader)->Rollback();
          pool = &primary_readers_;
          continue;
        }
      }
      Result<T> result = body(**reader, first);
      (*reader)->Rollback();
      if (result.ok() || (*reader)->usable() || !first || !may_repeat()) return result;
      pool->DropIdle();
      first = false;
    }
  }

  // `body` returns a Status or a Result.
  template <typename Body>
  std::invoke_result_t<Body, StoreWriter&> Write(Body body) {
    const std::scoped_lock lock(writer_mutex_);
    last_write_ = Clock::now();
    const Result<StoreWriter*> writer = write_end_.Get();
    if (!writer.ok()) return writer.status();
    return body(**writer);
  }

  // Runs `body` in a snapshot of the connection that writes: what the synchro knows of the store must
  // not be older than what it wrote, as the answer of a replica may be.
  template <typename T, typename Body>
  Result<T> ReadWritten(Body body) {
    const std::scoped_lock lock(writer_mutex_);
    const Result<StoreWriter*> writer = write_end_.Get();
    if (!writer.ok()) return writer.status();
    SqlConnection& connection = *write_end_.connection();
    connection.set_deadline(Clock::now() + options_.query_deadline);
    // One round trip with the first statement, where the database allows it: a restart reads the
    // versions of each resource of each cluster.
    connection.StartRead();
    Result<T> result = body(connection);
    const Result<StoreState> state = connection.ReadState();
    connection.Rollback();
    return state.ok() ? std::move(result) : state.status();
  }

  // In transactions that leave room for other writers between them.
  Status DeleteAll(std::string_view cluster, const GroupVersionResource* gvr) {
    while (true) {
      const Result<int64_t> deleted = Write(
          [&](StoreWriter& writer) { return writer.DeleteSome(cluster, gvr, kRowsPerDeletion); });
      if (!deleted.ok()) return deleted.status();
      if (*deleted < kRowsPerDeletion) return Status();
    }
  }

  void TidyWhenIdle(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      std::unique_lock lock(writer_mutex_);
      wake_.wait_for(lock, stop, kIdle, [] { return false; });
      const bool idle = Clock::now() - last_write_ >= kIdle;
      if (stop.stop_requested() || !idle || write_end_.connection() == nullptr) continue;
      database_->Tidy(*write_end_.connection());
    }
  }

  const std::unique_ptr<Database> database_;
  const StoreOptions options_;
  ConnectionPool readers_;
  ConnectionPool primary_readers_;  // Used only if there are replicas.
  DictionaryCache dictionaries_;
  ScanSlots scan_slots_{std::max(1, static_cast<int>(std::thread::hardware_concurrency()))};
  std::mutex writer_mutex_;  // Guards write_end_ and last_write_.
  WriteEnd write_end_;
  Clock::time_point last_write_ = Clock::now();
  std::condition_variable_any wake_;
  std::jthread tidier_;  // Last: it uses the members above.
};

Result<std::string> SqlStore::LoadDocument(std::string_view name) {
  const auto read = [&](SqlConnection& connection, bool) -> Result<std::string> {
    SqlStatement rows = connection.Prepare("SELECT bytes FROM documents WHERE name=?");
    if (!rows.BindText(name).Step())
      return rows.ok() ? NotFound("", "documents", name) : rows.status();
    std::string buffer;
    const Result<std::string_view> bytes = DecodeBody(rows.Text(0), &buffer);
    if (!bytes.ok()) return bytes.status();
    // A view of the row, or of all of the buffer.
    return buffer.empty() ? std::string(*bytes) : std::move(buffer);
  };
  Result<std::string> document = ReadSnapshot<std::string>(read);
  // A replica may not have it yet.
  if (document.ok() || document.status().reason() != StatusReason::kNotFound ||
      !database_->has_replicas())
    return document;
  return ReadSnapshot<std::string>(read, std::numeric_limits<int64_t>::max());
}

Status SqlStore::LoadVersions(std::string_view cluster, const GroupVersionResource& gvr,
                              const std::function<bool(const StoredVersion&)>& row) {
  const KeyRange range = KeyRange::Cluster(cluster);
  const Result<bool> done = ReadWritten<bool>([&](SqlConnection& connection) -> Result<bool> {
    SqlStatement rows = connection.Prepare(
        std::string("SELECT o.namespace,o.name,o.rv FROM types t") +
            connection.dialect().ordered_join + "objects o" +
            IndexHint(connection.dialect(), "objects_okey") +
            " WHERE t.grp=? AND t.version=? AND t.resource=? AND o.type_id=t.type_id AND "
            "o.okey>? AND o.okey<? ORDER BY o.okey",
        RowCount::kUnbounded);
    rows.BindText(gvr.group).BindText(gvr.version).BindText(gvr.resource);
    rows.BindText(range.low).BindText(range.high);
    while (rows.Step()) {
      if (!row({rows.Text(0), rows.Text(1), rows.Text(2)})) break;
    }
    if (!rows.ok()) return rows.status();
    return true;
  });
  return done.ok() ? Status() : done.status();
}

// Within a transaction of `connection` that `dictionary` belongs to.
Result<StoredObject> ReadObject(SqlConnection& connection, const Dictionary& dictionary,
                                const GroupVersionResource& gvr, const std::string& okey,
                                const query::AccessFilter* events_access) {
  const std::string_view name = SplitKey(okey).name;
  const DictionaryType* type = dictionary.Find(gvr);
  if (type == nullptr) return NotFound(gvr.group, gvr.resource, name);
  SqlStatement rows = connection.Prepare(std::string("SELECT b.body,b.id FROM objects o") +
                                         connection.dialect().ordered_join +
                                         "bodies b WHERE o.type_id=? AND o.okey=? AND b.id=o.id");
  rows.BindInt(type->id).BindText(okey);
  if (!rows.Step()) return rows.ok() ? NotFound(gvr.group, gvr.resource, name) : rows.status();
  std::string buffer;
  const Result<std::string_view> body = DecodeBody(rows.Text(0), &buffer);
  if (!body.ok()) return body.status();
  StoredObject object{std::string(*body), {}};
  if (events_access == nullptr) return object;
  Result<std::vector<std::string>> events =
      SqlEvents(connection, dictionary, *events_access).Of(rows.Int(1));
  if (!events.ok()) return events.status();
  object.events = *std::move(events);
  return object;
}

Result<StoredObject> SqlStore::Get(std::string_view cluster, const GroupVersionResource& gvr,
                                   std::string_view name_space, std::string_view name,
                                   const query::AccessFilter* events) {
  // '!' in a cluster or namespace could name another object.
  if (!IsKeyPart(cluster) || !IsKeyPart(name_space)) return NotFound(gvr.group, gvr.resource, name);
  const std::string okey = ObjectKey(cluster, name_space, name);
  return ReadSnapshot<StoredObject>([&](SqlConnection& connection, bool) -> Result<StoredObject> {
    // With what was known of the store last, before its state is here.
    if (const KnownDictionary known = dictionaries_.Known();
        known.dictionary && events == nullptr) {
      connection.ExpectOneStatement();
      Result<StoredObject> object = ReadObject(connection, *known.dictionary, gvr, okey, nullptr);
      const Result<StoreState> state = connection.ReadState();
      if (!state.ok()) return state.status();
      if (known.Covers(*state)) return object;
      connection.Rollback();
      connection.StartRead();
    }
    const Result<StoreState> state = connection.ReadState();
    if (!state.ok()) return state.status();
    const auto dictionary = dictionaries_.Get(connection, *state);
    if (!dictionary.ok()) return dictionary.status();
    return ReadObject(connection, **dictionary, gvr, okey, events);
  });
}

}  // namespace

Result<std::unique_ptr<Store>> OpenStore(std::unique_ptr<Database> database,
                                         const StoreOptions& options) {
  if (Status status = database->Migrate(); !status.ok()) return status;
  {
    Result<std::unique_ptr<SqlConnection>> connection = database->Connect(Database::Role::kWriter);
    if (!connection.ok()) return connection.status();
    if (Status status = Reindex(**connection); !status.ok()) return status;
  }
  return std::unique_ptr<Store>(std::make_unique<SqlStore>(std::move(database), options));
}

Result<std::unique_ptr<Store>> OpenSqliteStore(const SqliteOptions& options) {
  return OpenStore(MakeSqliteDatabase(options.path, options.max_readers),
                   {options.query_deadline, options.list_limits});
}

}  // namespace pedia::storage
