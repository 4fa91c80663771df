#include "certs/certificate_verifier.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <ctime>
#include <utility>

#include "certs/key_pair.h"

namespace pedia::certs {
namespace {

template <auto Free>
struct Deleter {
  template <typename T>
  void operator()(T* object) const {
    Free(object);
  }
};
void FreeAll(STACK_OF(X509) * certificates) { sk_X509_pop_free(certificates, X509_free); }
using Certificate = std::unique_ptr<X509, Deleter<X509_free>>;
using Certificates = std::unique_ptr<STACK_OF(X509), Deleter<FreeAll>>;
using Authorities = std::unique_ptr<X509_STORE, Deleter<X509_STORE_free>>;
using Verification = std::unique_ptr<X509_STORE_CTX, Deleter<X509_STORE_CTX_free>>;

// More than any real chain has; the rest of what a client sends is not looked at.
constexpr size_t kMaxChain = 8;
// At least 80 bits: no MD5, SHA-1 or RSA below 1024 bits in a chain, as in Go.
constexpr int kSecurityLevel = 1;

int NoPassphrase(char*, int, int, void*) { return -1; }

Certificate ParseDer(std::string_view der) {
  const auto* at = reinterpret_cast<const unsigned char*>(der.data());
  const auto* const end = at + der.size();
  Certificate certificate(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
  return at == end ? std::move(certificate) : nullptr;
}

// Those behind the first that can be read; one that cannot is of no use to anybody.
Certificates Intermediates(std::span<const std::string> chain_der) {
  Certificates intermediates(sk_X509_new_null());
  for (size_t i = 1; intermediates && i < std::min(chain_der.size(), kMaxChain); ++i) {
    Certificate certificate = ParseDer(chain_der[i]);
    if (certificate && sk_X509_push(intermediates.get(), certificate.get()) > 0)
      certificate.release();  // The stack's now.
  }
  return intermediates;
}

int64_t FirstExpiry(X509_STORE_CTX* verification, int64_t leaf_not_after) {
  int64_t first = leaf_not_after;
  const STACK_OF(X509)* chain = X509_STORE_CTX_get0_chain(verification);
  for (int i = 0; i < sk_X509_num(chain); ++i) {
    std::tm utc{};
    if (ASN1_TIME_to_tm(X509_get0_notAfter(sk_X509_value(chain, i)), &utc) == 1)
      first = std::min(first, static_cast<int64_t>(timegm(&utc)));
  }
  return first;
}

// As Go reads usages: a certificate without the extension may be used for all, and an authority's
// own usages bind those below it.
bool MayIdentifyClients(X509_STORE_CTX* verification) {
  const STACK_OF(X509)* chain = X509_STORE_CTX_get0_chain(verification);
  for (int i = 0; i < sk_X509_num(chain); ++i) {
    // All bits are set where there is no such extension.
    if ((X509_get_extended_key_usage(sk_X509_value(chain, i)) & (XKU_SSL_CLIENT | XKU_ANYEKU)) == 0)
      return false;
  }
  return true;
}

// X509_V_OK, or what is wrong.
int Verify(X509_STORE_CTX* verification, X509_STORE* authority, X509* leaf,
           STACK_OF(X509) * intermediates, int64_t now) {
  if (verification == nullptr ||
      X509_STORE_CTX_init(verification, authority, leaf, intermediates) != 1)
    return X509_V_ERR_OUT_OF_MEM;
  X509_VERIFY_PARAM* rules = X509_STORE_CTX_get0_param(verification);
  X509_VERIFY_PARAM_set_time(rules, static_cast<time_t>(now));
  X509_VERIFY_PARAM_set_auth_level(rules, kSecurityLevel);
  // What is in the bundle is trusted, whether it signed itself or not.
  X509_VERIFY_PARAM_set_flags(rules, X509_V_FLAG_PARTIAL_CHAIN);
  if (X509_verify_cert(verification) != 1) {
    const int error = X509_STORE_CTX_get_error(verification);
    return error == X509_V_OK ? X509_V_ERR_UNSPECIFIED : error;
  }
  return MayIdentifyClients(verification) ? X509_V_OK : X509_V_ERR_INVALID_PURPOSE;
}

Status Refused(std::string_view why) {
  return {StatusReason::kUnauthorized, "the client certificate is not good: " + std::string(why)};
}

}  // namespace

// One store for each authority: OpenSSL would look no further than the first of a name, though an
// authority that is being replaced mostly has the name of its successor.
struct CertificatePool::Store {
  std::vector<Authorities> authorities;
};

CertificatePool::CertificatePool(std::unique_ptr<Store> store) : store_(std::move(store)) {}
CertificatePool::~CertificatePool() = default;

Result<std::shared_ptr<const CertificatePool>> CertificatePool::Parse(std::string_view pem) {
  const std::unique_ptr<BIO, Deleter<BIO_free_all>> bio(
      BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  auto store = std::make_unique<Store>();
  ERR_clear_error();
  while (
      const Certificate certificate{PEM_read_bio_X509(bio.get(), nullptr, NoPassphrase, nullptr)}) {
    Authorities& authority = store->authorities.emplace_back(X509_STORE_new());
    if (!authority || X509_STORE_add_cert(authority.get(), certificate.get()) != 1) break;
  }
  // The regular end is that no further block begins.
  const bool complete = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  ERR_clear_error();
  if (!complete) return BadRequest("a certificate of the bundle cannot be read");
  if (store->authorities.empty()) return BadRequest("there is no certificate in the bundle");
  return std::shared_ptr<const CertificatePool>(new CertificatePool(std::move(store)));
}

Result<VerifiedClient> CertificatePool::VerifyClient(std::span<const std::string> chain_der,
                                                     int64_t now) const {
  ERR_clear_error();
  const Certificate leaf = chain_der.empty() ? nullptr : ParseDer(chain_der[0]);
  const Certificates intermediates = Intermediates(chain_der);
  if (!leaf || !intermediates) {
    ERR_clear_error();
    return Refused("it cannot be read");
  }
  Result<CertificateInfo> info = ReadCertificateDer(chain_der[0]);
  if (!info.ok()) return Refused("it cannot be read");
  int why = X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY;
  for (const Authorities& authority : store_->authorities) {
    const Verification verification(X509_STORE_CTX_new());
    const int error =
        Verify(verification.get(), authority.get(), leaf.get(), intermediates.get(), now);
    ERR_clear_error();
    if (error == X509_V_OK) {
      return VerifiedClient{std::move(info->common_name), std::move(info->organizations),
                            FirstExpiry(verification.get(), info->not_after)};
    }
    // Of several reasons, the one of the authority that has to do with it.
    if (error != X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY) why = error;
  }
  return Refused(X509_verify_cert_error_string(why));
}

}  // namespace pedia::certs
