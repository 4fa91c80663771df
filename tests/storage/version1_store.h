// A database as the first version of the schema had it, written by hand.
#pragma once
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <map>
#include <string>
#include <vector>

#include "storage/packed_entries.h"
#include "tests/storage/store_fixture.h"

namespace pedia::storage {

inline constexpr char kVersion1Schema[] = R"sql(
PRAGMA page_size=8192;
PRAGMA journal_mode=WAL;
CREATE TABLE meta(
  id INTEGER PRIMARY KEY CHECK (id = 1),
  schema_version INTEGER NOT NULL,
  revision INTEGER NOT NULL);
INSERT INTO meta VALUES (1, 1, 41);
CREATE TABLE types(
  type_id INTEGER PRIMARY KEY,
  grp TEXT NOT NULL, version TEXT NOT NULL, resource TEXT NOT NULL, kind TEXT NOT NULL,
  UNIQUE (grp, resource, version));
CREATE TABLE keys(
  key_id INTEGER PRIMARY KEY,
  type_id INTEGER NOT NULL, path TEXT NOT NULL,
  UNIQUE (type_id, path));
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
CREATE TABLE scopes(
  type_id INTEGER NOT NULL, cluster TEXT NOT NULL, namespace TEXT NOT NULL, n INTEGER NOT NULL,
  PRIMARY KEY (type_id, cluster, namespace)) WITHOUT ROWID;
CREATE INDEX scopes_namespace ON scopes(type_id, namespace, cluster);
CREATE TABLE tombstones(
  id INTEGER PRIMARY KEY, revision INTEGER NOT NULL, type_id INTEGER NOT NULL, okey TEXT NOT NULL);
CREATE TABLE clusters(cluster TEXT PRIMARY KEY, document TEXT NOT NULL) WITHOUT ROWID;
)sql";

// Writes rows as version 1 did. One thread.
class Version1Store {
 public:
  explicit Version1Store(const std::string& path) {
    EXPECT_EQ(sqlite3_open(path.c_str(), &db_), SQLITE_OK);
    Execute(kVersion1Schema);
  }
  ~Version1Store() {
    for (const auto& [sql, statement] : statements_) sqlite3_finalize(statement);
    sqlite3_close(db_);
  }
  Version1Store(const Version1Store&) = delete;
  Version1Store& operator=(const Version1Store&) = delete;

  void Put(const std::vector<TestObject>& objects) {
    Execute("BEGIN");
    for (const TestObject& object : objects) Put(object);
    Execute("COMMIT");
  }

 private:
  // "?" in `sql` are `values`: NULL for none.
  int64_t Run(const char* sql, const std::vector<std::optional<std::string>>& values) {
    sqlite3_stmt*& statement = statements_[sql];
    if (statement == nullptr) {
      EXPECT_EQ(sqlite3_prepare_v2(db_, sql, -1, &statement, nullptr), SQLITE_OK) << sql;
    }
    for (size_t i = 0; i < values.size(); ++i) {
      if (!values[i]) continue;
      sqlite3_bind_text(statement, static_cast<int>(i) + 1, values[i]->data(),
                        static_cast<int>(values[i]->size()), SQLITE_STATIC);
    }
    EXPECT_EQ(sqlite3_step(statement), SQLITE_DONE) << sqlite3_errmsg(db_);
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
    return sqlite3_last_insert_rowid(db_);
  }
  void Execute(const char* sql) {
    EXPECT_EQ(sqlite3_exec(db_, sql, nullptr, nullptr, nullptr), SQLITE_OK) << sqlite3_errmsg(db_);
  }

  int64_t IdOfType(const GroupVersionResource& gvr) {
    int64_t& id = types_[gvr.resource];
    if (id == 0) {
      id = Run("INSERT INTO types(grp,version,resource,kind) VALUES(?,?,?,'Kind')",
               {gvr.group, gvr.version, gvr.resource});
    }
    return id;
  }
  int64_t IdOfKey(int64_t type_id, const std::string& path) {
    int64_t& id = keys_[{type_id, path}];
    if (id == 0) {
      id = Run("INSERT INTO keys(type_id,path) VALUES(?,?)", {std::to_string(type_id), path});
    }
    return id;
  }

  void Put(const TestObject& object) {
    const Result<ObjectRow> row = EncodeObject(object.gvr, object.Json());
    ASSERT_THAT(row, testing::IsOk());
    const std::string type = std::to_string(IdOfType(object.gvr));
    const std::string okey = object.cluster + "!" + object.name_space + "!" + object.name;
    const bool number = !row->resource_version.empty() &&
                        row->resource_version.find_first_not_of("0123456789") == std::string::npos;
    using Text = std::optional<std::string>;
    const std::string id = std::to_string(
        Run("INSERT INTO objects(type_id,okey,cluster,namespace,name,uid,owner_uid,rv,rv_number,"
            "created,deleted,synced,revision) VALUES(?,?,?,?,?,?,?,?,?,?,?,77,41)",
            {type, okey, object.cluster, object.name_space, object.name, row->uid,
             row->owner_uid.empty() ? Text() : row->owner_uid, row->resource_version,
             number ? Text(row->resource_version) : Text(),
             row->created == 0 ? Text() : Text(std::to_string(row->created)),
             row->deleted ? Text(std::to_string(*row->deleted)) : Text()}));
    std::map<int64_t, std::string> values;
    for (const Entry& entry : row->entries)
      values[IdOfKey(types_[object.gvr.resource], entry.key)] = entry.value;
    std::vector<KeyedValue> packed;
    for (const auto& [key_id, value] : values) {
      packed.push_back({key_id, value});
      Run("INSERT INTO entries VALUES(?,?,?,?)", {std::to_string(key_id), value, okey, id});
    }
    Run("INSERT INTO bodies VALUES(?,CAST(? AS BLOB),CAST(? AS BLOB))",
        {id, PackEntries(packed), row->body});
    Run("INSERT INTO scopes VALUES(?,?,?,1) ON CONFLICT DO UPDATE SET n=n+1",
        {type, object.cluster, object.name_space});
  }

  sqlite3* db_ = nullptr;
  std::map<std::string, sqlite3_stmt*> statements_;
  std::map<std::string, int64_t> types_;
  std::map<std::pair<int64_t, std::string>, int64_t> keys_;
};

}  // namespace pedia::storage
