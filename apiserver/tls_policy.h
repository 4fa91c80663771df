// Which versions of TLS and which cipher suites a server speaks, by the names that Kubernetes' flags
// have. Source: kube-apiserver --tls-min-version, --tls-cipher-suites; IANA "TLS Cipher Suites".
// Private to the http library.
#pragma once
#include "apiserver/http_server.h"

struct ssl_ctx_st;  // OpenSSL's SSL_CTX.

namespace pedia::apiserver {

// Of `options` min_version and cipher_suites. Suites are taken in the given order; those of TLS 1.3
// are always on, so that naming them changes nothing, but that naming no others leaves TLS 1.3 only.
// Errors: BadRequest, naming the version or suite that is unknown or not safe.
Status UseTlsPolicy(ssl_ctx_st* context, const TlsOptions& options);

}  // namespace pedia::apiserver
