#include "apiserver/certificate_check.h"

#include <algorithm>
#include <utility>

#include "meta/time.h"

namespace pedia::apiserver {
namespace {

constexpr size_t kMaxCertificates = 1024;
constexpr size_t kMaxRemembered = 8192;  // Bytes of a certificate; most have 1000.
// A certificate that is not good may become so: when its time begins.
constexpr std::chrono::seconds kRefusalGoodFor{10};
constexpr std::chrono::hours kMaxGoodFor{24};

}  // namespace

CertificateCheck::CertificateCheck(std::string ca_pem,
                                   std::shared_ptr<const certs::CertificatePool> pool)
    : ca_pem_(std::move(ca_pem)), pool_(std::move(pool)), verdicts_(kMaxCertificates) {}

Result<std::shared_ptr<CertificateCheck>> CertificateCheck::Make(std::string ca_pem) {
  Result<std::shared_ptr<const certs::CertificatePool>> pool =
      certs::CertificatePool::Parse(ca_pem);
  if (!pool.ok()) return pool.status();
  return std::shared_ptr<CertificateCheck>(
      new CertificateCheck(std::move(ca_pem), *std::move(pool)));
}

CertificateCheck::Verdicts::Verdict CertificateCheck::Judge(const PeerIdentity& peer,
                                                            int64_t now) const {
  Result<certs::VerifiedClient> client = pool_->VerifyClient(peer.chain_der, now);
  std::chrono::milliseconds good_for = kRefusalGoodFor;
  if (client.ok())
    good_for = std::min<std::chrono::milliseconds>(
        kMaxGoodFor, std::chrono::seconds(std::max<int64_t>(client->not_after - now, 0)));
  if (peer.chain_der.front().size() > kMaxRemembered) good_for = std::chrono::seconds(0);
  return {std::move(client), good_for};
}

Result<certs::VerifiedClient> CertificateCheck::Verify(const PeerIdentity& peer) {
  const int64_t now = UnixNow();
  const std::string& leaf = peer.chain_der.front();
  const auto clock = std::chrono::steady_clock::now();
  std::optional<Result<certs::VerifiedClient>> known = verdicts_.Find(leaf, clock);
  if (!known) {
    const auto ask = [&](std::span<const size_t>) {
      return std::vector<Result<Verdicts::Verdict>>{Judge(peer, now)};
    };
    known = *verdicts_.Get(std::span(&leaf, 1), clock, ask).front();
  }
  // The wall clock may have been set since.
  if (known->ok() && (*known)->not_after < now)
    return Status(StatusReason::kUnauthorized, "the client certificate has expired");
  return *std::move(known);
}

}  // namespace pedia::apiserver
