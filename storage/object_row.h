// ObjectRow: one Kubernetes object as the store keeps it: its bytes, and beside them what is
// searched. Source: metav1.ObjectMeta; the invariant "side tables = recomputed from the body".
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "meta/group_version_resource.h"
#include "meta/result.h"

namespace pedia::storage {

// One searchable entry: a label ("l:app", "web") or an indexed field ("f:status.phase", "Running"),
// which says exactly what query::FieldScanner finds at that path, cut by IndexedValue: of an object
// or array its JSON, of null nothing.
struct Entry {
  std::string key;
  std::string value;
  auto operator<=>(const Entry&) const = default;
  bool operator==(const Entry&) const = default;
};

struct ObjectRow {
  std::string name_space;  // "" for cluster-scoped.
  std::string name;
  // These three, too, are cut by IndexedValue: databases limit what they index.
  std::string uid;
  std::string resource_version;
  std::string owner_uid;           // Of the controller ownerReference; "" if none.
  int64_t created = 0;             // Unix seconds of creationTimestamp; 0 if missing.
  std::optional<int64_t> deleted;  // Unix seconds of deletionTimestamp.
  std::vector<Entry> entries;      // Sorted, unique.
  std::string body;                // Encoded: see body_codec.h.
};

// Computes the row of `body` (plain, well-formed JSON of one object, already pruned and annotated).
// Errors: BadRequest if it is no object or has no metadata.name. Pure, so it may run on any thread.
Result<ObjectRow> EncodeObject(const GroupVersionResource& gvr, std::string_view body);

}  // namespace pedia::storage
