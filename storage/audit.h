// AuditStore: whether a live database says what the bodies in it say: columns, entries, key sets,
// and numbers per scope.
#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "meta/result.h"
#include "storage/database.h"

namespace pedia::storage {

struct AuditProgress {
  const char* part;  // "objects", "entries", "differences", "scopes"
  double share;      // Of the part that is done, 0 to 1.
};

struct AuditOptions {
  size_t described = 20;  // So many differences are described; all are counted.
  // Called a few times per second at most; false ends the audit. May be empty.
  std::function<bool(const AuditProgress&)> progress;
};

struct AuditReport {
  int64_t objects = 0;  // Checked.
  int64_t entries = 0;
  int64_t scopes = 0;
  int64_t differences = 0;
  std::vector<std::string> first;  // "v1/pods c1!default!web-1: column uid"
  bool ended = false;              // Before all was checked.
};

// Reads everything once, in snapshots of some hundred objects or some thousand entries each, so that
// neither memory nor what the database must keep for a snapshot grows with the store. What seems
// wrong, as does what others write meanwhile, is looked at once more, in one snapshot. Errors: Conflict if rows were computed by another version of pedia; those of the
// database.
Result<AuditReport> AuditStore(Database& database, const AuditOptions& options);

}  // namespace pedia::storage
