// A kubeconfig file for simulated members.
// Source: Kubernetes docs "Organizing Cluster Access Using kubeconfig Files".
#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "meta/result.h"

namespace pedia::member {

struct KubeconfigEntry {
  std::string context;  // Also the name of its cluster and user.
  std::string server;   // URL
  std::string ca_pem;
  std::string token;  // "" = client certificate.
  std::string client_cert_pem;
  std::string client_key_pem;
};

// YAML; the first entry is the current context.
std::string FormatKubeconfig(const std::vector<KubeconfigEntry>& entries);
// Mode 0600. Errors: InternalError naming the file.
Status WriteKubeconfig(const std::filesystem::path& file,
                       const std::vector<KubeconfigEntry>& entries);

}  // namespace pedia::member
