#include "apiserver/tls_context.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <string_view>
#include <utility>

#include "meta/status.h"

namespace pedia::apiserver {
namespace {

// A resumed session is not verified again, so it must not outlive a client's certificate by long.
constexpr long kSessionSeconds = 600;

template <auto kFree>
struct Freer {
  template <typename T>
  void operator()(T* object) const {
    kFree(object);
  }
};
using Bio = std::unique_ptr<BIO, Freer<BIO_free>>;
using Certificate = std::unique_ptr<X509, Freer<X509_free>>;
using Key = std::unique_ptr<EVP_PKEY, Freer<EVP_PKEY_free>>;

Bio ReadFrom(const std::string& text) {
  return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

// Keys are never protected by a passphrase here; without this OpenSSL would ask on the terminal.
int NoPassphrase(char*, int, int, void*) { return 0; }

Certificate NextCertificate(BIO* bio) {
  return Certificate(PEM_read_bio_X509(bio, nullptr, NoPassphrase, nullptr));
}

Status UseCertificate(SSL_CTX* context, const TlsOptions& options) {
  const Bio chain = ReadFrom(options.certificate_pem);
  const Certificate leaf = NextCertificate(chain.get());
  if (!leaf || SSL_CTX_use_certificate(context, leaf.get()) != 1)
    return BadRequest("the serving certificate cannot be read");
  while (Certificate next = NextCertificate(chain.get())) {
    if (SSL_CTX_add0_chain_cert(context, next.get()) != 1)
      return BadRequest("a certificate of the serving chain cannot be used");
    next.release();  // The context's now.
  }
  const Bio key_bio = ReadFrom(options.key_pem);
  const Key key(PEM_read_bio_PrivateKey(key_bio.get(), nullptr, NoPassphrase, nullptr));
  if (!key) return BadRequest("the key of the serving certificate cannot be read");
  if (SSL_CTX_use_PrivateKey(context, key.get()) != 1 || SSL_CTX_check_private_key(context) != 1) {
    return BadRequest("the serving certificate and its key do not belong together");
  }
  return {};
}

Status UseClientAuthorities(SSL_CTX* context, const std::string& pem) {
  if (pem.empty()) return {};
  const Bio bio = ReadFrom(pem);
  int count = 0;
  while (const Certificate authority = NextCertificate(bio.get())) {
    if (X509_STORE_add_cert(SSL_CTX_get_cert_store(context), authority.get()) != 1 ||
        SSL_CTX_add_client_CA(context, authority.get()) != 1) {
      return BadRequest("a certificate of the client authorities cannot be used");
    }
    ++count;
  }
  if (count == 0) return BadRequest("the certificates of the client authorities cannot be read");
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER,
                     nullptr);  // Asked for, not demanded: others bring a token.
  return {};
}

int SelectHttp11(SSL*, const unsigned char** out, unsigned char* out_length,
                 const unsigned char* in, unsigned int in_length, void*) {
  constexpr std::string_view kHttp11 = "http/1.1";
  for (unsigned int at = 0; at < in_length;) {
    const unsigned int length = in[at];
    if (at + 1 + length > in_length) break;
    const unsigned char* name = in + at + 1;
    if (std::string_view(reinterpret_cast<const char*>(name), length) == kHttp11) {
      *out = name;
      *out_length = static_cast<unsigned char>(length);
      return SSL_TLSEXT_ERR_OK;
    }
    at += 1 + length;
  }
  return SSL_TLSEXT_ERR_NOACK;  // The client may still speak it.
}

void Configure(SSL_CTX* context) {
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_options(
      context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);  // Thousands of idle connections.
  // Without it a resumed session of a client with a certificate ends in an alert.
  constexpr unsigned char kSessionContext[] = "pedia";
  SSL_CTX_set_session_id_context(context, kSessionContext, sizeof kSessionContext - 1);
  SSL_CTX_set_timeout(context, kSessionSeconds);
  SSL_CTX_set_alpn_select_cb(context, SelectHttp11, nullptr);
}

std::string Text(const ASN1_STRING* value) {
  unsigned char* utf8 = nullptr;
  const int length = ASN1_STRING_to_UTF8(&utf8, value);
  if (length < 0) return {};
  std::string text(reinterpret_cast<const char*>(utf8), static_cast<size_t>(length));
  OPENSSL_free(utf8);
  return text;
}

}  // namespace

Result<std::shared_ptr<SSL_CTX>> MakeTlsContext(const TlsOptions& options) {
  const std::shared_ptr<SSL_CTX> context(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
  if (!context) return InternalError("OpenSSL has no TLS");
  Configure(context.get());
  Status status = UseCertificate(context.get(), options);
  if (status.ok()) status = UseClientAuthorities(context.get(), options.client_ca_pem);
  ERR_clear_error();  // The end of a PEM file is an error to OpenSSL.
  if (!status.ok()) return status;
  return context;
}

std::optional<PeerIdentity> VerifiedPeer(const SSL* connection) {
  const Certificate certificate(SSL_get1_peer_certificate(connection));
  if (!certificate || SSL_get_verify_result(connection) != X509_V_OK) return std::nullopt;
  PeerIdentity peer;
  const X509_NAME* subject = X509_get_subject_name(certificate.get());
  for (int i = 0; i < X509_NAME_entry_count(subject); ++i) {
    const X509_NAME_ENTRY* entry = X509_NAME_get_entry(subject, i);
    const int kind = OBJ_obj2nid(X509_NAME_ENTRY_get_object(entry));
    if (kind == NID_commonName) peer.common_name = Text(X509_NAME_ENTRY_get_data(entry));
    if (kind == NID_organizationName)
      peer.organizations.push_back(Text(X509_NAME_ENTRY_get_data(entry)));
  }
  return peer;
}

}  // namespace pedia::apiserver
