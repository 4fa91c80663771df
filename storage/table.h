// The tables of the store as the writer sees them: which columns, of which type. The schema files of
// the databases make them so; ARCHITECTURE.md explains them.
#pragma once
#include <cstddef>
#include <span>
#include <string_view>

namespace pedia::storage {

enum class ColumnType { kInt, kText, kBlob };

struct Column {
  std::string_view name;
  ColumnType type;
};

struct Table {
  std::string_view name;
  std::span<const Column> columns;
  size_t key_columns;  // The first ones: what a row is found by when it is changed or deleted.
};

extern const Table kObjectsTable;           // id | type_id, okey, ... as in table.cc
extern const Table kBodiesTable;            // id | entries, body
extern const Table kEntriesTable;           // key_id, value, okey | id
extern const Table kTombstonesTable;        // revision, type_id, okey
extern const Table kEpochsTable;            // after_revision | epoch
extern const Table kScopesTable;            // type_id, cluster, namespace | n
extern const Table kTypesTable;             // type_id | grp, version, resource, kind
extern const Table kEntryKeysTable;         // key_id | type_id, path
extern const Table kKeySetsTable;           // set_id | type_id, key_ids
extern const Table kClustersTable;          // cluster | document
extern const Table kDocumentsTable;         // name | bytes
extern const Table kClusterDocumentsTable;  // cluster, name
extern const Table kClaimsTable;            // cluster | token, claimed, holder

}  // namespace pedia::storage
