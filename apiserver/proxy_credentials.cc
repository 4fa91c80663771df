#include "apiserver/proxy_credentials.h"

#include <functional>
#include <string>
#include <utility>

#include "kube/pem.h"
#include "kube/server_url.h"
#include "meta/base64.h"

namespace pedia::apiserver {
namespace {

constexpr char kCa[] = "X-Clusterpedia-Proxy-Ca";
constexpr char kToken[] = "X-Clusterpedia-Proxy-Token";
constexpr char kCert[] = "X-Clusterpedia-Proxy-Client-Cert";
constexpr char kKey[] = "X-Clusterpedia-Proxy-Client-Key";

// "" without the header.
Result<std::string> PemOf(const HttpRequest& request, const char* header,
                          Status (*check)(std::string_view pem)) {
  const std::string_view text = request.Header(header).value_or("");
  if (text.empty()) return std::string();
  const std::optional<std::string> pem = DecodeBase64(text);
  if (!pem) return BadRequest(std::string("header ") + header + " is not base64");
  const Status status = check(*pem);
  if (!status.ok()) return BadRequest(std::string("header ") + header + " " + status.message());
  return *pem;
}

struct Brought {
  std::string ca_pem, token, cert_pem, key_pem;
  bool has_credentials() const { return !token.empty() || !cert_pem.empty(); }
};

Result<Brought> ReadHeaders(const HttpRequest& request) {
  Brought brought;
  brought.token = request.Header(kToken).value_or("");
  if (kube::HasControlCharacters(brought.token))
    return BadRequest(std::string("header ") + kToken + " has control characters");
  Result<std::string> ca = PemOf(request, kCa, kube::CheckCertificatePem);
  if (!ca.ok()) return ca.status();
  Result<std::string> cert = PemOf(request, kCert, kube::CheckCertificatePem);
  if (!cert.ok()) return cert.status();
  Result<std::string> key = PemOf(request, kKey, kube::CheckPrivateKeyPem);
  if (!key.ok()) return key.status();
  if (cert->empty() != key->empty())
    return BadRequest(std::string("headers ") + kCert + " and " + kKey + " belong together");
  brought.ca_pem = *std::move(ca);
  brought.cert_pem = *std::move(cert);
  brought.key_pem = *std::move(key);
  return brought;
}

// How to reach the cluster and to know that it is it.
kube::RestConfig WithoutCredentials(const kube::RestConfig& cluster) {
  kube::RestConfig config;
  config.server = cluster.server;
  config.tls_server_name = cluster.tls_server_name;
  config.insecure_skip_tls_verify = cluster.insecure_skip_tls_verify;
  config.ca_pem = cluster.ca_pem;
  config.proxy_url = cluster.proxy_url;
  return config;
}

// The member adds system:authenticated by itself, and would ask for a right to give it.
void Impersonate(const UserInfo& user, kube::RestConfig* config) {
  config->impersonate_user = user.name;
  config->impersonate_uid = user.uid;
  config->impersonate_groups.clear();
  for (const std::string& group : user.groups) {
    if (group != kAuthenticatedGroup) config->impersonate_groups.push_back(group);
  }
  config->impersonate_extra = user.extra;
}

}  // namespace

Result<kube::RestConfig> ConfigForProxy(const HttpRequest& request, const kube::RestConfig& cluster,
                                        const UserInfo& user, const ProxyOptions& options) {
  Result<Brought> brought = ReadHeaders(request);
  if (!brought.ok()) return brought.status();
  const bool own =
      !brought->has_credentials() && (options.allow_cluster_config || options.impersonate_user);
  if (!own && !brought->has_credentials() && !options.allow_anonymous) {
    return Forbidden(
        "the request has no credentials for the cluster: send headers X-Clusterpedia-Proxy-Token "
        "or "
        "X-Clusterpedia-Proxy-Client-Cert and -Client-Key, or start pedia with "
        "--allow-pediacluster-config-for-proxy-request or --proxy-impersonate-user");
  }
  kube::RestConfig config = own ? cluster : WithoutCredentials(cluster);
  if (!own) config.token = brought->token;
  if (!brought->cert_pem.empty()) {
    config.client_cert_pem = brought->cert_pem;
    config.client_key_pem = brought->key_pem;
  }
  if (!brought->ca_pem.empty()) {
    // Whose authority it is only the caller says, so pedia's own credentials do not go there.
    if (own) return BadRequest(std::string("header ") + kCa + " needs credentials beside it");
    config.ca_pem = brought->ca_pem;
    config.insecure_skip_tls_verify = false;
  }
  if (!own || !options.impersonate_user) return config;
  if (user.name.empty())
    return Forbidden("the request has no user whom the cluster could be asked in the name of");
  Impersonate(user, &config);
  return config;
}

}  // namespace pedia::apiserver
