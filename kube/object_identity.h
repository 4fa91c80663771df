// ObjectIdentity: which object some JSON is, in which version: what lists and watches go by.
// Source: metav1.ObjectMeta.
#pragma once
#include <string>
#include <string_view>

#include "meta/result.h"

namespace pedia::kube {

struct ObjectIdentity {
  std::string name_space;  // "" for cluster-scoped.
  std::string name;
  std::string resource_version;
};

// Reads metadata only and stops after it. `object`: well-formed JSON. Errors: BadRequest if there
// is no metadata.name. Pure.
Result<ObjectIdentity> ReadIdentity(std::string_view object);

// metadata.resourceVersion, of a bookmark too, which has no name; "" if there is none. Pure.
std::string ReadResourceVersion(std::string_view object);

}  // namespace pedia::kube
