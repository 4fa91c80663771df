// The columns of the table `objects` that are computed from a body.
#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "storage/object_row.h"
#include "storage/sql_statement.h"

namespace pedia::storage {

// Unix seconds, or nothing if the object does not say.
std::optional<int64_t> CreatedOf(const ObjectRow& row);
// Resource versions are opaque, but those of etcd are numbers and are ordered as such.
std::optional<int64_t> NumberOf(std::string_view resource_version);

// What an object is, beside its body.
struct ObjectIdentity {
  int64_t id;
  int64_t type_id;
  std::string_view okey;
  std::string_view cluster;
};
// When it was written.
struct WriteStamp {
  int64_t synced;  // Unix milliseconds.
  int64_t revision;
};

// The columns, by their index in kObjectsTable, that an update writes: uid, rv, rv_number, deleted,
// synced, revision ...
inline constexpr std::array<size_t, 6> kPlainColumns = {6, 8, 9, 11, 12, 13};
inline constexpr size_t kStampColumns = 2;
// ... and, only if one of them changes, because each is part of an index: owner_uid, created.
inline constexpr std::array<size_t, 2> kIndexedColumns = {7, 10};

// Append to `out`; what `row` and `identity` point to must outlive its use.
// A row of kObjectsTable.
void AppendObject(const ObjectIdentity& identity, const ObjectRow& row, const WriteStamp& stamp,
                  std::vector<SqlParameter>* out);
// An id and the plain columns of an update, without the last two.
void AppendPlain(int64_t id, const ObjectRow& row, std::vector<SqlParameter>* out);
// An id and the indexed columns.
void AppendIndexed(int64_t id, const ObjectRow& row, std::vector<SqlParameter>* out);

}  // namespace pedia::storage
