// ClusterSources: the member clusters that the user names on the command line: contexts of
// kubeconfig files, and manifests of PediaClusters, with the ClusterSyncResources and Secrets that
// these refer to; read again when a file changes.
#pragma once
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "meta/result.h"
#include "synchro/cluster_inventory.h"
#include "synchro/synchro_manager.h"

namespace pedia::cmd {

struct SourceOptions {
  std::string kubeconfig;                        // "" = as kubectl finds it.
  bool use_kubeconfig = true;                    // False when only manifests were asked for.
  std::vector<std::string> contexts;             // Empty = all.
  std::vector<std::filesystem::path> manifests;  // Files and folders (*.yaml, *.yml, *.json).
  std::vector<synchro::SyncRule> sync;           // For contexts.
  std::vector<std::string> skip;                 // For contexts.
};

// Parses "pods", "deployments.apps", "*" into rules. Errors: BadRequest quoting the item.
Result<std::vector<synchro::SyncRule>> ParseSyncFlag(const std::vector<std::string>& items);

// A context's name as a cluster's: lower case, everything else '-'. "admin@prod" -> "admin-prod".
std::string ClusterNameOfContext(const std::string& context);

// One thread.
class ClusterSources {
 public:
  explicit ClusterSources(SourceOptions options) : options_(std::move(options)) {}

  // Reads everything. Errors: only what should stop the program at its start: a file named by the
  // user that is not there or is no kubeconfig; a context that does not exist. Everything else is a
  // warning in the log, naming file and context.
  Result<std::vector<synchro::ClusterSpec>> Load();

  // Reads again if a file changed since; nothing otherwise, also when what changed cannot be read
  // now: a file caught half written must not remove clusters.
  std::optional<std::vector<synchro::ClusterSpec>> Reload();

 private:
  Result<std::vector<synchro::ClusterSpec>> Read();
  Status ReadKubeconfig(std::vector<synchro::ClusterSpec>* specs);
  // What stands in the files; all that feature gates allow is allowed.
  struct Manifests {
    synchro::ClusterInventory inventory{{.all_custom_resources = true,
                                         .all_resources = true,
                                         .ignore_leases = false,
                                         .secrets = true}};
    std::vector<std::string> clusters;  // In the order of their definitions.
  };
  Status ReadManifests(std::vector<synchro::ClusterSpec>* specs);
  Status ReadManifestFile(const std::filesystem::path& file, Manifests* manifests);
  Status ReadManifest(const std::string& json, Manifests* manifests);
  Status ReadPediaCluster(const std::string& json, Manifests* manifests);
  std::string Signature() const;
  void WarnOnce(const std::string& message);
  void WarnOfSecond(const std::string& cluster);  // That it is defined twice.

  SourceOptions options_;
  std::vector<std::filesystem::path> watched_;
  std::string signature_;          // Of what was read last.
  std::string pending_signature_;  // Seen once; read when it is seen a second time, so that
                                   // half-written files settle.
  bool loaded_ = false;
  std::map<std::string, bool> warned_;
};

}  // namespace pedia::cmd
