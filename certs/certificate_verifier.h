// CertificatePool: certificate authorities, and whether one of them vouches for a client.
// Source: RFC 5280, section 6; Go's crypto/x509 Verify with ExtKeyUsageClientAuth, by which
// Kubernetes decides.
#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "meta/result.h"

namespace pedia::certs {

struct VerifiedClient {
  std::string common_name;  // The last one, as Go reads it.
  std::vector<std::string> organizations;
  int64_t not_after = 0;  // When the first of the chain expires, its authority included; Unix.
};

// Immutable, thread-safe.
class CertificatePool {
 public:
  // The authorities are all certificates of `pem`; other blocks are skipped. Errors: BadRequest if
  // there is none, or if one cannot be read.
  static Result<std::shared_ptr<const CertificatePool>> Parse(std::string_view pem);
  ~CertificatePool();
  CertificatePool(const CertificatePool&) = delete;
  CertificatePool& operator=(const CertificatePool&) = delete;

  // `chain_der`: the client's certificate, then intermediates in any order, as it sent them; may be
  // anything. `now`: Unix seconds. A certificate that names no usages may be used for all. Errors:
  // Unauthorized, saying why, for the log.
  Result<VerifiedClient> VerifyClient(std::span<const std::string> chain_der, int64_t now) const;

 private:
  struct Store;
  explicit CertificatePool(std::unique_ptr<Store> store);
  const std::unique_ptr<Store> store_;
};

}  // namespace pedia::certs
