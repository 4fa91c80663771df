#include "synchro/object_transform.h"

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

// Copies the annotations that stand next in `reader` (any value there counts as an empty map if it
// is no object).
void CopyAnnotations(JsonReader* reader, std::string_view cluster, std::string* out) {
  MemberWriter annotations(out);
  if (reader != nullptr && reader->BeginObject()) {
    for (std::string_view key; reader->NextMember(&key);) {
      const std::string_view value = reader->Skip();
      if (key != kLastApplied && key != kClusterAnnotation) annotations.Raw(key, value);
    }
  }
  annotations.Text(kClusterAnnotation, cluster);
  annotations.Close();
}

// Copies the metadata that stands next in `reader`, an object.
void CopyMetadata(JsonReader& reader, std::string_view cluster, std::string* out) {
  MemberWriter metadata(out);
  bool annotated = false;
  for (std::string_view key; reader.NextMember(&key);) {
    if (key == "managedFields" || (key == "annotations" && annotated)) {
      reader.Skip();
    } else if (key == "annotations") {
      metadata.Key(key);
      CopyAnnotations(&reader, cluster, out);
      annotated = true;
    } else {
      metadata.Raw(key, reader.Skip());
    }
  }
  if (!annotated) {
    metadata.Key("annotations");
    CopyAnnotations(nullptr, cluster, out);
  }
  metadata.Close();
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
    if (key == "metadata") {
      if (has_metadata || reader.Peek() != JsonType::kObject) {
        reader.Skip();
        continue;
      }
      has_metadata = true;
      writer.Key(key);
      reader.BeginObject();
      CopyMetadata(reader, context.cluster, &out);
      continue;
    }
    has_kind = has_kind || key == "kind";
    has_api_version = has_api_version || key == "apiVersion";
    writer.Raw(key, reader.Skip());
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
