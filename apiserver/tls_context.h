// A server's TLS settings as an OpenSSL context: TLS 1.2 and up, HTTP/1.1 by ALPN, certificates by
// server name, optional client certificates. Private to the http library.
#pragma once
#include <memory>
#include <optional>

#include "apiserver/http_server.h"

struct ssl_ctx_st;  // OpenSSL's SSL_CTX.
struct ssl_st;      // OpenSSL's SSL.

namespace pedia::apiserver {

// Errors: BadRequest when a certificate or key cannot be read, or they do not belong together, and
// as UseTlsPolicy.
Result<std::shared_ptr<ssl_ctx_st>> MakeTlsContext(const TlsOptions& options);

// After the handshake. Empty when the client showed no certificate.
std::optional<PeerIdentity> PeerOf(const ssl_st* connection);

}  // namespace pedia::apiserver
