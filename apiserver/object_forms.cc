#include "apiserver/object_forms.h"

#include "meta/json_reader.h"

namespace pedia::apiserver {
namespace {

// The bytes of the member "metadata"; what stands after it is not read.
std::string_view MetadataOf(std::string_view body) {
  JsonReader reader(body);
  if (!reader.BeginObject()) return "{}";
  for (std::string_view key; reader.NextMember(&key);) {
    const std::string_view value = reader.Skip();
    if (key == "metadata" && reader.ok()) return value;
  }
  return "{}";
}

// Annotations by which kube-apiserver carries fields of one version through another. What it makes
// of internal objects (Tables, PartialObjectMetadata) is without them.
bool IsRoundTripAnnotation(std::string_view key) {
  return key == "deprecated.daemonset.template.generation" ||
         key.starts_with("autoscaling.alpha.kubernetes.io/");
}

// Appends the annotations object at `reader`, less those.
void AppendAnnotations(JsonReader& reader, std::string* out) {
  *out += '{';
  if (reader.BeginObject()) {
    for (std::string_view key; reader.NextMember(&key);) {
      const std::string_view value = reader.Skip();
      if (IsRoundTripAnnotation(key)) continue;
      if (out->back() != '{') *out += ',';
      out->append("\"").append(key).append("\":").append(value);
    }
  }
  *out += '}';
}

void AppendPartialMetadata(std::string_view metadata, std::string* out) {
  if (metadata.find("deprecated.daemonset.") == std::string_view::npos &&
      metadata.find("autoscaling.alpha.") == std::string_view::npos) {
    out->append(metadata);
    return;
  }
  JsonReader reader(metadata);
  *out += '{';
  if (reader.BeginObject()) {
    for (std::string_view key; reader.NextMember(&key);) {
      if (out->back() != '{') *out += ',';
      out->append("\"").append(key).append("\":");
      if (key == "annotations") {
        AppendAnnotations(reader, out);
      } else {
        out->append(reader.Skip());
      }
    }
  }
  *out += '}';
}

void AppendMember(std::string_view key, std::string_view value, std::string* out) {
  AppendJsonString(key, out);
  *out += ':';
  AppendJsonString(value, out);
  *out += ',';
}

}  // namespace

void AppendObject(std::string_view body, const TypeMeta& type, std::string* out) {
  bool has_kind = false;
  bool has_api_version = false;
  bool empty = true;
  JsonReader reader(body);
  if (!reader.BeginObject()) {
    out->append(body);
    return;
  }
  for (std::string_view key; !(has_kind && has_api_version) && reader.NextMember(&key);
       reader.Skip()) {
    empty = false;
    has_kind = has_kind || key == "kind";
    has_api_version = has_api_version || key == "apiVersion";
  }
  const size_t brace = body.find('{');
  if ((has_kind && has_api_version) || empty || brace == std::string_view::npos) {
    out->append(body);
    return;
  }
  *out += '{';
  if (!has_kind) AppendMember("kind", type.kind, out);
  if (!has_api_version) AppendMember("apiVersion", type.api_version, out);
  out->append(body.substr(brace + 1));
}

void AppendMetadataOnly(std::string_view body, const TypeMeta& type, std::string* out) {
  *out += '{';
  AppendMember("kind", type.kind, out);
  AppendMember("apiVersion", type.api_version, out);
  *out += "\"metadata\":";
  out->append(MetadataOf(body));
  *out += '}';
}

void AppendPartialObject(std::string_view body, std::string_view version, std::string* out) {
  *out += '{';
  AppendMember("kind", "PartialObjectMetadata", out);
  AppendMember("apiVersion", "meta.k8s.io/" + std::string(version), out);
  *out += "\"metadata\":";
  AppendPartialMetadata(MetadataOf(body), out);
  *out += '}';
}

std::string ResourceVersionOf(std::string_view body) {
  JsonReader reader(MetadataOf(body));
  if (!reader.BeginObject()) return "";
  for (std::string_view key; reader.NextMember(&key); reader.Skip()) {
    if (key == "resourceVersion") return reader.ReadString();
  }
  return "";
}

}  // namespace pedia::apiserver
