#include "policy/pedia_cluster_draft.h"

#include <algorithm>
#include <initializer_list>

#include "kube/yaml_document.h"
#include "meta/json_string.h"

namespace pedia::policy {
namespace {

using kube::YamlNode;

constexpr std::string_view kApiVersion = "cluster.clusterpedia.io/v1alpha2";
constexpr std::string_view kKind = "PediaCluster";

bool IsMap(const YamlNode* node) { return node != nullptr && node->kind == YamlNode::Kind::kMap; }

// Errors: naming the first member that is none of `known`.
Status CheckMembers(const YamlNode& map, const char* where,
                    std::initializer_list<std::string_view> known) {
  for (const auto& [key, value] : map.members) {
    if (std::find(known.begin(), known.end(), key) == known.end())
      return BadRequest("a template must not set " + std::string(where) + key);
  }
  return {};
}

Status CheckText(const YamlNode& map, const char* key, std::string_view wanted) {
  const YamlNode* const node = map.Find(key);
  if (node == nullptr || (node->kind == YamlNode::Kind::kScalar && node->text == wanted)) return {};
  return BadRequest("not a PediaCluster: " + std::string(key) + " must be " + std::string(wanted));
}

Status ReadStrings(const YamlNode& metadata, const char* key, std::string* out) {
  const YamlNode* const node = metadata.Find(key);
  if (node == nullptr) return {};
  if (!IsMap(node)) return BadRequest("metadata." + std::string(key) + " must be a map");
  std::string json;
  for (const auto& [name, value] : node->members) {
    if (value->kind != YamlNode::Kind::kScalar)
      return BadRequest("metadata." + std::string(key) + ": the value of " + name +
                        " must be a string");
    json += (json.empty() ? "" : ",") + JsonString(name) + ":" + JsonString(value->text);
  }
  *out = "{" + json + "}";
  return {};
}

Status ReadMetadata(const YamlNode& document, std::string_view name, PediaClusterDraft* draft) {
  const YamlNode* const metadata = document.Find("metadata");
  if (metadata == nullptr) return {};
  if (!IsMap(metadata)) return BadRequest("metadata must be a map");
  if (Status status = CheckMembers(*metadata, "metadata.", {"name", "labels", "annotations"});
      !status.ok())
    return status;
  if (const YamlNode* const given = metadata->Find("name");
      given != nullptr && given->text != name && !given->text.empty())
    return BadRequest("metadata.name must be that of the PediaClusterLifecycle, " +
                      std::string(name));
  if (Status status = ReadStrings(*metadata, "labels", &draft->labels); !status.ok()) return status;
  return ReadStrings(*metadata, "annotations", &draft->annotations);
}

Status ReadSpec(const YamlNode& spec, PediaClusterDraft* draft) {
  std::string rest;
  for (const auto& [key, value] : spec.members) {
    const auto* const field = std::find(kConnectionFields.begin(), kConnectionFields.end(), key);
    if (field == kConnectionFields.end()) {
      if (value->kind == YamlNode::Kind::kNull) continue;
      rest += (rest.empty() ? "" : ",") + JsonString(key) + ":" + kube::FormatJson(*value);
      continue;
    }
    if (value->kind == YamlNode::Kind::kNull) continue;
    if (value->kind != YamlNode::Kind::kScalar)
      return BadRequest("spec." + key + " must be a string");
    // Base64 may look like a number; it is the text that counts.
    draft->connection.values[static_cast<size_t>(field - kConnectionFields.begin())] = value->text;
  }
  draft->rest = "{" + rest + "}";
  return {};
}

}  // namespace

Result<PediaClusterDraft> ParsePediaClusterDraft(std::string_view yaml, std::string_view name) {
  const auto documents = kube::ParseYamlDocuments(yaml);
  if (!documents.ok())
    return BadRequest("the template gives no YAML: " + documents.status().message());
  if (documents->size() != 1 || !IsMap(documents->front().get()))
    return BadRequest("the template must give one PediaCluster, as YAML");
  const YamlNode& document = *documents->front();
  PediaClusterDraft draft;
  if (Status status = CheckText(document, "apiVersion", kApiVersion); !status.ok()) return status;
  if (Status status = CheckText(document, "kind", kKind); !status.ok()) return status;
  if (Status status = CheckMembers(document, "", {"apiVersion", "kind", "metadata", "spec"});
      !status.ok())
    return status;
  if (Status status = ReadMetadata(document, name, &draft); !status.ok()) return status;
  const YamlNode* const spec = document.Find("spec");
  if (!IsMap(spec)) return BadRequest("spec must be a map");
  if (Status status = ReadSpec(*spec, &draft); !status.ok()) return status;
  return draft;
}

Result<std::string> PediaClusterToCreate(const PediaClusterDraft& draft,
                                         const Lifecycle& lifecycle) {
  if (lifecycle.meta.name.empty() || lifecycle.meta.uid.empty())
    return BadRequest("a PediaClusterLifecycle without name or uid cannot be an owner");
  std::string spec = draft.rest.substr(0, draft.rest.size() - 1);
  for (size_t i = 0; i < kConnectionFields.size(); ++i) {
    if (draft.connection.values[i].empty()) continue;
    spec += (spec.size() > 1 ? ",\"" : "\"") + std::string(kConnectionFields[i]) +
            "\":" + JsonString(draft.connection.values[i]);
  }
  return "{\"apiVersion\":" + JsonString(kApiVersion) + ",\"kind\":" + JsonString(kKind) +
         ",\"metadata\":{\"name\":" + JsonString(lifecycle.meta.name) +
         ",\"labels\":" + draft.labels + ",\"annotations\":" + draft.annotations +
         ",\"ownerReferences\":[{\"apiVersion\":\"policy.clusterpedia.io/v1alpha1\"," +
         "\"kind\":\"PediaClusterLifecycle\",\"name\":" + JsonString(lifecycle.meta.name) +
         ",\"uid\":" + JsonString(lifecycle.meta.uid) + "}]},\"spec\":" + spec + "}}";
}

}  // namespace pedia::policy
