#include "storage/postgres_schema.h"

#include <array>
#include <pqxx/pqxx>
#include <utility>

#include "storage/postgres_error.h"
#include "storage/store_state.h"

namespace pedia::storage {
namespace {

// Of pg_advisory_xact_lock, whose numbers are free: "pedia" in ASCII.
constexpr char kLock[] = "SELECT pg_advisory_xact_lock(482754127201)";

// The other databases had versions before this one.
constexpr int kFirstVersion = 3;

// All text is bytea: it is compared byte by byte and may hold any. Numbers come first in a row,
// where they need no padding. Tables whose rows change keep room for the new row beside the old
// one, which then touches no index. What an index INCLUDEs is read without looking at the table.
constexpr char kTables[] = R"sql(
CREATE TABLE meta(
  id bigint PRIMARY KEY CHECK (id = 1),
  schema_version bigint NOT NULL, revision bigint NOT NULL,
  encoding bigint NOT NULL, encoded_to bigint, pruned bigint NOT NULL, dictionary bigint NOT NULL,
  next_object bigint NOT NULL, next_dictionary bigint NOT NULL,
  epoch bigint NOT NULL, epoch_after bigint NOT NULL) WITH (fillfactor = 10);
INSERT INTO meta VALUES (1, 3, 0, 0, 0, 0, 0, 1, 1, 0, 0);
CREATE TABLE epochs(after_revision bigint PRIMARY KEY, epoch bigint NOT NULL);
CREATE TABLE types(
  type_id bigint PRIMARY KEY,
  grp bytea NOT NULL, version bytea NOT NULL, resource bytea NOT NULL, kind bytea NOT NULL,
  UNIQUE (grp, resource, version));
CREATE TABLE entry_keys(
  key_id bigint PRIMARY KEY, type_id bigint NOT NULL, path bytea NOT NULL,
  UNIQUE (type_id, path));
CREATE TABLE key_sets(set_id bigint PRIMARY KEY, type_id bigint NOT NULL, key_ids bytea NOT NULL);
-- Sets may be longer than what an index takes.
CREATE UNIQUE INDEX key_sets_type ON key_sets(type_id, md5(key_ids));
CREATE TABLE objects(
  id bigint PRIMARY KEY, type_id bigint NOT NULL,
  rv_number bigint, created bigint, deleted bigint,
  synced bigint NOT NULL, revision bigint NOT NULL,
  okey bytea NOT NULL, cluster bytea NOT NULL, namespace bytea NOT NULL, name bytea NOT NULL,
  uid bytea NOT NULL, owner_uid bytea, rv bytea NOT NULL) WITH (
  fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);
CREATE UNIQUE INDEX objects_okey ON objects(type_id, okey) INCLUDE (id);
CREATE INDEX objects_name ON objects(type_id, name, okey);
-- For the newest first; the other way round equal times are sorted.
CREATE INDEX objects_created ON objects(type_id, created DESC, okey) INCLUDE (id);
CREATE INDEX objects_owner ON objects(owner_uid, type_id, okey) WHERE owner_uid IS NOT NULL;
-- Bodies are compressed already and small enough to stay in their row, where new ones replace old
-- ones without a trace; what is moved out of the row is only ever reclaimed by vacuuming.
CREATE TABLE bodies(id bigint PRIMARY KEY, entries bytea NOT NULL, body bytea NOT NULL) WITH (
  fillfactor = 80, toast_tuple_target = 8160, autovacuum_vacuum_scale_factor = 0.02,
  autovacuum_vacuum_cost_delay = 0);
ALTER TABLE bodies ALTER entries SET STORAGE EXTERNAL, ALTER body SET STORAGE EXTERNAL;
CREATE TABLE entries(
  key_id bigint NOT NULL, id bigint NOT NULL, value bytea NOT NULL, okey bytea NOT NULL,
  PRIMARY KEY (key_id, value, okey) INCLUDE (id)) WITH (
  autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);
CREATE TABLE scopes(
  type_id bigint NOT NULL, n bigint NOT NULL, cluster bytea NOT NULL, namespace bytea NOT NULL,
  PRIMARY KEY (type_id, cluster, namespace)) WITH (fillfactor = 50);
CREATE INDEX scopes_namespace ON scopes(type_id, namespace, cluster);
CREATE TABLE tombstones(
  revision bigint NOT NULL, type_id bigint NOT NULL, okey bytea NOT NULL,
  PRIMARY KEY (revision, type_id, okey));
CREATE TABLE clusters(cluster bytea PRIMARY KEY, document bytea NOT NULL);
)sql";

// Step i leads from version kFirstVersion + i to the next. Steps are never changed once released.
constexpr std::array<const char*, kSchemaVersion - kFirstVersion> kMigrations = {
    R"sql(
CREATE TABLE documents(name bytea PRIMARY KEY, bytes bytea NOT NULL);
-- They are compressed already.
ALTER TABLE documents ALTER bytes SET STORAGE EXTERNAL;
CREATE TABLE cluster_documents(
  cluster bytea NOT NULL, name bytea NOT NULL, PRIMARY KEY (cluster, name));
CREATE INDEX cluster_documents_name ON cluster_documents(name, cluster);
)sql",
    R"sql(
-- Who may write a cluster: who has claimed it last. claimed: Unix milliseconds. meta.last_claim: the
-- token of the last claim of all.
CREATE TABLE claims(
  cluster bytea PRIMARY KEY, token bigint NOT NULL, claimed bigint NOT NULL, holder bytea NOT NULL);
ALTER TABLE meta ADD COLUMN last_claim bigint NOT NULL DEFAULT 0;
)sql",
};

// 0: there are no tables.
int64_t SchemaVersion(pqxx::transaction_base& transaction) {
  const pqxx::result table = transaction.exec(
      "SELECT 1 FROM pg_tables WHERE tablename='meta' AND schemaname=current_schema()");
  if (table.empty()) return 0;
  const pqxx::result version = transaction.exec("SELECT schema_version FROM meta WHERE id=1");
  if (version.empty()) throw std::runtime_error("the table meta is empty");
  return version[0][0].as<int64_t>();
}

Status CheckVersion(int64_t version) {
  if (version == 0 || (version >= kFirstVersion && version <= kSchemaVersion)) return Status();
  return InternalError("its schema has version " + std::to_string(version) +
                       ", written by a newer pedia; this one knows versions up to " +
                       std::to_string(kSchemaVersion));
}

Status Migrate(pqxx::connection& connection) {
  {
    // Most often there is nothing to do, and nobody is waited for.
    pqxx::nontransaction look(connection);
    const int64_t version = SchemaVersion(look);
    if (version == kSchemaVersion || !CheckVersion(version).ok()) return CheckVersion(version);
  }
  pqxx::work work(connection);
  work.exec(kLock);
  const int64_t version = SchemaVersion(work);
  if (Status status = CheckVersion(version); !status.ok()) return status;
  if (version == 0) work.exec(kTables);
  for (auto step = static_cast<size_t>(version == 0 ? 0 : version - kFirstVersion);
       step < kMigrations.size(); ++step)
    work.exec(kMigrations[step]);
  work.exec("UPDATE meta SET schema_version=" + std::to_string(kSchemaVersion) +
            " WHERE schema_version<>" + std::to_string(kSchemaVersion));
  work.commit();
  return Status();
}

Status About(const std::string& name, const Status& cause) {
  return Status(cause.reason(), "the database " + name + " cannot be used: " + cause.message());
}

}  // namespace

Status MigratePostgres(const std::string& connection_text, const std::string& name) {
  const PostgresErrors errors = {name, {}};
  try {
    pqxx::connection connection(connection_text);
    const Status status = Migrate(connection);
    return status.ok() ? status : About(name, status);
  } catch (const pqxx::sql_error& error) {
    const Status status = PostgresFailure(errors, error.sqlstate(), error.what());
    if (status.reason() != StatusReason::kInternalError) return About(name, status);
    return InternalError("the database " + name + " cannot be used: " + error.what());
  } catch (const pqxx::broken_connection& error) {
    return About(name, PostgresFailure(errors, "", error.what()));
  } catch (const std::exception& error) {
    return InternalError("the database " + name + " cannot be used: " + error.what());
  }
}

}  // namespace pedia::storage
