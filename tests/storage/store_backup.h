// StoreBackup: what a store's tables hold at a time, to be put back under a store that runs.
#pragma once
#include <gtest/gtest.h>

#include <array>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "storage/database.h"
#include "storage/table.h"
#include "tests/testing/matchers.h"

namespace pedia::storage {

inline constexpr std::array kMetaColumns =
    std::to_array<Column>({{"id", ColumnType::kInt},
                           {"schema_version", ColumnType::kInt},
                           {"revision", ColumnType::kInt},
                           {"encoding", ColumnType::kInt},
                           {"encoded_to", ColumnType::kInt},
                           {"pruned", ColumnType::kInt},
                           {"dictionary", ColumnType::kInt},
                           {"next_object", ColumnType::kInt},
                           {"next_dictionary", ColumnType::kInt},
                           {"epoch", ColumnType::kInt},
                           {"epoch_after", ColumnType::kInt},
                           {"last_claim", ColumnType::kInt}});
inline const Table kMetaTable = {"meta", kMetaColumns, 1};

// One thread.
class StoreBackup {
 public:
  explicit StoreBackup(std::unique_ptr<Database> database) : database_(std::move(database)) {
    const auto connection = Connect();
    EXPECT_THAT(connection->BeginRead(), testing::IsOk());
    for (const Table* table : Tables()) Read(*connection, *table);
    connection->Rollback();
  }

  // In one transaction.
  void Restore() {
    const auto connection = Connect();
    ASSERT_THAT(connection->BeginWrite(), testing::IsOk());
    for (const Table* table : Tables()) {
      const std::string clear = "DELETE FROM " + std::string(table->name);
      ASSERT_THAT(connection->Prepare(clear).Run(), testing::IsOk());
      if (rows_[table].empty()) continue;
      ASSERT_THAT(connection->Insert(*table, rows_[table]), testing::IsOk());
    }
    ASSERT_THAT(connection->Commit(), testing::IsOk());
  }

 private:
  static std::vector<const Table*> Tables() {
    return {&kObjectsTable,  &kBodiesTable,    &kEntriesTable,          &kTombstonesTable,
            &kScopesTable,   &kTypesTable,     &kEntryKeysTable,        &kKeySetsTable,
            &kClustersTable, &kDocumentsTable, &kClusterDocumentsTable, &kEpochsTable,
            &kClaimsTable,   &kMetaTable};
  }
  std::unique_ptr<SqlConnection> Connect() {
    auto connection = database_->Connect(Database::Role::kWriter);
    EXPECT_THAT(connection, testing::IsOk());
    return *std::move(connection);
  }
  void Read(SqlConnection& connection, const Table& table) {
    std::string columns;
    for (const Column& column : table.columns) {
      if (!columns.empty()) columns += ',';
      columns += column.name;
    }
    SqlStatement read =
        connection.Prepare("SELECT " + columns + " FROM " + std::string(table.name));
    while (read.Step()) {
      for (size_t i = 0; i < table.columns.size(); ++i)
        rows_[&table].push_back(Parameter(table.columns[i].type, static_cast<int>(i), read));
    }
    EXPECT_THAT(read.status(), testing::IsOk());
  }
  SqlParameter Parameter(ColumnType type, int column, const SqlStatement& row) {
    if (row.IsNull(column)) return {};
    if (type == ColumnType::kInt) return row.Int(column);
    texts_.emplace_back(row.Text(column));
    if (type == ColumnType::kBlob) return BlobView{texts_.back()};
    return TextView{texts_.back()};
  }

  std::unique_ptr<Database> database_;
  std::map<const Table*, std::vector<SqlParameter>> rows_;
  std::deque<std::string> texts_;  // What the rows point to.
};

}  // namespace pedia::storage
