#include "storage/stored_clusters.h"

#include <string>
#include <utility>

namespace pedia::storage {
namespace {

GroupVersionResource ReadGvr(const SqlStatement& row, int column) {
  return {std::string(row.Text(column)), std::string(row.Text(column + 1)),
          std::string(row.Text(column + 2))};
}

}  // namespace

Result<std::vector<ClusterRecord>> ReadClusterRecords(SqlConnection& connection) {
  std::vector<ClusterRecord> records;
  SqlStatement rows = connection.Prepare("SELECT cluster,document FROM clusters ORDER BY cluster",
                                         RowCount::kUnbounded);
  while (rows.Step()) records.push_back({std::string(rows.Text(0)), std::string(rows.Text(1)), {}});
  if (!rows.ok()) return rows.status();
  SqlStatement names = connection.Prepare(
      "SELECT cluster,name FROM cluster_documents ORDER BY cluster,name", RowCount::kUnbounded);
  auto record = records.begin();
  while (names.Step()) {
    while (record != records.end() && record->cluster < names.Text(0)) ++record;
    if (record == records.end()) break;
    if (record->cluster == names.Text(0)) record->documents.emplace_back(names.Text(1));
  }
  if (!names.ok()) return names.status();
  return records;
}

Result<std::vector<ResourceCount>> CountStoredObjects(SqlConnection& connection) {
  std::vector<ResourceCount> counts;
  SqlStatement rows = connection.Prepare(
      "SELECT s.cluster,t.grp,t.version,t.resource,s.n FROM scopes s JOIN types t ON "
      "t.type_id=s.type_id ORDER BY 1,2,3,4",
      RowCount::kUnbounded);
  while (rows.Step()) {
    ResourceCount next{std::string(rows.Text(0)), ReadGvr(rows, 1), rows.Int(4)};
    const bool same =
        !counts.empty() && counts.back().cluster == next.cluster && counts.back().gvr == next.gvr;
    if (same) {
      counts.back().objects += next.objects;
    } else {
      counts.push_back(std::move(next));
    }
  }
  if (!rows.ok()) return rows.status();
  return counts;
}

Result<StoredCluster> ReadCluster(SqlConnection& connection, std::string_view cluster) {
  StoredCluster stored;
  SqlStatement record = connection.Prepare("SELECT document FROM clusters WHERE cluster=?");
  if (record.BindText(cluster).Step()) stored.document = record.Text(0);
  if (!record.ok()) return record.status();
  SqlStatement resources = connection.Prepare(
      "SELECT t.grp,t.version,t.resource FROM types t WHERE EXISTS(SELECT 1 FROM scopes s WHERE "
      "s.type_id=t.type_id AND s.cluster=?)",
      RowCount::kUnbounded);
  resources.BindText(cluster);
  while (resources.Step()) stored.resources.push_back(ReadGvr(resources, 0));
  if (!resources.ok()) return resources.status();
  return stored;
}

}  // namespace pedia::storage
