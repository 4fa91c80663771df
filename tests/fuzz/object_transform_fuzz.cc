// Whatever a member sends as an object: what would be stored of it is well-formed JSON that names
// the object.
// Sources: synchro/object_transform.cc kube/object_identity.cc discovery/cluster_catalog.cc discovery/json_members.cc meta/*.cc
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "discovery/cluster_catalog.h"
#include "kube/object_identity.h"
#include "meta/json_reader.h"
#include "synchro/object_transform.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  (void)pedia::discovery::ParseAggregatedDiscovery(text);
  (void)pedia::discovery::ParseApiResourceList(text);
  (void)pedia::discovery::ParseApiGroupList(text);
  (void)pedia::discovery::CatalogFromJson(text);
  const auto identity = pedia::kube::ReadIdentity(text);
  const auto body = pedia::synchro::TransformObject({"c1", {"", "v1", "pods"}, "Pod"}, text);
  if (!pedia::IsValidJson(text) || !body.ok()) return 0;
  if (!pedia::IsValidJson(*body)) std::abort();
  // Transforming what was stored changes nothing any more.
  const auto again = pedia::synchro::TransformObject({"c1", {"", "v1", "pods"}, "Pod"}, *body);
  if (!again.ok() || *again != *body) std::abort();
  if (identity.ok() && pedia::kube::ReadIdentity(*body)->name != identity->name) std::abort();
  return 0;
}
