#include "tests/member/kubeconfig_file.h"

#include <fstream>

#include "meta/base64.h"

namespace pedia::member {

std::string FormatKubeconfig(const std::vector<KubeconfigEntry>& entries) {
  std::string clusters;
  std::string users;
  std::string contexts;
  for (const KubeconfigEntry& entry : entries) {
    clusters += "- name: " + entry.context + "\n  cluster:\n    server: " + entry.server + "\n";
    if (!entry.ca_pem.empty())
      clusters += "    certificate-authority-data: " + EncodeBase64(entry.ca_pem) + "\n";
    users += "- name: " + entry.context + "\n  user:\n";
    if (!entry.token.empty()) {
      users += "    token: " + entry.token + "\n";
    } else {
      users += "    client-certificate-data: " + EncodeBase64(entry.client_cert_pem) +
               "\n    client-key-data: " + EncodeBase64(entry.client_key_pem) + "\n";
    }
    contexts += "- name: " + entry.context + "\n  context:\n    cluster: " + entry.context +
                "\n    user: " + entry.context + "\n";
  }
  return "apiVersion: v1\nkind: Config\ncurrent-context: " +
         (entries.empty() ? "\"\"" : entries[0].context) + "\nclusters:\n" + clusters + "users:\n" +
         users + "contexts:\n" + contexts;
}

Status WriteKubeconfig(const std::filesystem::path& file,
                       const std::vector<KubeconfigEntry>& entries) {
  std::error_code error;
  std::filesystem::remove(file, error);
  std::ofstream out(file);
  std::filesystem::permissions(
      file, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write, error);
  out << FormatKubeconfig(entries) << std::flush;
  return out ? Status() : InternalError("cannot write " + file.string());
}

}  // namespace pedia::member
