#include "storage/sqlite_columns.h"

#include <charconv>
#include <string_view>

namespace pedia::storage {
namespace {

// Resource versions are opaque, but those of etcd are numbers and are ordered as such.
std::optional<int64_t> NumberOf(std::string_view resource_version) {
  if (resource_version.empty() || resource_version.front() == '-') return std::nullopt;
  int64_t number = 0;
  const char* end = resource_version.data() + resource_version.size();
  const auto [at, error] = std::from_chars(resource_version.data(), end, number);
  if (error != std::errc() || at != end) return std::nullopt;
  return number;
}

}  // namespace

std::optional<int64_t> CreatedOf(const ObjectRow& row) {
  return row.created == 0 ? std::nullopt : std::optional(row.created);
}

void BindPlainColumns(const ObjectRow& row, SqliteStatement& statement) {
  statement.BindText(row.uid)
      .BindText(row.resource_version)
      .BindIntOrNull(NumberOf(row.resource_version))
      .BindIntOrNull(row.deleted);
}

void BindIndexedColumns(const ObjectRow& row, SqliteStatement& statement) {
  if (row.owner_uid.empty()) {
    statement.BindNull();
  } else {
    statement.BindText(row.owner_uid);
  }
  statement.BindIntOrNull(CreatedOf(row));
}

}  // namespace pedia::storage
