#include "tests/member/recorded_world.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pedia::member {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kUidShape = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
constexpr const char* kDefinitionsPath = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";

bool IsUidAt(std::string_view text, size_t at) {
  if (text.size() - at < kUidShape.size()) return false;
  for (size_t i = 0; i < kUidShape.size(); ++i) {
    const char c = text[at + i];
    const bool hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
    if (kUidShape[i] == '-' ? c != '-' : !hex) return false;
  }
  return true;
}

std::string OtherUid(const std::string& uid, const std::string& cluster) {
  std::string other = uid;
  uint64_t bits = std::hash<std::string>()(cluster + "/" + uid);
  for (const int at : {0, 1, 2, 3, 4, 5, 6, 7, 24, 25, 26, 27, 28, 29, 30, 31}) {
    other[static_cast<size_t>(at)] = "0123456789abcdef"[bits & 15];
    bits >>= 4;
  }
  return other;
}

std::string OfCluster(const std::string& text, const std::string& cluster) {
  if (cluster.empty()) return text;
  constexpr std::string_view kNode = "\"node-";
  std::string out;
  out.reserve(text.size() + 64);
  for (size_t i = 0; i < text.size();) {
    if (IsUidAt(text, i)) {
      out += OtherUid(text.substr(i, kUidShape.size()), cluster);
      i += kUidShape.size();
    } else if (text.compare(i, kNode.size(), kNode) == 0 && i + kNode.size() < text.size() &&
               text[i + kNode.size()] <= '9') {
      out += "\"" + cluster + "-node-";
      i += kNode.size();
    } else {
      out.push_back(text[i++]);
    }
  }
  return out;
}

// "/apis/apps/v1/deployments" -> {"apps", "v1", "deployments"}; nothing for paths of discovery.
std::optional<GroupVersionResource> ResourceOfPath(std::string_view path) {
  GroupVersionResource gvr;
  std::string* const parts[] = {&gvr.group, &gvr.version, &gvr.resource};
  const bool core = path.starts_with("/api/");
  if (!core && !path.starts_with("/apis/")) return std::nullopt;
  path.remove_prefix(core ? 5 : 6);
  for (size_t i = core ? 1 : 0; i < 3; ++i) {
    const size_t slash = path.find('/');
    if ((slash == std::string_view::npos) != (i == 2)) return std::nullopt;
    *parts[i] = path.substr(0, slash);
    path.remove_prefix(slash == std::string_view::npos ? path.size() : slash + 1);
  }
  return gvr;
}

std::set<std::string> CustomGroups(const Json& world) {
  std::set<std::string> groups;
  if (!world.contains(kDefinitionsPath)) return groups;
  for (const Json& crd : world.at(kDefinitionsPath).at("items"))
    groups.insert(crd.at("spec").at("group"));
  return groups;
}

Status LoadApi(World& world, const Json& recorded) {
  const std::set<std::string> custom = CustomGroups(recorded);
  std::vector<std::string> paths = {"/api/v1"};
  for (const Json& group : recorded.at("/apis").at("groups")) {
    for (const Json& version : group.at("versions")) {
      paths.push_back("/apis/" + version.at("groupVersion").get<std::string>());
    }
  }
  for (const std::string& path : paths) {
    Result<ApiGroupVersion> api = ParseApiResourceList(recorded.at(path).dump());
    if (!api.ok()) return api.status();
    api->custom = custom.contains(api->group);
    world.AddApi(*api);
  }
  constexpr std::string_view kOpenApi = "/openapi/v3/";
  for (const auto& [path, document] : recorded.items()) {
    if (path.starts_with(kOpenApi)) world.SetOpenApi(path.substr(kOpenApi.size()), document.dump());
  }
  if (recorded.contains("/version")) world.SetVersionDocument(recorded.at("/version").dump());
  return Status();
}

Status LoadObjects(World& world, const Json& recorded, const std::string& cluster) {
  uint64_t newest = 0;
  for (const auto& [path, document] : recorded.items()) {
    const std::optional<GroupVersionResource> gvr = ResourceOfPath(path);
    if (!gvr || !document.contains("items") || world.FindResource(*gvr) == nullptr) continue;
    const std::string version = document.at("metadata").value("resourceVersion", "0");
    newest = std::max<uint64_t>(newest, std::strtoull(version.c_str(), nullptr, 10));
    for (const Json& item : document.at("items")) {
      Status status = world.Load(*gvr, OfCluster(item.dump(), cluster));
      if (!status.ok()) return status;
    }
  }
  world.RaiseResourceVersion(newest);
  return Status();
}

}  // namespace

Result<std::string> ReadWorldFile(const std::filesystem::path& file) {
  // What is not compressed gzread hands out as it is.
  const std::unique_ptr<gzFile_s, int (*)(gzFile)> in(gzopen(file.c_str(), "rb"), gzclose);
  if (in == nullptr) return BadRequest("cannot read " + file.string());
  std::string text;
  std::array<char, 64 * 1024> block;
  int read = 0;
  while ((read = gzread(in.get(), block.data(), block.size())) > 0)
    text.append(block.data(), static_cast<size_t>(read));
  if (read < 0) return BadRequest(file.string() + " is a broken gzip file");
  return text;
}

Status LoadRecordedWorld(World& world, const RecordedOptions& options) {
  const Result<std::string> text = ReadWorldFile(options.file);
  if (!text.ok()) return text.status();
  try {
    const Json recorded = Json::parse(*text);
    Status status = LoadApi(world, recorded);
    return status.ok() ? LoadObjects(world, recorded, options.cluster) : status;
  } catch (const Json::exception& e) {
    return BadRequest(options.file.string() + ": " + e.what());
  }
}

}  // namespace pedia::member
