// StoreUsage: what takes the space.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "meta/group_version_resource.h"
#include "meta/result.h"
#include "storage/database.h"

namespace pedia::storage {

struct ResourceUsage {
  GroupVersionResource gvr;
  std::string kind;
  std::string cluster;
  int64_t objects = 0;
  int64_t body_bytes = 0;   // As stored: compressed.
  int64_t entry_bytes = 0;  // Packed; the table of entries takes about ten times as much.
};

// By resource and cluster. Reads the length of every body: seconds for a million objects. Errors:
// those of the database.
Result<std::vector<ResourceUsage>> ReadUsage(Database& database);

}  // namespace pedia::storage
