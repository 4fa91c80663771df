#include "kube/object_identity.h"

#include <optional>

#include "meta/json_reader.h"

namespace pedia::kube {
namespace {

// Nothing if what was read is malformed.
std::optional<ObjectIdentity> ReadMetadata(std::string_view object) {
  ObjectIdentity identity;
  JsonReader reader(object);
  if (!reader.BeginObject()) return std::nullopt;
  for (std::string_view key; reader.NextMember(&key);) {
    if (key != "metadata") {
      reader.Skip();
      continue;
    }
    if (!reader.BeginObject()) break;
    while (reader.NextMember(&key)) {
      if (key == "name") {
        identity.name = reader.ReadString();
      } else if (key == "namespace") {
        identity.name_space = reader.ReadString();
      } else if (key == "resourceVersion") {
        identity.resource_version = reader.ReadString();
      } else {
        reader.Skip();
      }
    }
    break;
  }
  if (!reader.ok()) return std::nullopt;
  return identity;
}

}  // namespace

Result<ObjectIdentity> ReadIdentity(std::string_view object) {
  const std::optional<ObjectIdentity> identity = ReadMetadata(object);
  if (!identity) return BadRequest("an object is malformed");
  if (identity->name.empty()) return BadRequest("an object has no metadata.name");
  return *identity;
}

std::string ReadResourceVersion(std::string_view object) {
  return ReadMetadata(object).value_or(ObjectIdentity{}).resource_version;
}

}  // namespace pedia::kube
