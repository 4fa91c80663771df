#include "certs/key_pair.h"

#include <arpa/inet.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <array>
#include <chrono>
#include <ctime>
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
using Extension = std::unique_ptr<X509_EXTENSION, Deleter<X509_EXTENSION_free>>;

// Clock skew between machines that a new certificate survives.
constexpr int64_t kBackdateSeconds = 300;

Status OpenSslError(std::string_view what) {
  char reason[256] = "unknown reason";
  if (const unsigned long code = ERR_get_error()) ERR_error_string_n(code, reason, sizeof reason);
  ERR_clear_error();
  return InternalError(std::string(what) + ": " + reason);
}

std::string ToString(BIO* bio) {
  char* data = nullptr;
  const long length = BIO_get_mem_data(bio, &data);
  return {data, static_cast<size_t>(length)};
}

Bio FromString(std::string_view text) {
  return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

// Never asks for a passphrase on the terminal.
int NoPassphrase(char*, int, int, void*) { return -1; }

Certificate ParseCertificate(std::string_view pem) {
  const Bio bio = FromString(pem);
  return Certificate(PEM_read_bio_X509(bio.get(), nullptr, NoPassphrase, nullptr));
}

Key ParseKey(std::string_view pem) {
  const Bio bio = FromString(pem);
  return Key(PEM_read_bio_PrivateKey(bio.get(), nullptr, NoPassphrase, nullptr));
}

bool AddExtension(X509* certificate, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const Extension extension(X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str()));
  return extension && X509_add_ext(certificate, extension.get(), -1) == 1;
}

bool SetSubject(X509* certificate, const CertificateRequest& request) {
  X509_NAME* name = X509_get_subject_name(certificate);
  const auto add = [name](const char* field, const std::string& text) {
    return X509_NAME_add_entry_by_txt(name, field, MBSTRING_UTF8,
                                      reinterpret_cast<const unsigned char*>(text.data()),
                                      static_cast<int>(text.size()), -1, 0) == 1;
  };
  for (const std::string& organization : request.organizations) {
    if (!add("O", organization)) return false;
  }
  return add("CN", request.common_name);
}

// A certificate for `key` with everything that does not depend on its use.
Certificate MakeUnsigned(EVP_PKEY* key, const CertificateRequest& request) {
  Certificate certificate(X509_new());
  std::array<unsigned char, 16> serial{};
  if (!certificate || RAND_bytes(serial.data(), serial.size()) != 1) return nullptr;
  serial[0] &= 0x7F;  // Positive.
  const std::unique_ptr<BIGNUM, Deleter<BN_free>> number(
      BN_bin2bn(serial.data(), serial.size(), nullptr));
  const bool done =
      X509_set_version(certificate.get(), X509_VERSION_3) == 1 && number &&
      BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate.get())) != nullptr &&
      X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -kBackdateSeconds) != nullptr &&
      X509_gmtime_adj(X509_getm_notAfter(certificate.get()), request.lifetime_seconds) != nullptr &&
      SetSubject(certificate.get(), request) && X509_set_pubkey(certificate.get(), key) == 1;
  return done ? std::move(certificate) : nullptr;
}

Result<KeyPair> ToPem(X509* certificate, EVP_PKEY* key) {
  const Bio certificate_bio(BIO_new(BIO_s_mem()));
  const Bio key_bio(BIO_new(BIO_s_mem()));
  if (PEM_write_bio_X509(certificate_bio.get(), certificate) != 1 ||
      PEM_write_bio_PKCS8PrivateKey(key_bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr) !=
          1) {
    return OpenSslError("cannot write a certificate");
  }
  return KeyPair{ToString(certificate_bio.get()), ToString(key_bio.get())};
}

// "DNS:localhost,IP:127.0.0.1", for the extension subjectAltName.
std::string AlternativeNames(const CertificateRequest& request) {
  std::string names;
  for (const std::string& dns : request.dns_names)
    names += (names.empty() ? "DNS:" : ",DNS:") + dns;
  for (const std::string& ip : request.ip_addresses) names += (names.empty() ? "IP:" : ",IP:") + ip;
  return names;
}

int64_t ToUnix(const ASN1_TIME* time) {
  std::tm utc{};
  if (ASN1_TIME_to_tm(time, &utc) != 1) return 0;
  return static_cast<int64_t>(timegm(&utc));
}

std::vector<std::string> SubjectTexts(X509* certificate, int nid) {
  std::vector<std::string> texts;
  const X509_NAME* name = X509_get_subject_name(certificate);
  for (int i = -1; (i = X509_NAME_get_index_by_NID(name, nid, i)) >= 0;) {
    unsigned char* utf8 = nullptr;
    const int length =
        ASN1_STRING_to_UTF8(&utf8, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, i)));
    if (length < 0) continue;
    texts.emplace_back(reinterpret_cast<const char*>(utf8), static_cast<size_t>(length));
    OPENSSL_free(utf8);
  }
  return texts;
}

void ReadAlternativeNames(X509* certificate, CertificateInfo* info) {
  const std::unique_ptr<GENERAL_NAMES, Deleter<GENERAL_NAMES_free>> names(
      static_cast<GENERAL_NAMES*>(
          X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type == GEN_DNS) {
      info->dns_names.emplace_back(
          reinterpret_cast<const char*>(ASN1_STRING_get0_data(name->d.dNSName)),
          static_cast<size_t>(ASN1_STRING_length(name->d.dNSName)));
    } else if (name->type == GEN_IPADD) {
      const int family = ASN1_STRING_length(name->d.iPAddress) == 4 ? AF_INET : AF_INET6;
      char text[INET6_ADDRSTRLEN] = "";
      inet_ntop(family, ASN1_STRING_get0_data(name->d.iPAddress), text, sizeof text);
      info->ip_addresses.emplace_back(text);
    }
  }
}

CertificateInfo Describe(X509* certificate) {
  CertificateInfo info;
  const std::vector<std::string> names = SubjectTexts(certificate, NID_commonName);
  if (!names.empty()) info.common_name = names.back();
  info.organizations = SubjectTexts(certificate, NID_organizationName);
  ReadAlternativeNames(certificate, &info);
  info.not_before = ToUnix(X509_get0_notBefore(certificate));
  info.not_after = ToUnix(X509_get0_notAfter(certificate));
  return info;
}

}  // namespace

Result<KeyPair> MakeCertificateAuthority(std::string_view common_name, int64_t lifetime_seconds) {
  const Key key(EVP_EC_gen("P-256"));
  if (!key) return OpenSslError("cannot make a key");
  const CertificateRequest request{.common_name = std::string(common_name),
                                   .organizations = {},
                                   .dns_names = {},
                                   .ip_addresses = {},
                                   .usage = Usage::kServer,
                                   .lifetime_seconds = lifetime_seconds};
  const Certificate certificate = MakeUnsigned(key.get(), request);
  if (!certificate ||
      X509_set_issuer_name(certificate.get(), X509_get_subject_name(certificate.get())) != 1 ||
      !AddExtension(certificate.get(), certificate.get(), NID_basic_constraints,
                    "critical,CA:TRUE") ||
      !AddExtension(certificate.get(), certificate.get(), NID_key_usage,
                    "critical,keyCertSign,cRLSign,digitalSignature") ||
      !AddExtension(certificate.get(), certificate.get(), NID_subject_key_identifier, "hash") ||
      X509_sign(certificate.get(), key.get(), EVP_sha256()) == 0) {
    return OpenSslError("cannot make a certificate authority");
  }
  return ToPem(certificate.get(), key.get());
}

Result<KeyPair> IssueCertificate(const KeyPair& ca, const CertificateRequest& request) {
  const Certificate issuer = ParseCertificate(ca.certificate_pem);
  const Key issuer_key = ParseKey(ca.key_pem);
  const Key key(EVP_EC_gen("P-256"));
  if (!issuer || !issuer_key || !key) return OpenSslError("cannot read the certificate authority");
  const Certificate certificate = MakeUnsigned(key.get(), request);
  const std::string names = AlternativeNames(request);
  const char* purpose = request.usage == Usage::kServer ? "serverAuth" : "clientAuth";
  if (!certificate ||
      X509_set_issuer_name(certificate.get(), X509_get_subject_name(issuer.get())) != 1 ||
      !AddExtension(certificate.get(), issuer.get(), NID_basic_constraints, "critical,CA:FALSE") ||
      !AddExtension(certificate.get(), issuer.get(), NID_key_usage, "critical,digitalSignature") ||
      !AddExtension(certificate.get(), issuer.get(), NID_ext_key_usage, purpose) ||
      !AddExtension(certificate.get(), issuer.get(), NID_authority_key_identifier, "keyid") ||
      (!names.empty() &&
       !AddExtension(certificate.get(), issuer.get(), NID_subject_alt_name, names)) ||
      X509_sign(certificate.get(), issuer_key.get(), EVP_sha256()) == 0) {
    return OpenSslError("cannot issue a certificate");
  }
  return ToPem(certificate.get(), key.get());
}

Result<CertificateInfo> ReadCertificate(std::string_view pem) {
  const Certificate certificate = ParseCertificate(pem);
  ERR_clear_error();
  if (!certificate) return BadRequest("not a PEM certificate");
  return Describe(certificate.get());
}

Result<CertificateInfo> ReadCertificateDer(std::string_view der) {
  const auto* at = reinterpret_cast<const unsigned char*>(der.data());
  const Certificate certificate(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
  ERR_clear_error();
  if (!certificate) return BadRequest("not a DER certificate");
  return Describe(certificate.get());
}

bool IsIssuedBy(const KeyPair& pair, std::string_view ca_pem) {
  const Certificate certificate = ParseCertificate(pair.certificate_pem);
  const Certificate ca = ParseCertificate(ca_pem);
  const bool issued = certificate && ca && CheckKeyPair(pair).ok() &&
                      X509_check_issued(ca.get(), certificate.get()) == X509_V_OK &&
                      X509_verify(certificate.get(), X509_get0_pubkey(ca.get())) == 1;
  ERR_clear_error();
  return issued;
}

Status CheckKeyPair(const KeyPair& pair) {
  const Certificate certificate = ParseCertificate(pair.certificate_pem);
  const Key key = ParseKey(pair.key_pem);
  const bool matches =
      certificate && key && X509_check_private_key(certificate.get(), key.get()) == 1;
  ERR_clear_error();
  if (!certificate) return BadRequest("the certificate is not a PEM certificate");
  if (!key) return BadRequest("the key is not an unencrypted PEM private key");
  if (!matches) return BadRequest("the key does not belong to the certificate");
  return {};
}

Result<std::string> MakeToken() {
  std::array<unsigned char, 32> bytes{};
  if (RAND_bytes(bytes.data(), bytes.size()) != 1) return OpenSslError("no random numbers");
  static constexpr char kHex[] = "0123456789abcdef";
  std::string token;
  for (const unsigned char byte : bytes) token += {kHex[byte >> 4], kHex[byte & 15]};
  return token;
}

}  // namespace pedia::certs
