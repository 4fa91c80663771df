// KubeconfigResolver: one context of a merged kubeconfig, its cluster and user, as a RestConfig.
// Source: kubeconfig (v1) reference; the checks of k8s.io/client-go/tools/clientcmd.
#pragma once
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kube/rest_config.h"
#include "kube/yaml_document.h"
#include "meta/result.h"

namespace pedia::kube {

// clusters[].cluster, users[].user or contexts[].context, with the folder of its file, to which its
// paths are relative.
struct KubeconfigEntry {
  std::shared_ptr<const YamlNode> body;
  std::filesystem::path folder;
};

// All files' entries, the first of each name.
struct MergedKubeconfig {
  std::string current_context;
  std::vector<std::string> context_names;  // In file order.
  std::map<std::string, KubeconfigEntry> clusters, users, contexts;
};

// One thread.
class KubeconfigResolver {
 public:
  // `allow_files`: whether entries may name files and programs.
  KubeconfigResolver(const MergedKubeconfig& merged, bool allow_files)
      : merged_(merged), allow_files_(allow_files) {}

  // Errors: BadRequest naming the missing or bad part; values are not quoted where they may be
  // secret.
  Result<RestConfig> Resolve(const std::string& context_name);

  // Every file that a resolved context named, readable or not.
  const std::vector<std::filesystem::path>& files() const { return files_; }

 private:
  class Fields;

  Status ReadCluster(const Fields& cluster, RestConfig* config);
  Status ReadUser(const Fields& user, RestConfig* config);
  Status ReadClientCertificate(const Fields& user, RestConfig* config);
  Status ReadImpersonation(const Fields& user, RestConfig* config);
  Status ReadExec(const Fields& exec, RestConfig* config);
  // The field `data_key` (base64) or the content of the file that `file_key` names; "" if there is
  // neither.
  Result<std::string> ReadDataOrFile(const Fields& fields, std::string_view data_key,
                                     std::string_view file_key);
  Result<std::string> ReadFile(const Fields& fields, std::string_view key,
                               const std::string& value);
  Result<std::filesystem::path> ResolvePath(const Fields& fields, std::string_view key,
                                            const std::string& value);

  const MergedKubeconfig& merged_;
  const bool allow_files_;
  std::vector<std::filesystem::path> files_;
};

}  // namespace pedia::kube
