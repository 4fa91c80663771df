// TrustSource: the ClientTrust of this moment, from files and from the ConfigMap
// kube-system/extension-apiserver-authentication, followed as they change.
// Source: Kubernetes docs "Configure the Aggregation Layer"; k8s.io/apiserver's delegated
// authentication, its flags and defaults.
#pragma once
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "apiserver/client_trust.h"
#include "kube/client.h"
#include "meta/result.h"

namespace pedia::apiserver {

struct TrustOptions {
  // Files; what is not given is looked up in the ConfigMap.
  std::string client_ca_file;
  std::string requestheader_client_ca_file;
  // Only with requestheader_client_ca_file.
  std::vector<std::string> requestheader_allowed_names;
  std::vector<std::string> requestheader_username_headers{"x-remote-user"};
  std::vector<std::string> requestheader_uid_headers;
  std::vector<std::string> requestheader_group_headers{"x-remote-group"};
  std::vector<std::string> requestheader_extra_headers_prefix{"x-remote-extra-"};
  bool skip_lookup = false;              // Never read the ConfigMap.
  bool tolerate_lookup_failure = false;  // Start without what it should say.
  std::chrono::milliseconds lookup_timeout{10'000};
  std::chrono::milliseconds file_interval{5'000};  // How often files are read again.
};

// An update that cannot be used is logged, and what was known before stays. Thread-safe.
class TrustSource {
 public:
  // Reads everything once; may block for lookup_timeout. `client` must outlive the source; null if
  // there is no management cluster. Errors: BadRequest naming the file that cannot be used;
  // ServiceUnavailable if the ConfigMap cannot be read or says nothing of a front proxy.
  static Result<std::unique_ptr<TrustSource>> Start(TrustOptions options, kube::Client* client);
  ~TrustSource();
  std::shared_ptr<const ClientTrust> Get() const;

 private:
  class Core;
  explicit TrustSource(std::unique_ptr<Core> core);
  const std::unique_ptr<Core> core_;
};

}  // namespace pedia::apiserver
