#include "storage/mysql_schema.h"

#include <array>
#include <cstdlib>
#include <utility>

#include "storage/store_state.h"

namespace pedia::storage {
namespace {

// Texts are VARBINARY, which compares as memcmp does and pads nothing. No key may be longer than
// 3,072 bytes. MySQL changes tables outside of transactions, so the row of meta, which says that all
// are there, comes last.
constexpr std::array kTables = {
    // created, deleted: Unix seconds, NULL if there is none; synced: Unix milliseconds.
    R"sql(
CREATE TABLE IF NOT EXISTS types(
  type_id BIGINT NOT NULL PRIMARY KEY,
  grp VARBINARY(255) NOT NULL, version VARBINARY(255) NOT NULL, resource VARBINARY(255) NOT NULL,
  kind VARBINARY(255) NOT NULL,
  UNIQUE KEY types_names(grp, resource, version)))sql",
    // path: 'l:' + label key or 'f:' + field path.
    R"sql(
CREATE TABLE IF NOT EXISTS entry_keys(
  key_id BIGINT NOT NULL PRIMARY KEY,
  type_id BIGINT NOT NULL, path VARBINARY(1024) NOT NULL,
  UNIQUE KEY entry_keys_path(type_id, path)))sql",
    R"sql(
CREATE TABLE IF NOT EXISTS key_sets(
  set_id BIGINT NOT NULL PRIMARY KEY,
  type_id BIGINT NOT NULL, key_ids MEDIUMBLOB NOT NULL,
  KEY key_sets_keys(type_id, key_ids(255))))sql",
    R"sql(
CREATE TABLE IF NOT EXISTS objects(
  id BIGINT NOT NULL PRIMARY KEY,
  type_id BIGINT NOT NULL, okey VARBINARY(575) NOT NULL,
  cluster VARBINARY(575) NOT NULL, namespace VARBINARY(575) NOT NULL, name VARBINARY(575) NOT NULL,
  uid VARBINARY(255) NOT NULL, owner_uid VARBINARY(255), rv VARBINARY(255) NOT NULL,
  rv_number BIGINT, created BIGINT, deleted BIGINT, synced BIGINT NOT NULL,
  revision BIGINT NOT NULL,
  UNIQUE KEY objects_okey(type_id, okey),
  KEY objects_name(type_id, name, okey),
  KEY objects_name_desc(type_id, name DESC, okey),
  KEY objects_created(type_id, created, okey),
  KEY objects_created_desc(type_id, created DESC, okey),
  KEY objects_owner(owner_uid, type_id, okey)))sql",
    R"sql(
CREATE TABLE IF NOT EXISTS bodies(
  id BIGINT NOT NULL PRIMARY KEY, entries MEDIUMBLOB NOT NULL, body LONGBLOB NOT NULL))sql",
    R"sql(
CREATE TABLE IF NOT EXISTS entries(
  key_id BIGINT NOT NULL, value VARBINARY(255) NOT NULL, okey VARBINARY(575) NOT NULL,
  id BIGINT NOT NULL,
  PRIMARY KEY (key_id, value, okey)))sql",
    // How many objects there are, by type, cluster and namespace; rows with none are removed.
    R"sql(
CREATE TABLE IF NOT EXISTS scopes(
  type_id BIGINT NOT NULL, cluster VARBINARY(575) NOT NULL, namespace VARBINARY(575) NOT NULL,
  n BIGINT NOT NULL,
  PRIMARY KEY (type_id, cluster, namespace),
  KEY scopes_namespace(type_id, namespace, cluster)))sql",
    R"sql(
CREATE TABLE IF NOT EXISTS tombstones(
  revision BIGINT NOT NULL, type_id BIGINT NOT NULL, okey VARBINARY(575) NOT NULL,
  PRIMARY KEY (revision, type_id, okey)))sql",
    R"sql(
CREATE TABLE IF NOT EXISTS epochs(
  after_revision BIGINT NOT NULL PRIMARY KEY, epoch BIGINT NOT NULL))sql",
    R"sql(
CREATE TABLE IF NOT EXISTS clusters(
  cluster VARBINARY(575) NOT NULL PRIMARY KEY, document LONGBLOB NOT NULL))sql",
    // bytes: as those of a body. A document stays as long as some cluster names it.
    R"sql(
CREATE TABLE IF NOT EXISTS documents(
  name VARBINARY(128) NOT NULL PRIMARY KEY, bytes LONGBLOB NOT NULL))sql",
    R"sql(
CREATE TABLE IF NOT EXISTS cluster_documents(
  cluster VARBINARY(575) NOT NULL, name VARBINARY(128) NOT NULL,
  PRIMARY KEY (cluster, name),
  KEY cluster_documents_name(name, cluster)))sql",
    // Who may write a cluster: who has claimed it last. claimed: Unix milliseconds.
    R"sql(
CREATE TABLE IF NOT EXISTS claims(
  cluster VARBINARY(575) NOT NULL PRIMARY KEY,
  token BIGINT NOT NULL, claimed BIGINT NOT NULL, holder VARBINARY(255) NOT NULL))sql",
    // last_claim: the token of the last claim of all.
    R"sql(
CREATE TABLE IF NOT EXISTS meta(
  id BIGINT NOT NULL PRIMARY KEY,
  schema_version BIGINT NOT NULL, revision BIGINT NOT NULL,
  encoding BIGINT NOT NULL, encoded_to BIGINT, pruned BIGINT NOT NULL, dictionary BIGINT NOT NULL,
  next_object BIGINT NOT NULL, next_dictionary BIGINT NOT NULL,
  epoch BIGINT NOT NULL, epoch_after BIGINT NOT NULL, last_claim BIGINT NOT NULL DEFAULT 0))sql",
};
constexpr const char* kTableOptions = " ENGINE=InnoDB ROW_FORMAT=DYNAMIC";

constexpr std::pair<std::string_view, size_t> kMaxBytes[] = {
    {"grp", 255},       {"version", 255}, {"resource", 255},  {"kind", 255},  {"path", 1024},
    {"okey", 575},      {"cluster", 575}, {"namespace", 575}, {"name", 575},  {"uid", 255},
    {"owner_uid", 255}, {"rv", 255},      {"value", 255},     {"holder", 255}};

// What came with later versions are tables, which are made where they are missing, and a column.
constexpr int kFirstVersion = 3;
constexpr std::string_view kFindLastClaim =
    "SELECT 1 FROM information_schema.columns WHERE table_schema=DATABASE() AND "
    "table_name='meta' AND column_name='last_claim'";
constexpr std::string_view kAddLastClaim =
    "ALTER TABLE meta ADD COLUMN last_claim BIGINT NOT NULL DEFAULT 0";

// In one database of the server.
constexpr std::string_view kLock = "SELECT GET_LOCK(CONCAT('pedia ',MD5(DATABASE())),60)";
constexpr std::string_view kUnlock = "DO RELEASE_LOCK(CONCAT('pedia ',MD5(DATABASE())))";

// 0 if there is none yet.
Result<int64_t> SchemaVersion(MysqlSession& session) {
  const Result<std::vector<MysqlSession::Row>> tables = session.Query(
      "SELECT 1 FROM information_schema.tables WHERE table_schema=DATABASE() AND "
      "table_name='meta'");
  if (!tables.ok()) return tables.status();
  if (tables->empty()) return 0;
  const Result<std::vector<MysqlSession::Row>> rows =
      session.Query("SELECT schema_version FROM meta WHERE id=1");
  if (!rows.ok()) return rows.status();
  if (rows->empty()) return 0;
  return std::strtoll(rows->front().at(0).value_or("0").c_str(), nullptr, 10);
}

Status CheckVersion(int64_t version) {
  if (version == 0 || (version >= kFirstVersion && version <= kSchemaVersion)) return Status();
  if (version < kFirstVersion)
    return InternalError("its schema has version " + std::to_string(version) +
                         ", which no pedia has written");
  return InternalError("its schema has version " + std::to_string(version) +
                       ", written by a newer pedia; this one knows versions up to " +
                       std::to_string(kSchemaVersion));
}

// The cause, where the server said one.
Status WithCause(const MysqlSession& session, const Status& status) {
  if (status.ok() || session.last_error().code == 0) return status;
  return Status(status.reason(), Describe(session.last_error()));
}

Status MigrateLocked(MysqlSession& session) {
  const Result<int64_t> version = SchemaVersion(session);
  if (!version.ok()) return version.status();
  if (Status status = CheckVersion(*version); !status.ok()) return status;
  if (*version == kSchemaVersion) return Status();
  for (const char* table : kTables) {
    const auto made = session.Query(std::string(table) + kTableOptions);
    if (!made.ok()) return made.status();
  }
  const auto last_claim = session.Query(std::string(kFindLastClaim));
  if (!last_claim.ok()) return last_claim.status();
  if (last_claim->empty()) {
    const auto added = session.Query(std::string(kAddLastClaim));
    if (!added.ok()) return added.status();
  }
  if (*version != 0) {
    const auto done =
        session.Query("UPDATE meta SET schema_version=" + std::to_string(kSchemaVersion));
    return done.ok() ? Status() : done.status();
  }
  const auto done = session.Query(
      "INSERT INTO meta(id,schema_version,revision,encoding,encoded_to,pruned,dictionary,"
      "next_object,next_dictionary,epoch,epoch_after) VALUES(1," +
      std::to_string(kSchemaVersion) + ",0," + std::to_string(EncodingVersion()) +
      ",NULL,0,0,1,1,0,0)");
  return done.ok() ? Status() : done.status();
}

}  // namespace

Status MigrateMysql(MysqlSession& session) {
  // Most often there is nothing to do.
  const Result<int64_t> version = SchemaVersion(session);
  if (!version.ok()) return WithCause(session, version.status());
  if (*version == kSchemaVersion) return Status();
  const Result<std::vector<MysqlSession::Row>> locked = session.Query(kLock);
  if (!locked.ok()) return WithCause(session, locked.status());
  if (locked->empty() || locked->front().at(0) != "1")
    return ServiceUnavailable("another process keeps its schema locked");
  Status status = MigrateLocked(session);
  (void)session.Query(kUnlock);  // The end of the session does so too.
  return WithCause(session, status);
}

size_t MaxBytesOfColumn(std::string_view column) {
  for (const auto& [name, bytes] : kMaxBytes) {
    if (name == column) return bytes;
  }
  return 0;
}

}  // namespace pedia::storage
