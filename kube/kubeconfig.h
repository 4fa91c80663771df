// Kubeconfig files: the contexts in them, each as a RestConfig.
// Source: Kubernetes docs "Organizing Cluster Access Using kubeconfig Files" (merge rules),
// kubeconfig (v1) reference.
#pragma once
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "kube/rest_config.h"
#include "meta/result.h"

namespace pedia::kube {

struct KubeconfigContext {
  std::string name;
  Result<RestConfig>
      config;  // Failure: why this context cannot be used, naming the missing or bad part.
};

struct Kubeconfig {
  std::string current_context;
  std::vector<KubeconfigContext> contexts;  // In file order, first definition of a name wins.
  std::vector<std::filesystem::path>
      files;  // Every file the result depends on (certificates, keys too), to be watched.
};

// The files that kubectl would read: `explicit_path` if not empty, else $KUBECONFIG (a list), else
// ~/.kube/config.
std::vector<std::filesystem::path> KubeconfigFiles(std::string_view explicit_path);

// Merges `files`; missing files are skipped unless all are missing. Errors: BadRequest naming the
// file and the line.
Result<Kubeconfig> LoadKubeconfig(const std::vector<std::filesystem::path>& files);

// One document, as in PediaCluster spec.kubeconfig; uses its current-context, or its only context.
// Files it names are refused.
Result<RestConfig> ParseInlineKubeconfig(std::string_view yaml);

}  // namespace pedia::kube
