#include "kube/curl_options.h"

#include <fcntl.h>

#include <string>

namespace pedia::kube {
namespace {

constexpr long kConnectTimeoutMs = 30'000;

// Sockets must not leak into credential plugins.
int CloseOnExec(void*, curl_socket_t fd, curlsocktype) {
  fcntl(fd, F_SETFD, FD_CLOEXEC);
  return CURL_SOCKOPT_OK;
}

void SetBlob(CURL* easy, CURLoption option, const std::string& bytes) {
  if (bytes.empty()) return;
  curl_blob blob{const_cast<char*>(bytes.data()), bytes.size(), CURL_BLOB_NOCOPY};
  curl_easy_setopt(easy, option, &blob);
}

}  // namespace

void SetConnectionOptions(CURL* easy, const Endpoint& endpoint) {
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
  curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
  curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(easy, CURLOPT_USERAGENT, "pedia");
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  // Never waits for a thread that resolves a name.
  curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, kConnectTimeoutMs);
  curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
  curl_easy_setopt(easy, CURLOPT_TCP_KEEPIDLE, 30L);
  curl_easy_setopt(easy, CURLOPT_TCP_KEEPINTVL, 10L);
  curl_easy_setopt(easy, CURLOPT_SOCKOPTFUNCTION, &CloseOnExec);
  curl_easy_setopt(easy, CURLOPT_PROXY,
                   endpoint.proxy_url.c_str());  // "" also hides the environment's from libcurl.
  curl_easy_setopt(easy, CURLOPT_NOPROXY, endpoint.no_proxy.c_str());
  curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
}

void SetTlsOptions(CURL* easy, const RestConfig& config, const Credential& credential) {
  const long verify = config.insecure_skip_tls_verify ? 0 : 1;
  curl_easy_setopt(easy, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, verify);
  curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, verify * 2);
  curl_easy_setopt(easy, CURLOPT_PROXY_SSL_VERIFYPEER, verify);
  curl_easy_setopt(easy, CURLOPT_PROXY_SSL_VERIFYHOST, verify * 2);
  SetBlob(easy, CURLOPT_CAINFO_BLOB, config.ca_pem);
  SetBlob(easy, CURLOPT_PROXY_CAINFO_BLOB, config.ca_pem);
  if (credential.client_cert_pem.empty()) return;
  SetBlob(easy, CURLOPT_SSLCERT_BLOB, credential.client_cert_pem);
  SetBlob(easy, CURLOPT_SSLKEY_BLOB, credential.client_key_pem);
  curl_easy_setopt(easy, CURLOPT_KEYPASSWD,
                   "");  // Else OpenSSL would ask for one on the terminal.
}

}  // namespace pedia::kube
