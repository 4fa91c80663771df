// Reads the tables of a store's file directly, to compare them with what the bodies say.
#pragma once
#include <sqlite3.h>

#include <string>
#include <vector>

namespace pedia::storage {

// The rows of `sql`, columns joined by '|'.
inline std::vector<std::string> ReadTable(const std::string& path, const char* sql) {
  sqlite3* db = nullptr;
  std::vector<std::string> rows;
  if (sqlite3_open(path.c_str(), &db) == SQLITE_OK) {
    const auto add = [](void* out, int columns, char** values, char**) {
      std::string row;
      for (int i = 0; i < columns; ++i) {
        if (i > 0) row += '|';
        row += values[i] == nullptr ? "NULL" : values[i];
      }
      static_cast<std::vector<std::string>*>(out)->push_back(row);
      return 0;
    };
    char* error = nullptr;
    if (sqlite3_exec(db, sql, add, &rows, &error) != SQLITE_OK) rows.push_back(error);
    sqlite3_free(error);
  }
  sqlite3_close(db);
  return rows;
}

// All entries but those of the key sets.
inline constexpr char kAllEntries[] =
    "SELECT o.okey,t.resource,k.path,e.value FROM entries e JOIN keys k USING(key_id) JOIN objects "
    "o ON o.id=e.id "
    "AND o.okey=e.okey JOIN types t ON t.type_id=o.type_id AND t.type_id=k.type_id WHERE "
    "k.path<>'s' ORDER BY 1,2,3,4";

// What is wrong with the database; empty if it is sound: no row of one table without its rows in
// the others.
inline std::vector<std::string> Inconsistencies(const std::string& path) {
  std::vector<std::string> found = ReadTable(path, "PRAGMA integrity_check");
  if (found == std::vector<std::string>{"ok"}) found.clear();
  for (const char* sql : {
           "SELECT 'object without body',id FROM objects WHERE id NOT IN (SELECT id FROM bodies)",
           "SELECT 'body without object',id FROM bodies WHERE id NOT IN (SELECT id FROM objects)",
           "SELECT 'entry without object',e.okey FROM entries e WHERE NOT EXISTS "
           "(SELECT 1 FROM objects o JOIN keys k ON k.key_id=e.key_id WHERE o.id=e.id AND "
           "o.okey=e.okey "
           "AND o.type_id=k.type_id)",
           "SELECT 'wrong okey',okey FROM objects WHERE okey<>cluster||'!'||namespace||'!'||name",
           "SELECT 'wrong scope',type_id,cluster,namespace,n FROM scopes EXCEPT "
           "SELECT 'wrong scope',type_id,cluster,namespace,count(*) FROM objects GROUP BY "
           "type_id,cluster,namespace",
           "SELECT 'no scope',type_id,cluster,namespace,count(*) FROM objects GROUP BY "
           "type_id,cluster,namespace "
           "EXCEPT SELECT 'no scope',type_id,cluster,namespace,n FROM scopes",
           "SELECT 'key of no resource',path FROM keys WHERE type_id NOT IN (SELECT type_id FROM "
           "types)",
           "SELECT 'object without key set',o.okey FROM objects o WHERE NOT EXISTS "
           "(SELECT 1 FROM keys k JOIN entries e ON e.key_id=k.key_id JOIN key_sets s ON "
           "s.set_id=e.value "
           "WHERE k.type_id=o.type_id AND k.path='s' AND e.okey=o.okey AND s.type_id=o.type_id)",
           "SELECT 'revision from the future',id FROM objects WHERE revision>(SELECT revision FROM "
           "meta)",
       }) {
    for (std::string& row : ReadTable(path, sql)) found.push_back(std::move(row));
  }
  return found;
}

}  // namespace pedia::storage
