#include "tests/certs/certificate_builder.h"

#include <gtest/gtest.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>

namespace pedia::certs {
namespace {

template <auto Free>
struct Deleter {
  template <typename T>
  void operator()(T* object) const {
    Free(object);
  }
};
using Key = std::unique_ptr<EVP_PKEY, Deleter<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Deleter<X509_free>>;
using Bio = std::unique_ptr<BIO, Deleter<BIO_free_all>>;

Bio Open(const std::string& pem) {
  return Bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
}

std::string Text(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return {data, static_cast<size_t>(size)};
}

void Extend(X509* certificate, X509* issuer, int nid, const std::string& value) {
  if (value.empty()) return;
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
  ASSERT_NE(extension, nullptr) << value;
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

}  // namespace

KeyPair BuildCertificate(const CertificateDraft& draft, const std::optional<KeyPair>& issuer) {
  static long serial = 1;
  const Key key(EVP_EC_gen("P-256"));
  const Certificate certificate(X509_new());
  X509_set_version(certificate.get(), X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), ++serial);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -60);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 600);
  X509_set_pubkey(certificate.get(), key.get());
  for (const auto& [field, text] : draft.subject) {
    X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate.get()), field.c_str(),
                               MBSTRING_UTF8, reinterpret_cast<const unsigned char*>(text.data()),
                               static_cast<int>(text.size()), -1, 0);
  }
  Certificate signer;
  Key signing_key;
  if (issuer) {
    signer.reset(PEM_read_bio_X509(Open(issuer->certificate_pem).get(), nullptr, nullptr, nullptr));
    signing_key.reset(
        PEM_read_bio_PrivateKey(Open(issuer->key_pem).get(), nullptr, nullptr, nullptr));
  }
  X509* const by = signer ? signer.get() : certificate.get();
  X509_set_issuer_name(certificate.get(), X509_get_subject_name(by));
  Extend(certificate.get(), by, NID_basic_constraints, draft.basic_constraints);
  Extend(certificate.get(), by, NID_key_usage, draft.key_usage);
  Extend(certificate.get(), by, NID_ext_key_usage, draft.extended_key_usage);
  X509_sign(certificate.get(), signing_key ? signing_key.get() : key.get(),
            draft.sha1 ? EVP_sha1() : EVP_sha256());
  const Bio certificate_pem(BIO_new(BIO_s_mem())), key_pem(BIO_new(BIO_s_mem()));
  PEM_write_bio_X509(certificate_pem.get(), certificate.get());
  PEM_write_bio_PKCS8PrivateKey(key_pem.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  return {Text(certificate_pem.get()), Text(key_pem.get())};
}

std::vector<std::string> ToDer(const std::vector<std::string>& pems) {
  std::vector<std::string> chain;
  for (const std::string& pem : pems) {
    const Certificate certificate(PEM_read_bio_X509(Open(pem).get(), nullptr, nullptr, nullptr));
    EXPECT_NE(certificate, nullptr);
    unsigned char* der = nullptr;
    const int size = i2d_X509(certificate.get(), &der);
    chain.emplace_back(reinterpret_cast<const char*>(der), static_cast<size_t>(size));
    OPENSSL_free(der);
  }
  return chain;
}

}  // namespace pedia::certs
