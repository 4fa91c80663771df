#include "apiserver/object_forms.h"

#include <optional>
#include <utility>

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

constexpr std::string_view kEventsAnnotation = "shadow.clusterpedia.io/events";
constexpr std::string_view kClusterAnnotation = "shadow.clusterpedia.io/cluster-name";

// Writes members of an object that are copied from elsewhere.
class MemberCopier {
 public:
  explicit MemberCopier(std::string* out) : out_(*out) { out_ += '{'; }
  void Key(std::string_view raw_key) {
    if (!std::exchange(first_, false)) out_ += ',';
    out_.append("\"").append(raw_key).append("\":");
  }
  void Copy(std::string_view raw_key, std::string_view value) {
    Key(raw_key);
    out_.append(value);
  }
  void Close() { out_ += '}'; }

 private:
  std::string& out_;
  bool first_ = true;
};

// Copies the metadata of an event, less the cluster annotation; annotations that are empty then are
// left out.
void AppendEventMetadata(JsonReader& reader, std::string* out) {
  if (!reader.BeginObject()) return void(*out += "{}");
  MemberCopier metadata(out);
  for (std::string_view key; reader.NextMember(&key);) {
    if (key != "annotations" || reader.Peek() != JsonType::kObject) {
      metadata.Copy(key, reader.Skip());
      continue;
    }
    std::string kept;
    MemberCopier annotations(&kept);
    reader.BeginObject();
    for (std::string_view name; reader.NextMember(&name);) {
      const std::string_view value = reader.Skip();
      if (name != kClusterAnnotation) annotations.Copy(name, value);
    }
    annotations.Close();
    if (kept != "{}") metadata.Copy(key, kept);
  }
  metadata.Close();
}

void AppendEvent(std::string_view event, std::string* out) {
  JsonReader reader(event);
  if (event.find(kClusterAnnotation) == std::string_view::npos || !reader.BeginObject())
    return void(out->append(event));
  MemberCopier members(out);
  for (std::string_view key; reader.NextMember(&key);) {
    if (key == "metadata") {
      members.Key(key);
      AppendEventMetadata(reader, out);
    } else {
      members.Copy(key, reader.Skip());
    }
  }
  members.Close();
}

// The annotation's value as a JSON string.
std::string EventsValue(std::span<const std::string> events) {
  std::string array = "[";
  for (const std::string& event : events) {
    if (array.size() > 1) array += ',';
    AppendEvent(event, &array);
  }
  return JsonString(array + ']');
}

// Bytes of a body that are replaced by `before` + the annotation's value + `after`.
struct Splice {
  size_t begin = 0;
  size_t end = 0;
  std::string before;
  std::string after;
};

std::string QuotedKey(std::string_view key) { return '"' + std::string(key) + "\":"; }

// The offset of the value that `reader` skips, and of its end.
std::pair<size_t, size_t> SkipRange(JsonReader& reader, std::string_view body) {
  const std::string_view value = reader.Skip();
  const auto begin = static_cast<size_t>(value.data() - body.data());
  return {begin, begin + value.size()};
}

// `reader` stands before the annotations: a new member goes in front, one that exists is replaced.
Splice SpliceIntoAnnotations(JsonReader& reader, std::string_view body) {
  if (reader.Peek() != JsonType::kObject) {
    const auto [begin, end] = SkipRange(reader, body);
    return {begin, end, '{' + QuotedKey(kEventsAnnotation), "}"};
  }
  reader.BeginObject();
  const size_t start = reader.offset();
  bool empty = true;
  for (std::string_view key; reader.NextMember(&key); empty = false) {
    const auto [begin, end] = SkipRange(reader, body);
    if (key == kEventsAnnotation) return {begin, end, "", ""};
  }
  return {start, start, QuotedKey(kEventsAnnotation), empty ? "" : ","};
}

// `reader` stands before the metadata.
std::optional<Splice> SpliceIntoMetadata(JsonReader& reader, std::string_view body) {
  if (!reader.BeginObject()) return {};
  const size_t start = reader.offset();
  bool empty = true;
  for (std::string_view key; reader.NextMember(&key); empty = false) {
    if (key == "annotations") return SpliceIntoAnnotations(reader, body);
    reader.Skip();
  }
  return Splice{start, start, "\"annotations\":{" + QuotedKey(kEventsAnnotation),
                empty ? "}" : "},"};
}

std::optional<Splice> FindPlaceOfEvents(std::string_view body) {
  JsonReader reader(body);
  if (!reader.BeginObject()) return {};
  for (std::string_view key; reader.NextMember(&key); reader.Skip()) {
    if (key != "metadata") continue;
    std::optional<Splice> splice = SpliceIntoMetadata(reader, body);
    return reader.ok() ? splice : std::nullopt;
  }
  return {};
}

void AppendMember(std::string_view key, std::string_view value, std::string* out) {
  AppendJsonString(key, out);
  *out += ':';
  AppendJsonString(value, out);
  *out += ',';
}

void BeginPartialObject(std::string_view version, std::string* out) {
  *out += '{';
  AppendMember("kind", "PartialObjectMetadata", out);
  AppendMember("apiVersion", "meta.k8s.io/" + std::string(version), out);
  *out += "\"metadata\":";
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
  BeginPartialObject(version, out);
  AppendPartialMetadata(MetadataOf(body), out);
  *out += '}';
}

void AppendPartialObjectWithoutNumbers(std::string_view body, std::string_view version,
                                       std::string* out) {
  BeginPartialObject(version, out);
  MemberCopier metadata(out);
  JsonReader reader(MetadataOf(body));
  if (reader.BeginObject()) {
    for (std::string_view key; reader.NextMember(&key);) {
      const std::string_view value = reader.Skip();
      if (key != "generation" && key != "deletionGracePeriodSeconds") metadata.Copy(key, value);
    }
  }
  metadata.Close();
  *out += '}';
}

void AppendWithEvents(std::string_view body, std::span<const std::string> events,
                      std::string* out) {
  std::optional<Splice> splice;
  if (!events.empty()) splice = FindPlaceOfEvents(body);
  if (!splice) return void(out->append(body));
  out->append(body.substr(0, splice->begin)).append(splice->before);
  out->append(EventsValue(events)).append(splice->after);
  out->append(body.substr(splice->end));
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
