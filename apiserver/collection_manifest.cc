#include "apiserver/collection_manifest.h"

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <utility>

#include "kube/yaml_document.h"

namespace pedia::apiserver {
namespace {

using kube::YamlNode;
using Kind = YamlNode::Kind;

// The text of a member that may be missing.
Result<std::string> Text(const YamlNode& node, std::string_view key) {
  const YamlNode* member = node.Find(key);
  if (member == nullptr) return std::string();
  if (member->kind != Kind::kScalar) return BadRequest(std::string(key) + ": must be a string");
  return member->text;
}

bool IsLowerOrDigit(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

// DNS labels with dots between them: names, groups.
bool IsDottedName(std::string_view text) {
  if (text.empty() || text.size() > 253) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    if (IsLowerOrDigit(text[i])) continue;
    const bool inside = i > 0 && i + 1 < text.size() && text[i - 1] != '.' && text[i + 1] != '.';
    const bool after_dash = inside && text[i] == '.' && text[i - 1] == '-';
    if (!inside || after_dash || (text[i] != '-' && text[i] != '.')) return false;
  }
  return true;
}

// One DNS label: resources, versions.
bool IsSimpleName(std::string_view text) {
  return IsDottedName(text) && text.find('.') == std::string_view::npos;
}

Status CheckMembers(const YamlNode& type) {
  if (type.kind != Kind::kMap) return BadRequest("must be an object");
  static constexpr std::array<std::string_view, 4> kKnown = {"group", "version", "kind",
                                                             "resource"};
  for (const auto& [key, value] : type.members) {
    if (std::find(kKnown.begin(), kKnown.end(), key) == kKnown.end())
      return BadRequest("unknown field '" + key + "'; known are group, version, resource, kind");
  }
  if (type.members.empty()) return BadRequest("must have a group or a resource");
  return {};
}

Result<query::ResourcePattern> ParseType(const YamlNode& type) {
  if (Status status = CheckMembers(type); !status.ok()) return status;
  query::ResourcePattern pattern;
  for (const auto& [key, field] :
       {std::pair("group", &pattern.group), std::pair("version", &pattern.version),
        std::pair("resource", &pattern.resource)}) {
    Result<std::string> text = Text(type, key);
    if (!text.ok()) return text.status();
    *field = *std::move(text);
  }
  if (pattern.resource == "*") pattern.resource.clear();
  pattern.any_group = pattern.group == "*";
  if (pattern.any_group) {
    if (pattern.version.empty() && pattern.resource.empty()) return pattern;
    return BadRequest("group: '*' stands for everything, without version and resource");
  }
  if (!pattern.group.empty() && !IsDottedName(pattern.group))
    return BadRequest("group: '" + pattern.group + "' is no API group");
  if (!pattern.version.empty() && !IsSimpleName(pattern.version))
    return BadRequest("version: '" + pattern.version + "' is no API version");
  if (!pattern.resource.empty() && !IsSimpleName(pattern.resource)) {
    return BadRequest("resource: '" + pattern.resource +
                      "' is no resource; want its plural in lower case, as in 'deployments'");
  }
  return pattern;
}

Result<std::vector<query::ResourcePattern>> ParseTypes(const YamlNode& document) {
  const YamlNode* types = document.Find("resourceTypes");
  if (types == nullptr || types->kind != Kind::kSequence || types->elements.empty())
    return BadRequest("resourceTypes: must be a list with at least one resource");
  std::vector<query::ResourcePattern> patterns;
  for (size_t i = 0; i < types->elements.size(); ++i) {
    const Result<query::ResourcePattern> pattern = ParseType(*types->elements[i]);
    if (!pattern.ok()) {
      const std::string& why = pattern.status().message();
      // "resourceTypes[0].group: ..." of a field, "resourceTypes[0]: ..." of the whole.
      const bool of_field =
          why.starts_with("group:") || why.starts_with("version:") || why.starts_with("resource:");
      return BadRequest("resourceTypes[" + std::to_string(i) + "]" + (of_field ? "." : ": ") + why);
    }
    patterns.push_back(*pattern);
  }
  return patterns;
}

Result<std::string> ParseName(const YamlNode& document) {
  const YamlNode* metadata = document.Find("metadata");
  if (metadata == nullptr || metadata->kind != Kind::kMap)
    return BadRequest("metadata.name: must be given");
  Result<std::string> name = Text(*metadata, "name");
  if (!name.ok()) return BadRequest("metadata." + name.status().message());
  if (!IsDottedName(*name)) {
    return BadRequest("metadata.name: '" + *name +
                      "' is no name; want lower case letters, digits, '-' and '.'");
  }
  return name;
}

Status CheckType(const YamlNode& document) {
  for (const auto& [key, expected] : {std::pair("apiVersion", "clusterpedia.io/v1beta1"),
                                      std::pair("kind", "CollectionResource")}) {
    const Result<std::string> text = Text(document, key);
    if (!text.ok()) return text.status();
    if (*text != expected)
      return BadRequest(std::string(key) + ": '" + *text + "', want '" + expected + "'");
  }
  return {};
}

class ManifestReader {
 public:
  Status Read(const YamlNode& document) {
    if (document.kind != Kind::kMap) return BadRequest("must be an object");
    const Result<std::string> kind = Text(document, "kind");
    if (kind.ok() && (*kind == "List" || *kind == "CollectionResourceList"))
      return ReadList(document);
    if (Status status = CheckType(document); !status.ok()) return status;
    return ReadOne(document);
  }
  std::vector<Collection> Take() { return std::move(collections_); }

 private:
  Status ReadOne(const YamlNode& document) {
    Result<std::string> name = ParseName(document);
    if (!name.ok()) return name.status();
    const auto same = [&](const Collection& other) { return other.name == *name; };
    const auto& built_in = BuiltInCollections();
    if (std::any_of(built_in.begin(), built_in.end(), same))
      return BadRequest("metadata.name: '" + *name + "' is built in");
    if (std::any_of(collections_.begin(), collections_.end(), same))
      return BadRequest("metadata.name: '" + *name + "' is defined already");
    Result<std::vector<query::ResourcePattern>> types = ParseTypes(document);
    if (!types.ok()) return types.status();
    collections_.push_back({*std::move(name), *std::move(types)});
    return {};
  }

  Status ReadList(const YamlNode& list) {
    const YamlNode* items = list.Find("items");
    if (items == nullptr) return {};
    for (size_t i = 0; i < items->elements.size(); ++i) {
      const YamlNode& item = *items->elements[i];
      Status status = CheckType(item);
      if (status.ok()) status = ReadOne(item);
      if (!status.ok()) return BadRequest("items[" + std::to_string(i) + "]." + status.message());
    }
    return {};
  }

  std::vector<Collection> collections_;
};

}  // namespace

Result<std::vector<Collection>> ParseCollections(std::string_view text) {
  const auto documents = kube::ParseYamlDocuments(text);
  if (!documents.ok()) return documents.status();
  ManifestReader reader;
  for (size_t i = 0; i < documents->size(); ++i) {
    if (Status status = reader.Read(*(*documents)[i]); !status.ok())
      return BadRequest("document " + std::to_string(i + 1) + ": " + status.message());
  }
  return reader.Take();
}

}  // namespace pedia::apiserver
