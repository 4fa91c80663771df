#include "kube/in_cluster.h"

#include <cstdlib>
#include <string>

#include "kube/bounded_file.h"

namespace pedia::kube {
namespace {

constexpr size_t kMaxFileBytes = 1 << 20;

std::string Environment(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? "" : value;
}

Result<std::string> ReadServiceAccountFile(const std::filesystem::path& file) {
  Result<std::string> content = ReadBoundedFile(file, kMaxFileBytes);
  if (!content.ok())
    return BadRequest("the service account's " + file.string() + ": " + content.status().message());
  if (content->empty()) return BadRequest("the service account's " + file.string() + " is empty");
  return content;
}

}  // namespace

Result<RestConfig> InClusterConfig(const std::filesystem::path& directory) {
  std::string host = Environment("KUBERNETES_SERVICE_HOST");
  const std::string port = Environment("KUBERNETES_SERVICE_PORT");
  if (host.empty() || port.empty()) {
    return BadRequest(
        "this is no pod of a cluster: KUBERNETES_SERVICE_HOST or KUBERNETES_SERVICE_PORT is not "
        "set");
  }
  if (host.find(':') != std::string::npos && !host.starts_with('[')) host = "[" + host + "]";
  // A token that is not there now would only show later, as requests that are refused.
  const Result<std::string> token = ReadServiceAccountFile(directory / "token");
  if (!token.ok()) return token.status();
  Result<std::string> ca = ReadServiceAccountFile(directory / "ca.crt");
  if (!ca.ok()) return ca.status();
  RestConfig config;
  config.server = "https://" + host + ":" + port;
  config.ca_pem = *std::move(ca);
  config.token_file = (directory / "token").string();
  return config;
}

}  // namespace pedia::kube
