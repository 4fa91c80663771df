#include "storage/sqlite_schema.h"

#include <sqlite3.h>

#include <array>
#include <chrono>
#include <thread>

namespace pedia::storage {
namespace {

constexpr auto kMaxWait = std::chrono::seconds(30);

// Step i leads from version i to i + 1. Steps are never changed once released.
constexpr std::array<const char*, kSchemaVersion> kMigrations = {
    R"sql(
CREATE TABLE meta(
  id INTEGER PRIMARY KEY CHECK (id = 1),
  schema_version INTEGER NOT NULL,
  revision INTEGER NOT NULL);
INSERT INTO meta VALUES (1, 0, 0);
CREATE TABLE types(
  type_id INTEGER PRIMARY KEY,
  grp TEXT NOT NULL, version TEXT NOT NULL, resource TEXT NOT NULL, kind TEXT NOT NULL,
  UNIQUE (grp, resource, version));
-- path: 'l:' + label key or 'f:' + field path.
CREATE TABLE keys(
  key_id INTEGER PRIMARY KEY,
  type_id INTEGER NOT NULL, path TEXT NOT NULL,
  UNIQUE (type_id, path));
-- created, deleted: Unix seconds, NULL if there is none; synced: Unix milliseconds.
CREATE TABLE objects(
  id INTEGER PRIMARY KEY,
  type_id INTEGER NOT NULL, okey TEXT NOT NULL,
  cluster TEXT NOT NULL, namespace TEXT NOT NULL, name TEXT NOT NULL,
  uid TEXT NOT NULL, owner_uid TEXT, rv TEXT NOT NULL, rv_number INTEGER,
  created INTEGER, deleted INTEGER, synced INTEGER NOT NULL, revision INTEGER NOT NULL);
CREATE UNIQUE INDEX objects_okey ON objects(type_id, okey);
CREATE INDEX objects_name ON objects(type_id, name, okey);
CREATE INDEX objects_created ON objects(type_id, created, okey);
CREATE TABLE bodies(id INTEGER PRIMARY KEY, entries BLOB NOT NULL, body BLOB NOT NULL);
CREATE TABLE entries(
  key_id INTEGER NOT NULL, value TEXT NOT NULL, okey TEXT NOT NULL, id INTEGER NOT NULL,
  PRIMARY KEY (key_id, value, okey)) WITHOUT ROWID;
-- How many objects there are, by type, cluster and namespace; rows with none are removed.
CREATE TABLE scopes(
  type_id INTEGER NOT NULL, cluster TEXT NOT NULL, namespace TEXT NOT NULL, n INTEGER NOT NULL,
  PRIMARY KEY (type_id, cluster, namespace)) WITHOUT ROWID;
CREATE INDEX scopes_namespace ON scopes(type_id, namespace, cluster);
CREATE TABLE tombstones(
  id INTEGER PRIMARY KEY, revision INTEGER NOT NULL, type_id INTEGER NOT NULL, okey TEXT NOT NULL);
CREATE TABLE clusters(cluster TEXT PRIMARY KEY, document TEXT NOT NULL) WITHOUT ROWID;
)sql",
    R"sql(
CREATE INDEX objects_owner ON objects(owner_uid, type_id, okey) WHERE owner_uid IS NOT NULL;
-- The sets of keys that objects have. keys: key_ids as varints, ascending. Each object has, beside
-- its labels and indexed fields, one entry under the path 's' of its type: the decimal set_id of
-- the set of these. So "has key k" is "s IN (the sets with k)", and "lacks key k" as well.
CREATE TABLE key_sets(
  set_id INTEGER PRIMARY KEY,
  type_id INTEGER NOT NULL, keys BLOB NOT NULL,
  UNIQUE (type_id, keys));
-- encoding: by which rule the rows beside the bodies were computed. encoded_to: NULL, or up to
-- which objects.id they are computed anew by it. pruned: how often keys and key_sets lost rows.
ALTER TABLE meta ADD COLUMN encoding INTEGER NOT NULL DEFAULT 0;
ALTER TABLE meta ADD COLUMN encoded_to INTEGER DEFAULT 0;
ALTER TABLE meta ADD COLUMN pruned INTEGER NOT NULL DEFAULT 0;
)sql",
    R"sql(
-- The names that all databases can take.
ALTER TABLE keys RENAME TO entry_keys;
ALTER TABLE key_sets RENAME COLUMN keys TO key_ids;
-- dictionary: counts changes of types, entry_keys and key_sets. next_object, next_dictionary: the
-- next free ids; none is given twice.
ALTER TABLE meta ADD COLUMN dictionary INTEGER NOT NULL DEFAULT 0;
ALTER TABLE meta ADD COLUMN next_object INTEGER NOT NULL DEFAULT 1;
ALTER TABLE meta ADD COLUMN next_dictionary INTEGER NOT NULL DEFAULT 1;
UPDATE meta SET
  next_object = 1 + ifnull((SELECT max(id) FROM objects), 0),
  next_dictionary = 1 + max(ifnull((SELECT max(type_id) FROM types), 0),
                            ifnull((SELECT max(key_id) FROM entry_keys), 0),
                            ifnull((SELECT max(set_id) FROM key_sets), 0));
-- The transactions of one writer in a row are an epoch, with a random id. epoch, epoch_after: that
-- of the last transaction, and the revision after which it began.
ALTER TABLE meta ADD COLUMN epoch INTEGER NOT NULL DEFAULT 0;
ALTER TABLE meta ADD COLUMN epoch_after INTEGER NOT NULL DEFAULT 0;
CREATE TABLE epochs(after_revision INTEGER PRIMARY KEY, epoch INTEGER NOT NULL);
CREATE TABLE new_tombstones(
  revision INTEGER NOT NULL, type_id INTEGER NOT NULL, okey TEXT NOT NULL,
  PRIMARY KEY (revision, type_id, okey)) WITHOUT ROWID;
INSERT OR IGNORE INTO new_tombstones SELECT revision,type_id,okey FROM tombstones;
DROP TABLE tombstones;
ALTER TABLE new_tombstones RENAME TO tombstones;
)sql",
    R"sql(
-- bytes: as those of a body. A document stays as long as some cluster names it.
CREATE TABLE documents(name TEXT NOT NULL UNIQUE, bytes BLOB NOT NULL);
CREATE TABLE cluster_documents(
  cluster TEXT NOT NULL, name TEXT NOT NULL, PRIMARY KEY (cluster, name)) WITHOUT ROWID;
CREATE INDEX cluster_documents_name ON cluster_documents(name, cluster);
)sql",
    R"sql(
-- Who may write a cluster: who has claimed it last. claimed: Unix milliseconds. meta.last_claim: the
-- token of the last claim of all.
CREATE TABLE claims(
  cluster TEXT PRIMARY KEY,
  token INTEGER NOT NULL, claimed INTEGER NOT NULL, holder TEXT NOT NULL) WITHOUT ROWID;
ALTER TABLE meta ADD COLUMN last_claim INTEGER NOT NULL DEFAULT 0;
)sql",
};

// Changing the journal mode needs a lock that SQLite does not wait for.
Status EnterWalMode(SqliteConnection& connection) {
  const auto give_up = std::chrono::steady_clock::now() + kMaxWait;
  if (Status status = connection.Execute("PRAGMA page_size=8192"); !status.ok()) return status;
  while (sqlite3_exec(connection.handle(), "PRAGMA journal_mode=WAL", nullptr, nullptr, nullptr) !=
         SQLITE_OK) {
    if (!connection.IsBusy()) return connection.Failure();
    if (std::chrono::steady_clock::now() > give_up) {
      return ServiceUnavailable("another process keeps the database locked");
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return Status();
}

Result<int64_t> SchemaVersion(SqliteConnection& connection) {
  {
    SqlStatement table = connection.Prepare("SELECT 1 FROM sqlite_schema WHERE name='meta'");
    if (!table.Step()) {
      if (!table.ok()) return table.status();
      return 0;
    }
  }
  SqlStatement version = connection.Prepare("SELECT schema_version FROM meta WHERE id=1");
  if (version.Step()) return version.Int(0);
  return version.ok() ? InternalError("the table meta is empty") : version.status();
}

Status CheckVersion(int64_t version) {
  if (version >= 0 && version <= kSchemaVersion) return Status();
  return InternalError("its schema has version " + std::to_string(version) +
                       ", written by a newer pedia; this one knows versions up to " +
                       std::to_string(kSchemaVersion));
}

Status MigrateLocked(SqliteConnection& connection) {
  const Result<int64_t> version = SchemaVersion(connection);
  if (!version.ok()) return version.status();
  if (Status status = CheckVersion(*version); !status.ok()) return status;
  if (*version == kSchemaVersion) return Status();
  for (size_t step = static_cast<size_t>(*version); step < kMigrations.size(); ++step) {
    if (Status status = connection.Execute(kMigrations[step]); !status.ok()) return status;
  }
  SqlStatement update = connection.Prepare("UPDATE meta SET schema_version=?");
  return update.BindInt(kSchemaVersion).Run();
}

Status AboutFile(const std::string& path, const Status& cause) {
  return Status(cause.reason(), "the database " + path + " cannot be used: " + cause.message());
}

}  // namespace

Status MigrateSqlite(SqliteConnection& connection, const std::string& path) {
  if (Status status = EnterWalMode(connection); !status.ok()) return AboutFile(path, status);
  // Most often there is nothing to do; then a process that writes is not waited for.
  const Result<int64_t> version = SchemaVersion(connection);
  if (version.ok() && *version == kSchemaVersion) return Status();
  if (Status status = connection.Execute("BEGIN EXCLUSIVE"); !status.ok())
    return AboutFile(path, status);
  Status status = MigrateLocked(connection);
  if (status.ok()) status = connection.Execute("COMMIT");
  if (status.ok()) return Status();
  (void)connection.Execute("ROLLBACK");
  return AboutFile(path, status);
}

}  // namespace pedia::storage
