// Whatever a member sends as an object: what would be stored of it is well-formed JSON that names
// the object, and holds no value of a Secret whose values are not kept.
// Sources: synchro/object_transform.cc kube/object_identity.cc discovery/cluster_catalog.cc discovery/json_members.cc meta/*.cc -lcrypto
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "discovery/cluster_catalog.h"
#include "kube/object_identity.h"
#include "meta/json_reader.h"
#include "synchro/object_transform.h"

namespace {

using pedia::synchro::ObjectContext;
using pedia::synchro::SecretData;

ObjectContext ContextOf(const char* resource, const char* kind, SecretData secret_data) {
  ObjectContext context;
  context.cluster = "c1";
  context.gvr = {"", "v1", resource};
  context.kind = kind;
  context.secret_data = secret_data;
  return context;
}

void CheckNoValues(std::string_view secret, size_t longest) {
  pedia::JsonReader reader(secret);
  if (!reader.BeginObject()) std::abort();
  for (std::string_view key; reader.NextMember(&key);) {
    const std::string name = pedia::DecodeJsonString(key);
    if (name == "data" || name == "stringData") {
      if (!reader.BeginObject()) std::abort();
      while (reader.NextMember(&key)) {
        if (reader.ReadString().size() != longest) std::abort();
      }
      continue;
    }
    if (name != "metadata" && name != "kind" && name != "apiVersion" && name != "type" &&
        name != "immutable")
      std::abort();
    reader.Skip();
  }
}

void CheckSecret(std::string_view text, SecretData mode, size_t value_length) {
  const auto body = pedia::synchro::TransformObject(ContextOf("secrets", "Secret", mode), text);
  if (!pedia::IsValidJson(text) || !body.ok()) return;
  if (!pedia::IsValidJson(*body)) std::abort();
  CheckNoValues(*body, value_length);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  (void)pedia::discovery::ParseAggregatedDiscovery(text);
  (void)pedia::discovery::ParseApiResourceList(text);
  (void)pedia::discovery::ParseApiGroupList(text);
  (void)pedia::discovery::CatalogFromJson(text);
  const auto identity = pedia::kube::ReadIdentity(text);
  CheckSecret(text, SecretData::kKeysOnly, 0);
  CheckSecret(text, SecretData::kHash, 96);  // The base64 of "sha256:" and 64 digits.
  const ObjectContext pods = ContextOf("pods", "Pod", SecretData::kFull);
  const auto body = pedia::synchro::TransformObject(pods, text);
  if (!pedia::IsValidJson(text) || !body.ok()) return 0;
  if (!pedia::IsValidJson(*body)) std::abort();
  // Transforming what was stored changes nothing any more.
  const auto again = pedia::synchro::TransformObject(pods, *body);
  if (!again.ok() || *again != *body) std::abort();
  if (identity.ok() && pedia::kube::ReadIdentity(*body)->name != identity->name) std::abort();
  return 0;
}
