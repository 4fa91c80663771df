#include "synchro/pedia_cluster.h"

#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "meta/json_reader.h"
#include "synchro/nlohmann_fields.h"
#include "synchro/sync_rules.h"

namespace pedia::synchro {
namespace {

using Json = nlohmann::json;

// The document's metadata.name and spec. Errors: as ParsePediaCluster.
Result<std::pair<std::string, Json>> ReadDocument(std::string_view text, const char* wanted_kind) {
  if (!IsValidJson(text)) return BadRequest("not a JSON object");
  const Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return BadRequest("not an object");
  JsonFields top(json, "manifest");
  if (const std::string kind = top.Text("kind"); kind != wanted_kind)
    return BadRequest("kind '" + kind + "' is not " + wanted_kind);
  if (const std::string version = top.Text("apiVersion");
      version != "cluster.clusterpedia.io/v1alpha2") {
    return BadRequest("apiVersion '" + version + "' is not cluster.clusterpedia.io/v1alpha2");
  }
  const Json* metadata = top.Find("metadata");
  const Json* spec = top.Find("spec");
  if (metadata == nullptr || !metadata->is_object()) return BadRequest("metadata is missing");
  if (spec == nullptr || !spec->is_object()) return BadRequest("spec is missing");
  std::string name = JsonFields(*metadata, "metadata").Text("name");
  if (!IsClusterName(name))
    return BadRequest("metadata.name '" + name + "' is no DNS-1123 subdomain");
  return std::pair(std::move(name), *spec);
}

std::string SyncResourcesOf(const Json& spec) {
  const Json* list = JsonFields(spec, "spec").Find("syncResources");
  return list == nullptr ? "" : list->dump();
}

}  // namespace

Result<ParsedPediaCluster> ParsePediaCluster(std::string_view json) {
  const auto document = ReadDocument(json, "PediaCluster");
  if (!document.ok()) return document.status();
  const Json& spec = document->second;
  JsonFields fields(spec, "spec");
  ParsedPediaCluster parsed{.name = document->first,
                            .sync_resources = ParseSyncResources(SyncResourcesOf(spec)),
                            .sync_all_custom_resources = fields.Flag("syncAllCustomResources"),
                            .sync_resources_ref = fields.Text("syncResourcesRefName")};
  if (fields.error()) return BadRequest(*fields.error());
  return parsed;
}

Result<ParsedSyncResources> ParseClusterSyncResources(std::string_view json) {
  const auto document = ReadDocument(json, "ClusterSyncResources");
  if (!document.ok()) return document.status();
  return ParsedSyncResources{document->first,
                             ParseSyncResources(SyncResourcesOf(document->second))};
}

Result<std::string> KindOfManifest(std::string_view json) {
  if (!IsValidJson(json)) return BadRequest("not a JSON object");
  const Json document = Json::parse(json, nullptr, /*allow_exceptions=*/false);
  if (!document.is_object()) return BadRequest("not an object");
  JsonFields fields(document, "manifest");
  std::string kind = fields.Text("kind");
  if (fields.error()) return BadRequest(*fields.error());
  return kind;
}

bool IsClusterName(std::string_view name) {
  const auto alphanumeric = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  if (name.empty() || name.size() > 253) return false;
  for (size_t i = 0; i < name.size(); ++i) {
    const bool inside_label =
        i > 0 && i + 1 < name.size() && name[i - 1] != '.' && name[i + 1] != '.';
    const bool inside_name = i > 0 && i + 1 < name.size() && alphanumeric(name[i - 1]);
    if (alphanumeric(name[i]) || (name[i] == '-' && inside_label) ||
        (name[i] == '.' && inside_name))
      continue;
    return false;
  }
  return true;
}

}  // namespace pedia::synchro
