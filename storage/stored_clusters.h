// What is stored of clusters as a whole: their records, and of which resources they have objects.
#pragma once
#include <string_view>
#include <vector>

#include "meta/result.h"
#include "storage/sql_connection.h"
#include "storage/store.h"

namespace pedia::storage {

// In a transaction of `connection`. See Store.
Result<std::vector<ClusterRecord>> ReadClusterRecords(SqlConnection& connection);
Result<std::vector<ResourceCount>> CountStoredObjects(SqlConnection& connection);
Result<StoredCluster> ReadCluster(SqlConnection& connection, std::string_view cluster);

}  // namespace pedia::storage
