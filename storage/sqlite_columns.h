// The columns of the table `objects` that are computed from a body.
#pragma once
#include <cstdint>
#include <optional>

#include "storage/object_row.h"
#include "storage/sqlite_connection.h"

namespace pedia::storage {

// Unix seconds, or nothing if the object does not say.
std::optional<int64_t> CreatedOf(const ObjectRow& row);

// Bind the next parameters of `statement`; `row` must outlive their use.
// uid, rv, rv_number, deleted:
void BindPlainColumns(const ObjectRow& row, SqliteStatement& statement);
// owner_uid, created. Apart, because SQLite writes the entries of an index anew for every column in
// a SET, changed or not.
void BindIndexedColumns(const ObjectRow& row, SqliteStatement& statement);

}  // namespace pedia::storage
