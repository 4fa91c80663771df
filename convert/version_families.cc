#include "convert/version_families.h"

namespace pedia::convert {

std::span<const GroupVersionResource> FamilyOf(const GroupVersionResource&) { return {}; }
const GroupVersionResource& StoredVersion(const GroupVersionResource& gvr) { return gvr; }
std::span<const FieldRename> FieldRenames(const GroupVersionResource&) { return {}; }
const Conversion* FindConversion(const GroupVersionResource&, const GroupVersionResource&) {
  return nullptr;
}

}  // namespace pedia::convert
