#include "apiserver/tls_policy.h"

#include <openssl/ssl.h>

#include <string>
#include <string_view>

#include "meta/status.h"

namespace pedia::apiserver {
namespace {

Result<int> MinimumVersion(const std::string& name) {
  if (name.empty() || name == "VersionTLS12") return TLS1_2_VERSION;
  if (name == "VersionTLS13") return TLS1_3_VERSION;
  const bool old = name == "VersionTLS10" || name == "VersionTLS11";
  return BadRequest("TLS version \"" + name + "\" is " + (old ? "not safe" : "unknown") +
                    ": the minimum may be VersionTLS12 or VersionTLS13");
}

bool IsOfTls13(const SSL_CIPHER* suite) {
  return std::string_view(SSL_CIPHER_get_version(suite)) == "TLSv1.3";
}

// The key exchanges that certificates and keys are enough for.
bool IsServed(const SSL_CIPHER* suite) {
  const int exchange = SSL_CIPHER_get_kx_nid(suite);
  return exchange == NID_kx_ecdhe || exchange == NID_kx_rsa || IsOfTls13(suite);
}

// Among `known`, which are those that OpenSSL takes for good enough. nullptr: not there.
const SSL_CIPHER* FindSuite(const STACK_OF(SSL_CIPHER) * known, std::string name) {
  // As Go called them before they had an official name.
  if (name.ends_with("_CHACHA20_POLY1305")) name += "_SHA256";
  for (int i = 0; i < sk_SSL_CIPHER_num(known); ++i) {
    const SSL_CIPHER* suite = sk_SSL_CIPHER_value(known, i);
    const char* standard = SSL_CIPHER_standard_name(suite);
    if (standard != nullptr && name == standard && IsServed(suite)) return suite;
  }
  return nullptr;
}

Status UseSuites(SSL_CTX* context, const std::vector<std::string>& names) {
  if (names.empty()) return {};
  std::string list;  // In OpenSSL's words.
  for (const std::string& name : names) {
    const SSL_CIPHER* suite = FindSuite(SSL_CTX_get_ciphers(context), name);
    if (suite == nullptr) return BadRequest("cipher suite \"" + name + "\" is unknown or not safe");
    if (!IsOfTls13(suite)) list.append(list.empty() ? "" : ":").append(SSL_CIPHER_get_name(suite));
  }
  const bool used = list.empty() ? SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION) == 1
                                 : SSL_CTX_set_cipher_list(context, list.c_str()) == 1;
  return used ? Status() : InternalError("OpenSSL does not take the cipher suites");
}

}  // namespace

Status UseTlsPolicy(SSL_CTX* context, const TlsOptions& options) {
  const Result<int> version = MinimumVersion(options.min_version);
  if (!version.ok()) return version.status();
  SSL_CTX_set_min_proto_version(context, *version);
  return UseSuites(context, options.cipher_suites);
}

}  // namespace pedia::apiserver
