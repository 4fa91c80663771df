#include "storage/usage.h"

#include <map>
#include <memory>
#include <utility>

#include "storage/dictionary.h"

namespace pedia::storage {
namespace {

using ByTypeAndCluster = std::map<std::pair<int64_t, std::string>, ResourceUsage>;

Result<ByTypeAndCluster> Sum(SqlConnection& connection) {
  ByTypeAndCluster sums;
  ResourceUsage* last = nullptr;
  std::pair<int64_t, std::string> last_key;
  SqlStatement rows = connection.Prepare(
      "SELECT o.type_id,o.cluster,length(b.body),length(b.entries) FROM objects o "
      "JOIN bodies b ON b.id=o.id",
      RowCount::kUnbounded);
  while (rows.Step()) {
    if (last == nullptr || last_key.first != rows.Int(0) || last_key.second != rows.Text(1)) {
      last_key = {rows.Int(0), std::string(rows.Text(1))};
      last = &sums[last_key];
    }
    ++last->objects;
    last->body_bytes += rows.Int(2);
    last->entry_bytes += rows.Int(3);
  }
  if (!rows.ok()) return rows.status();
  return sums;
}

Result<std::vector<ResourceUsage>> Read(SqlConnection& connection) {
  const Result<StoreState> state = connection.BeginRead();
  if (!state.ok()) return state.status();
  DictionaryCache cache;
  const auto dictionary = cache.Get(connection, *state);
  if (!dictionary.ok()) return dictionary.status();
  Result<ByTypeAndCluster> sums = Sum(connection);
  if (!sums.ok()) return sums.status();
  std::vector<ResourceUsage> usages;
  for (const auto& type : (*dictionary)->types) {
    for (auto sum = sums->lower_bound({type->id, ""});
         sum != sums->end() && sum->first.first == type->id; ++sum) {
      ResourceUsage& usage = usages.emplace_back(std::move(sum->second));
      usage.gvr = type->gvr;
      usage.kind = type->kind;
      usage.cluster = sum->first.second;
    }
  }
  return usages;
}

}  // namespace

Result<std::vector<ResourceUsage>> ReadUsage(Database& database) {
  Result<std::unique_ptr<SqlConnection>> connection =
      database.Connect(Database::Role::kPrimaryReader);
  if (!connection.ok()) return connection.status();
  Result<std::vector<ResourceUsage>> usages = Read(**connection);
  (*connection)->Rollback();
  return usages;
}

}  // namespace pedia::storage
