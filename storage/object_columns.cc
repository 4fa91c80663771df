#include "storage/object_columns.h"

#include <charconv>

namespace pedia::storage {
namespace {

SqlParameter IntOrNull(std::optional<int64_t> value) {
  return value ? SqlParameter(*value) : SqlParameter();
}

SqlParameter OwnerOf(const ObjectRow& row) {
  return row.owner_uid.empty() ? SqlParameter() : SqlParameter(TextView{row.owner_uid});
}

}  // namespace

std::optional<int64_t> CreatedOf(const ObjectRow& row) {
  return row.created == 0 ? std::nullopt : std::optional(row.created);
}

std::optional<int64_t> NumberOf(std::string_view resource_version) {
  if (resource_version.empty() || resource_version.front() == '-') return std::nullopt;
  int64_t number = 0;
  const char* end = resource_version.data() + resource_version.size();
  const auto [at, error] = std::from_chars(resource_version.data(), end, number);
  if (error != std::errc() || at != end) return std::nullopt;
  return number;
}

void AppendObject(const ObjectIdentity& identity, const ObjectRow& row, const WriteStamp& stamp,
                  std::vector<SqlParameter>* out) {
  out->insert(out->end(),
              {identity.id, identity.type_id, TextView{identity.okey}, TextView{identity.cluster},
               TextView{row.name_space}, TextView{row.name}, TextView{row.uid}, OwnerOf(row),
               TextView{row.resource_version}, IntOrNull(NumberOf(row.resource_version)),
               IntOrNull(CreatedOf(row)), IntOrNull(row.deleted), stamp.synced, stamp.revision});
}

void AppendPlain(int64_t id, const ObjectRow& row, std::vector<SqlParameter>* out) {
  out->insert(out->end(), {id, TextView{row.uid}, TextView{row.resource_version},
                           IntOrNull(NumberOf(row.resource_version)), IntOrNull(row.deleted)});
}

void AppendIndexed(int64_t id, const ObjectRow& row, std::vector<SqlParameter>* out) {
  out->insert(out->end(), {id, OwnerOf(row), IntOrNull(CreatedOf(row))});
}

}  // namespace pedia::storage
