#include "cmd/cluster_sources.h"

#include <sys/stat.h>

#include <algorithm>
#include <set>

#include "cmd/data_directory.h"
#include "kube/kubeconfig.h"
#include "kube/object_identity.h"
#include "kube/yaml_document.h"
#include "meta/log.h"
#include "synchro/pedia_cluster.h"

namespace pedia::cmd {
namespace {

using synchro::ClusterSpec;

bool IsManifest(const std::filesystem::path& path) {
  const auto extension = path.extension();
  return extension == ".yaml" || extension == ".yml" || extension == ".json";
}

// The manifest files behind a path given by the user; sorted.
std::vector<std::filesystem::path> ManifestFiles(const std::filesystem::path& path) {
  std::error_code error;
  if (!std::filesystem::is_directory(path, error)) return {path};
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(path, error)) {
    if (IsManifest(entry.path()) && !entry.path().filename().string().starts_with('.'))
      files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

// Inode, size and time of a file: what changes when it is written or replaced.
std::string FileSignature(const std::filesystem::path& path) {
  struct stat info {};
  if (stat(path.c_str(), &info) != 0) return path.string() + " missing\n";
  return path.string() + " " + std::to_string(info.st_ino) + " " + std::to_string(info.st_size) +
         " " + std::to_string(info.st_mtim.tv_sec) + "." + std::to_string(info.st_mtim.tv_nsec) +
         "\n";
}

}  // namespace

Result<std::vector<synchro::SyncRule>> ParseSyncFlag(const std::vector<std::string>& items) {
  std::vector<synchro::SyncRule> rules;
  for (const std::string& item : items) {
    if (item == "*") {
      rules.push_back({"*", {}, {"*"}});
      continue;
    }
    const size_t dot = item.find('.');
    const std::string resource = item.substr(0, dot);
    const std::string group = dot == std::string::npos ? "" : item.substr(dot + 1);
    if (resource.empty() || item.find_first_of("/ ") != std::string::npos ||
        (dot != std::string::npos && group.empty())) {
      return BadRequest("--sync '" + item + "': want RESOURCE, RESOURCE.GROUP or '*'");
    }
    rules.push_back({group, {}, {resource}});
  }
  return rules;
}

std::string ClusterNameOfContext(const std::string& context) {
  std::string name;
  for (const char c : context) {
    const char lower = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    const bool keep = (lower >= 'a' && lower <= 'z') || (lower >= '0' && lower <= '9') ||
                      (lower == '.' && !name.empty() && name.back() != '.' && name.back() != '-');
    if (keep) {
      name += lower;
    } else if (!name.empty() && name.back() == '.') {
      name.back() = '-';
    } else if (!name.empty()) {
      name += '-';
    }
  }
  while (!name.empty() && (name.back() == '-' || name.back() == '.')) name.pop_back();
  if (name.size() > 200) name.resize(200);
  while (!name.empty() && (name.back() == '-' || name.back() == '.')) name.pop_back();
  return name.empty() ? "context" : name;
}

void ClusterSources::WarnOnce(const std::string& message) {
  if (!std::exchange(warned_[message], true)) LogWarning(message);
}

void ClusterSources::WarnOfSecond(const std::string& cluster) {
  WarnOnce("cluster '" + cluster + "' is defined twice; the first definition counts");
}

Status ClusterSources::ReadKubeconfig(std::vector<ClusterSpec>* specs) {
  const std::vector<std::filesystem::path> files = kube::KubeconfigFiles(options_.kubeconfig);
  watched_.insert(watched_.end(), files.begin(), files.end());
  auto kubeconfig = kube::LoadKubeconfig(files);
  if (!kubeconfig.ok()) return kubeconfig.status();
  watched_.insert(watched_.end(), kubeconfig->files.begin(), kubeconfig->files.end());
  for (const std::string& wanted : options_.contexts) {
    const auto found = std::find_if(kubeconfig->contexts.begin(), kubeconfig->contexts.end(),
                                    [&](const auto& c) { return c.name == wanted; });
    // Later, a context that goes is a cluster that goes.
    if (found == kubeconfig->contexts.end() && !loaded_)
      return BadRequest("--context '" + wanted + "': there is no such context in the kubeconfig");
  }
  std::set<std::string> names;
  bool leads_to_pedia = false;
  std::vector<std::pair<kube::RestConfig, std::string>> seen;
  for (kube::KubeconfigContext& context : kubeconfig->contexts) {
    const auto& wanted = options_.contexts;
    if (!wanted.empty() && std::find(wanted.begin(), wanted.end(), context.name) == wanted.end())
      continue;
    if (!context.config.ok()) {
      WarnOnce("context '" + context.name +
               "' cannot be used: " + context.config.status().message());
    } else if (context.config->server.find("/apis/clusterpedia.io/") != std::string::npos) {
      // The user's KUBECONFIG may well name the file that pedia wrote.
      WarnOnce("context '" + context.name + "' leads to pedia itself; it is left out");
      leads_to_pedia = true;
      continue;
    } else {
      // Contexts that differ in their namespace only are one cluster.
      const auto same = std::find_if(seen.begin(), seen.end(), [&](const auto& other) {
        return other.first == *context.config;
      });
      if (same != seen.end()) {
        WarnOnce("context '" + context.name + "' reaches the same cluster in the same way as '" +
                 same->second + "'; it is left out");
        continue;
      }
      seen.emplace_back(*context.config, context.name);
    }
    std::string name = ClusterNameOfContext(context.name);
    for (int i = 2; names.contains(name); ++i)
      name = ClusterNameOfContext(context.name) + "-" + std::to_string(i);
    names.insert(name);
    if (name != context.name)
      WarnOnce("context '" + context.name + "' is called '" + name + "' here");
    specs->push_back({.name = name,
                      .config = std::move(context.config),
                      .sync_resources = options_.sync,
                      .sync_all_custom_resources = false,
                      .skip = options_.skip});
  }
  // Going on would mean "no clusters" and so delete all that is stored.
  if (leads_to_pedia && specs->empty() && options_.manifests.empty()) {
    return BadRequest(
        "every context of the kubeconfig leads to pedia itself; name the clusters' own kubeconfig "
        "with --kubeconfig (is KUBECONFIG set to the file that pedia wrote?)");
  }
  return {};
}

Status ClusterSources::ReadManifest(const std::string& json, Manifests* manifests) {
  const auto kind = synchro::KindOfManifest(json);
  if (!kind.ok()) return kind.status();
  if (*kind == "PediaCluster") return ReadPediaCluster(json, manifests);
  if (*kind == "ClusterSyncResources") {
    const auto parsed = synchro::ParseClusterSyncResources(json);
    if (!parsed.ok()) return parsed.status();
    if (!parsed->sync_resources.ok()) return parsed->sync_resources.status();
    manifests->inventory.SetSyncResources(parsed->name, json);
    return {};
  }
  if (*kind == "Secret") {
    const auto identity = kube::ReadIdentity(json);
    if (!identity.ok()) return identity.status();
    manifests->inventory.SetSecret(identity->name, json);
    return {};
  }
  return BadRequest("kind '" + *kind + "' is none of PediaCluster, ClusterSyncResources, Secret");
}

Status ClusterSources::ReadPediaCluster(const std::string& json, Manifests* manifests) {
  const auto parsed = synchro::ParsePediaCluster(json);
  if (!parsed.ok()) return parsed.status();
  if (!parsed->sync_resources.ok()) return parsed->sync_resources.status();
  if (manifests->inventory.Has(parsed->name)) {
    WarnOfSecond(parsed->name);
    return {};
  }
  manifests->inventory.SetPediaCluster(parsed->name, json);
  manifests->clusters.push_back(parsed->name);
  return {};
}

Status ClusterSources::ReadManifestFile(const std::filesystem::path& file, Manifests* manifests) {
  auto text = ReadFile(file);
  if (!text.ok()) return text.status();
  auto documents = kube::ParseYamlDocuments(*text);
  if (!documents.ok()) return BadRequest(file.string() + ": " + documents.status().message());
  for (size_t i = 0; i < documents->size(); ++i) {
    if (Status status = ReadManifest(kube::FormatJson(*(*documents)[i]), manifests); !status.ok()) {
      return BadRequest(file.string() + ", document " + std::to_string(i + 1) + ": " +
                        status.message());
    }
  }
  return {};
}

Status ClusterSources::ReadManifests(std::vector<ClusterSpec>* specs) {
  Manifests manifests;
  for (const std::filesystem::path& path : options_.manifests) {
    watched_.push_back(path);
    for (const std::filesystem::path& file : ManifestFiles(path)) {
      watched_.push_back(file);
      if (Status status = ReadManifestFile(file, &manifests); !status.ok()) return status;
    }
  }
  manifests.inventory.Refresh();
  for (const std::string& name : manifests.clusters)
    specs->push_back(manifests.inventory.specs().at(name));
  return {};
}

Result<std::vector<ClusterSpec>> ClusterSources::Read() {
  std::vector<std::filesystem::path> before = std::exchange(watched_, {});
  std::vector<ClusterSpec> specs;
  Status status = options_.use_kubeconfig ? ReadKubeconfig(&specs) : Status();
  if (status.ok()) status = ReadManifests(&specs);
  if (!status.ok()) {
    watched_.insert(watched_.end(), before.begin(), before.end());
    return status;
  }
  std::set<std::string> names;
  std::erase_if(specs, [&](const ClusterSpec& spec) {
    if (names.insert(spec.name).second) return false;
    WarnOfSecond(spec.name);
    return true;
  });
  return specs;
}

std::string ClusterSources::Signature() const {
  std::string signature;
  for (const std::filesystem::path& path : watched_) {
    signature += FileSignature(path);
    for (const std::filesystem::path& file : ManifestFiles(path)) {
      if (file != path) signature += FileSignature(file);
    }
  }
  return signature;
}

Result<std::vector<ClusterSpec>> ClusterSources::Load() {
  auto specs = Read();
  signature_ = Signature();
  loaded_ = specs.ok();
  return specs;
}

std::optional<std::vector<ClusterSpec>> ClusterSources::Reload() {
  std::string now = Signature();
  if (now == signature_) return {};
  if (now != pending_signature_) {
    pending_signature_ = std::move(now);
    return {};
  }
  auto specs = Read();
  signature_ = Signature();
  if (!specs.ok()) {
    LogWarning("the clusters stay as they are: " + specs.status().message());
    return {};
  }
  LogInfo("the cluster files changed: " + std::to_string(specs->size()) + " clusters");
  return *std::move(specs);
}

}  // namespace pedia::cmd
