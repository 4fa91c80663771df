#include "tests/member/object_text.h"

#include <array>
#include <charconv>
#include <nlohmann/json.hpp>

namespace pedia::member {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::array kMetadataOrder = {"name",
                                       "generateName",
                                       "namespace",
                                       "selfLink",
                                       "uid",
                                       "resourceVersion",
                                       "generation",
                                       "creationTimestamp",
                                       "deletionTimestamp",
                                       "deletionGracePeriodSeconds",
                                       "labels",
                                       "annotations",
                                       "ownerReferences",
                                       "finalizers",
                                       "managedFields"};

Json OrderedMetadata(Json metadata) {
  Json ordered = Json::object();
  for (const char* key : kMetadataOrder) {
    const auto it = metadata.find(key);
    if (it != metadata.end()) ordered[key] = std::move(*it);
  }
  return ordered;
}

// Keys in the order of Kubernetes' structs as far as it is known here; the other keys as they came.
std::string BuiltInText(Json object) {
  Json ordered = {{"metadata", OrderedMetadata(std::move(object["metadata"]))}};
  for (auto& [key, value] : object.items()) {
    if (key != "metadata" && key != "kind" && key != "apiVersion") ordered[key] = std::move(value);
  }
  return ordered.dump().substr(1);
}

std::string CustomText(const ServedResource& resource, Json object) {
  object["kind"] = resource.kind;
  object["apiVersion"] = resource.gvr.GroupVersion();
  return nlohmann::json(object).dump().substr(1);
}

uint64_t ParseVersion(const std::string& text) {
  uint64_t version = 0;
  std::from_chars(text.data(), text.data() + text.size(), version);
  return version;
}

void SetServerFields(const ServerFields& fields, Json* metadata) {
  (*metadata)["resourceVersion"] = std::to_string(fields.resource_version);
  if (metadata->value("uid", "").empty()) (*metadata)["uid"] = fields.uid;
  if (metadata->value("creationTimestamp", Json()).is_null()) {
    (*metadata)["creationTimestamp"] = fields.creation_timestamp;
  }
}

}  // namespace

std::string ServedResource::ObjectPrefix() const {
  if (custom) return "{";
  return R"({"kind":")" + kind + R"(","apiVersion":")" + gvr.GroupVersion() + R"(",)";
}

Result<ObjectText> NormalizeObject(const ServedResource& resource, std::string_view body,
                                   const std::optional<ServerFields>& fields) {
  try {
    Json object = Json::parse(body);
    Json& metadata = object.at("metadata");
    ObjectText result;
    result.name.name = metadata.at("name").get<std::string>();
    result.name.namespace_name = metadata.value("namespace", "");
    result.resource_version = ParseVersion(metadata.value("resourceVersion", ""));
    if (result.name.name.empty() || result.name.namespace_name.empty() == resource.namespaced) {
      return BadRequest("the object of kind " + resource.kind + " has no name or the wrong scope");
    }
    if (fields) SetServerFields(*fields, &metadata);
    result.text =
        resource.custom ? CustomText(resource, std::move(object)) : BuiltInText(std::move(object));
    return result;
  } catch (const Json::exception& e) {
    return BadRequest(std::string("not a Kubernetes object: ") + e.what());
  }
}

ServerFields ServerFieldsOf(std::string_view object) {
  const Json json = Json::parse(object, nullptr, false);
  ServerFields fields;
  if (!json.is_object() || !json.contains("metadata") || !json["metadata"].is_object())
    return fields;
  const Json& metadata = json["metadata"];
  if (metadata.contains("uid") && metadata["uid"].is_string()) fields.uid = metadata["uid"];
  if (metadata.contains("creationTimestamp") && metadata["creationTimestamp"].is_string()) {
    fields.creation_timestamp = metadata["creationTimestamp"];
  }
  return fields;
}

}  // namespace pedia::member
