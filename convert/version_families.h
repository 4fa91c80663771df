// Version families: the group versions under which Kubernetes serves one and the same kind, and
// which convert into one another mechanically, e.g. the CronJobs of batch/v1 and batch/v1beta1, or
// the Events of v1 and events.k8s.io/v1. pedia keeps the objects of a family once, at its stored
// version. Source: Kubernetes deprecated API migration guide; API reference of each version.
#pragma once
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "meta/group_version_resource.h"
#include "meta/result.h"

namespace pedia::convert {

// All pure; lookups are a hash away.

// The members of `gvr`'s family, the stored version first, then as they should be preferred to read
// from: the fewer things are lost, the earlier. Empty for what has no family.
std::span<const GroupVersionResource> FamilyOf(const GroupVersionResource& gvr);
// Under which version objects of `gvr` are stored: its family's stored version, or `gvr` itself.
const GroupVersionResource& StoredVersion(const GroupVersionResource& gvr);

// Under which other versions objects are stored that `group`, `version` and `resource` name; "" is
// any version, any resource: of {"events.k8s.io", "", ""} the Events of v1.
std::vector<GroupVersionResource> StoredElsewhere(std::string_view group, std::string_view version,
                                                  std::string_view resource);

// A field that the stored version has in another place: {"regarding", "involvedObject"}. Members
// joined by '.'.
struct FieldRename {
  std::string_view path;         // In the version it is of.
  std::string_view stored_path;  // In the stored version.
};
// The renames of `gvr`; longer paths first. Empty where all fields stand where they are stored.
std::span<const FieldRename> FieldRenames(const GroupVersionResource& gvr);

// Makes objects of one version from those of another. Immutable, thread-safe.
class Conversion {
 public:
  virtual ~Conversion() = default;
  // `body`: the JSON of one object, with apiVersion. Appends the whole object in the other version.
  // What the other version cannot say is kept where Kubernetes keeps it, in annotations, or left
  // out. Bytes that need no change are copied. Errors: BadRequest for what is no such object;
  // `*out` is then as it was.
  virtual Status Append(std::string_view body, std::string* out) const = 0;
};

// Null if `from` and `to` are the same or of different families. Lives for ever.
const Conversion* FindConversion(const GroupVersionResource& from, const GroupVersionResource& to);

}  // namespace pedia::convert
