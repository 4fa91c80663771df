// CertificateCheck: whether authorities vouch for the certificate of a connection, remembered, so
// that the requests of one connection do not compute it again and again.
#pragma once
#include <memory>
#include <string>
#include <string_view>

#include "apiserver/http_server.h"
#include "apiserver/verdict_cache.h"
#include "certs/certificate_verifier.h"

namespace pedia::apiserver {

// Thread-safe. Remembers by the client's certificate, whatever intermediates came with it.
class CertificateCheck {
 public:
  // Errors: BadRequest if `ca_pem` is not a bundle of certificates.
  static Result<std::shared_ptr<CertificateCheck>> Make(std::string ca_pem);
  // `peer`: a chain is there. Errors: Unauthorized, saying why, for the log.
  Result<certs::VerifiedClient> Verify(const PeerIdentity& peer);
  const std::string& ca_pem() const { return ca_pem_; }

 private:
  using Verdicts = VerdictCache<Result<certs::VerifiedClient>>;
  CertificateCheck(std::string ca_pem, std::shared_ptr<const certs::CertificatePool> pool);
  Verdicts::Verdict Judge(const PeerIdentity& peer, int64_t now) const;

  const std::string ca_pem_;
  const std::shared_ptr<const certs::CertificatePool> pool_;
  Verdicts verdicts_;
};

}  // namespace pedia::apiserver
