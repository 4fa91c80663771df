// Key pairs and certificates: a self-made CA, and serving and client certificates signed by it.
// ECDSA P-256, SHA-256. Source: Kubernetes docs "PKI certificates and requirements"; RFC 5280.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "meta/result.h"

namespace pedia::certs {

struct KeyPair {
  std::string certificate_pem;
  std::string key_pem;  // PKCS #8, not encrypted.
};

enum class Usage { kServer, kClient };

struct CertificateRequest {
  std::string common_name;
  std::vector<std::string> organizations;  // Kubernetes reads them as groups.
  std::vector<std::string> dns_names;
  std::vector<std::string> ip_addresses;  // "127.0.0.1", "::1"
  Usage usage = Usage::kServer;
  int64_t lifetime_seconds = 365 * 86400;
};

struct CertificateInfo {
  std::string common_name;  // Of several the last, as Go reads it.
  std::vector<std::string> organizations;
  std::vector<std::string> dns_names;
  std::vector<std::string> ip_addresses;
  int64_t not_before = 0;  // Unix seconds.
  int64_t not_after = 0;
};

// All pure and thread-safe. Errors: InternalError with OpenSSL's reason.
Result<KeyPair> MakeCertificateAuthority(std::string_view common_name, int64_t lifetime_seconds);
Result<KeyPair> IssueCertificate(const KeyPair& ca, const CertificateRequest& request);

// The first certificate of `pem`. Errors: BadRequest if there is none.
Result<CertificateInfo> ReadCertificate(std::string_view pem);
Result<CertificateInfo> ReadCertificateDer(std::string_view der);
// Whether `pair`'s key belongs to its certificate and the certificate is signed by `ca_pem`
// (ignoring its age).
bool IsIssuedBy(const KeyPair& pair, std::string_view ca_pem);
// Errors: BadRequest unless certificate and key are well-formed and belong together.
Status CheckKeyPair(const KeyPair& pair);

// 64 hex digits from the operating system's random generator.
Result<std::string> MakeToken();

}  // namespace pedia::certs
