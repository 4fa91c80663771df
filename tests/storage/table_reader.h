// Reads the tables of a store beside the store, to compare them with what the bodies say. SQL in the
// words that all databases share: no '||', no casts, no sums.
#pragma once
#include <gtest/gtest.h>

#include <algorithm>
#include <initializer_list>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "storage/sql_connection.h"
#include "tests/testing/matchers.h"
#include "tests/testing/test_database.h"

namespace pedia::storage {

using TableRow = std::vector<std::string>;  // NULL is "NULL".

// The rows of `sql`, in a snapshot. Failures are rows.
inline std::vector<TableRow> ReadRows(const testing::TestDatabase& test_database,
                                      std::string_view sql, int columns) {
  const std::unique_ptr<Database> database = test_database.Open();
  auto connection = database->Connect(Database::Role::kWriter);
  if (!connection.ok()) return {{connection.status().ToString()}};
  std::vector<TableRow> rows;
  if (const auto state = (*connection)->BeginRead(); !state.ok())
    return {{state.status().ToString()}};
  {
    SqlStatement read = (*connection)->Prepare(sql);
    while (read.Step()) {
      TableRow& row = rows.emplace_back();
      for (int i = 0; i < columns; ++i) {
        const SqlValue value = read.Value(i);
        if (const auto* number = std::get_if<int64_t>(&value)) {
          row.push_back(std::to_string(*number));
        } else {
          row.emplace_back(read.IsNull(i) ? "NULL" : read.Text(i));
        }
      }
    }
    if (!read.ok()) rows.push_back({read.status().ToString()});
  }
  (*connection)->Rollback();
  return rows;
}

// The same, columns joined by '|'. How many there are is read from the text: up to FROM, by commas.
inline std::vector<std::string> ReadTable(const testing::TestDatabase& database,
                                          std::string_view sql) {
  int columns = 1;
  int depth = 0;
  const std::string_view selected = sql.substr(0, sql.find(" FROM "));
  for (const char c : selected) {
    depth += c == '(' ? 1 : c == ')' ? -1 : 0;
    if (c == ',' && depth == 0) ++columns;
  }
  std::vector<std::string> lines;
  for (const TableRow& row : ReadRows(database, sql, columns)) {
    std::string& line = lines.emplace_back();
    for (size_t i = 0; i < row.size(); ++i) line += (i > 0 ? "|" : "") + row[i];
  }
  return lines;
}

// Runs SQL beside the store, in one transaction.
inline void RunSql(const testing::TestDatabase& test_database, std::string_view sql,
                   std::initializer_list<SqlParameter> parameters = {}) {
  const std::unique_ptr<Database> database = test_database.Open();
  auto connection = database->Connect(Database::Role::kWriter);
  ASSERT_THAT(connection, testing::IsOk());
  ASSERT_THAT((*connection)->BeginWrite(), testing::IsOk());
  {
    SqlStatement statement = (*connection)->Prepare(sql);
    for (const SqlParameter& parameter : parameters) statement.Bind(parameter);
    ASSERT_THAT(statement.Run(), testing::IsOk()) << sql;
  }
  ASSERT_THAT((*connection)->Commit(), testing::IsOk());
}

// All entries but those of the key sets.
inline constexpr char kAllEntries[] =
    "SELECT o.okey,t.resource,k.path,e.value FROM entries e JOIN entry_keys k ON k.key_id=e.key_id "
    "JOIN objects o ON o.id=e.id AND o.okey=e.okey "
    "JOIN types t ON t.type_id=o.type_id AND t.type_id=k.type_id WHERE k.path<>'s' "
    "ORDER BY 1,2,3,4";

// What is wrong with the counts in the table `scopes`.
inline std::vector<std::string> WrongScopes(const testing::TestDatabase& database) {
  std::map<std::string, std::string> counted, said;
  for (const TableRow& row : ReadRows(database,
                                      "SELECT type_id,cluster,namespace,count(*) FROM objects "
                                      "GROUP BY type_id,cluster,namespace",
                                      4))
    counted[row[0] + "|" + row[1] + "|" + row[2]] = row[3];
  for (const TableRow& row :
       ReadRows(database, "SELECT type_id,cluster,namespace,n FROM scopes", 4))
    said[row[0] + "|" + row[1] + "|" + row[2]] = row[3];
  std::vector<std::string> wrong;
  for (const auto& [scope, count] : counted) {
    if (said[scope] != count) wrong.push_back("wrong scope|" + scope + "|" + said[scope]);
    said.erase(scope);
  }
  for (const auto& [scope, count] : said) wrong.push_back("scope without objects|" + scope);
  return wrong;
}

// What is wrong with the database; empty if it is sound: no row of one table without its rows in
// the others.
inline std::vector<std::string> Inconsistencies(const testing::TestDatabase& database) {
  std::vector<std::string> found;
  if (testing::TestDatabase::kind() == testing::TestDatabase::Kind::kSqlite) {
    found = ReadTable(database, "PRAGMA integrity_check");
    if (found == std::vector<std::string>{"ok"}) found.clear();
  }
  for (const char* sql : {
           "SELECT 'object without body',id FROM objects WHERE id NOT IN (SELECT id FROM bodies)",
           "SELECT 'body without object',id FROM bodies WHERE id NOT IN (SELECT id FROM objects)",
           "SELECT 'entry without object',e.okey FROM entries e WHERE NOT EXISTS "
           "(SELECT 1 FROM objects o JOIN entry_keys k ON k.type_id=o.type_id "
           "WHERE o.id=e.id AND k.key_id=e.key_id AND o.okey=e.okey)",
           "SELECT 'key of no resource',path FROM entry_keys WHERE type_id NOT IN "
           "(SELECT type_id FROM types)",
           "SELECT 'set of no resource',set_id FROM key_sets WHERE type_id NOT IN "
           "(SELECT type_id FROM types)",
           "SELECT 'revision from the future',id FROM objects WHERE revision>(SELECT revision FROM "
           "meta)",
           "SELECT 'id from the future',id FROM objects WHERE id>=(SELECT next_object FROM meta)",
           "SELECT 'key from the future',key_id FROM entry_keys WHERE key_id>=(SELECT "
           "next_dictionary FROM meta)",
           "SELECT 'set from the future',set_id FROM key_sets WHERE set_id>=(SELECT "
           "next_dictionary FROM meta)",
       }) {
    for (std::string& row : ReadTable(database, sql)) found.push_back(std::move(row));
  }
  for (const TableRow& row :
       ReadRows(database, "SELECT okey,cluster,namespace,name FROM objects", 4)) {
    if (row[0] != row[1] + "!" + row[2] + "!" + row[3]) found.push_back("wrong okey|" + row[0]);
  }
  for (std::string& wrong : WrongScopes(database)) found.push_back(std::move(wrong));
  return found;
}

}  // namespace pedia::storage
