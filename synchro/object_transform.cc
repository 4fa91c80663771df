#include "synchro/object_transform.h"

#include <openssl/evp.h>

#include <array>
#include <optional>

#include "meta/base64.h"
#include "meta/json_reader.h"

namespace pedia::synchro {
namespace {

constexpr std::string_view kLastApplied = "kubectl.kubernetes.io/last-applied-configuration";

// Writes an object's members with the commas they need.
class MemberWriter {
 public:
  explicit MemberWriter(std::string* out) : out_(*out) { out_.push_back('{'); }
  void Key(std::string_view raw_key) {
    if (!first_) out_.push_back(',');
    first_ = false;
    out_.push_back('"');
    out_.append(raw_key).append("\":");
  }
  void Raw(std::string_view raw_key, std::string_view value) {
    Key(raw_key);
    out_.append(value);
  }
  void Text(std::string_view raw_key, std::string_view text) {
    Key(raw_key);
    AppendJsonString(text, &out_);
  }
  void Close() { out_.push_back('}'); }

 private:
  std::string& out_;
  bool first_ = true;
};

// Whether the key that was read last is `name`, however it is spelled.
bool IsKey(const JsonReader& reader, std::string_view raw_key, std::string_view name) {
  return reader.had_escapes() ? DecodeJsonString(raw_key) == name : raw_key == name;
}

bool PrunesLastApplied(const ObjectContext& context) {
  return context.prune_last_applied || context.secret_data != SecretData::kFull;
}

// Copies the annotations that stand next in `reader` (any value there counts as an empty map if it
// is no object).
void CopyAnnotations(JsonReader* reader, const ObjectContext& context, std::string* out) {
  MemberWriter annotations(out);
  if (reader != nullptr && reader->BeginObject()) {
    for (std::string_view key; reader->NextMember(&key);) {
      const bool dropped = IsKey(*reader, key, kClusterAnnotation) ||
                           (PrunesLastApplied(context) && IsKey(*reader, key, kLastApplied));
      const std::string_view value = reader->Skip();
      if (!dropped) annotations.Raw(key, value);
    }
  }
  annotations.Text(kClusterAnnotation, context.cluster);
  annotations.Close();
}

// Copies the metadata that stands next in `reader`, an object.
void CopyMetadata(JsonReader& reader, const ObjectContext& context, std::string* out) {
  MemberWriter metadata(out);
  bool annotated = false;
  for (std::string_view key; reader.NextMember(&key);) {
    const bool annotations = IsKey(reader, key, "annotations");
    if ((annotations && annotated) ||
        (context.prune_managed_fields && IsKey(reader, key, "managedFields"))) {
      reader.Skip();
    } else if (annotations) {
      metadata.Key(key);
      CopyAnnotations(&reader, context, out);
      annotated = true;
    } else {
      metadata.Raw(key, reader.Skip());
    }
  }
  if (!annotated) {
    metadata.Key("annotations");
    CopyAnnotations(nullptr, context, out);
  }
  metadata.Close();
}

std::string HashOf(std::string_view bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned int size = 0;
  EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, EVP_sha256(), nullptr);
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string text = "sha256:";
  for (size_t i = 0; i < size; ++i) text.append({kHex[digest[i] >> 4], kHex[digest[i] & 15]});
  return text;
}

// What remains of a Secret's value, as it stands in JSON.
std::string SparedValue(SecretData mode, std::string_view value, bool base64) {
  if (mode == SecretData::kKeysOnly) return "";
  const auto decoded = base64 ? DecodeBase64(value) : std::nullopt;
  return EncodeBase64(HashOf(decoded ? std::string_view(*decoded) : value));
}

// Copies the keys of the data that stands next in `reader`; anything but an object becomes {}.
void CopySecretData(JsonReader& reader, SecretData mode, bool base64, std::string* out) {
  MemberWriter data(out);
  if (reader.BeginObject()) {
    for (std::string_view key; reader.NextMember(&key);)
      data.Text(key, SparedValue(mode, reader.ReadString(), base64));
  }
  data.Close();
}

// What of the member `key` of a Secret is kept, data and metadata aside.
bool IsHarmless(const JsonReader& reader, std::string_view key) {
  return IsKey(reader, key, "kind") || IsKey(reader, key, "apiVersion") ||
         IsKey(reader, key, "type") || IsKey(reader, key, "immutable");
}

// Copies a member that is not metadata.
void CopyMember(JsonReader& reader, std::string_view key, const ObjectContext& context,
                MemberWriter* writer, std::string* out) {
  if (context.secret_data == SecretData::kFull || IsHarmless(reader, key)) {
    writer->Raw(key, reader.Skip());
    return;
  }
  const bool base64 = IsKey(reader, key, "data");
  if (!base64 && !IsKey(reader, key, "stringData")) {
    reader.Skip();
    return;
  }
  writer->Key(key);
  CopySecretData(reader, context.secret_data, base64, out);
}

}  // namespace

Result<std::string> TransformObject(const ObjectContext& context, std::string_view object) {
  JsonReader reader(object);
  if (!reader.BeginObject()) return BadRequest("an item is no object");
  std::string out;
  out.reserve(object.size() + 128);
  MemberWriter writer(&out);
  bool has_metadata = false;
  bool has_kind = false;
  bool has_api_version = false;
  for (std::string_view key; reader.NextMember(&key);) {
    if (IsKey(reader, key, "metadata")) {
      if (has_metadata || reader.Peek() != JsonType::kObject) {
        reader.Skip();
        continue;
      }
      has_metadata = true;
      writer.Key(key);
      reader.BeginObject();
      CopyMetadata(reader, context, &out);
      continue;
    }
    has_kind = has_kind || key == "kind";
    has_api_version = has_api_version || key == "apiVersion";
    CopyMember(reader, key, context, &writer, &out);
  }
  writer.Close();
  if (!reader.ok()) return BadRequest("an object is malformed");
  if (!has_metadata) return BadRequest("an object has no metadata");

  std::string type;
  if (!has_kind) type.append("\"kind\":").append(JsonString(context.kind)).push_back(',');
  if (!has_api_version)
    type.append("\"apiVersion\":").append(JsonString(context.gvr.GroupVersion())).push_back(',');
  out.insert(1, type);
  return out;
}

}  // namespace pedia::synchro
