#include "apiserver/tls_context.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <string_view>
#include <utility>

#include "apiserver/sni_table.h"
#include "apiserver/tls_policy.h"
#include "certs/key_pair.h"
#include "meta/status.h"

namespace pedia::apiserver {
namespace {

// A resumed session is not verified again, so it must not outlive a client's certificate by long.
constexpr long kSessionSeconds = 600;
// Of a client's chain, which anybody may send and each connection keeps.
constexpr long kMaxPeerChainBytes = 32 * 1024;

template <auto kFree>
struct Freer {
  template <typename T>
  void operator()(T* object) const {
    kFree(object);
  }
};
using BioHandle = std::unique_ptr<BIO, Freer<BIO_free>>;
using CertificateHandle = std::unique_ptr<X509, Freer<X509_free>>;
using KeyHandle = std::unique_ptr<EVP_PKEY, Freer<EVP_PKEY_free>>;
using ContextHandle = std::shared_ptr<SSL_CTX>;

// What a context carries besides OpenSSL's own.
struct Attached {
  bool verifies = false;  // Client certificates, in the handshake.
  SniTable sni;           // Of the context that handshakes begin with.
};

void FreeAttached(void*, void* attached, CRYPTO_EX_DATA*, int, long, void*) {
  delete static_cast<Attached*>(attached);
}

int AttachedIndex() {
  static const int kIndex = SSL_CTX_get_ex_new_index(0, nullptr, nullptr, nullptr, FreeAttached);
  return kIndex;
}

Attached& AttachedTo(const SSL_CTX* context) {
  return *static_cast<Attached*>(SSL_CTX_get_ex_data(context, AttachedIndex()));
}

BioHandle ReadFrom(const std::string& text) {
  return BioHandle(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

// Keys are never protected by a passphrase here; without this OpenSSL would ask on the terminal.
int NoPassphrase(char*, int, int, void*) { return 0; }

CertificateHandle NextCertificate(BIO* bio) {
  return CertificateHandle(PEM_read_bio_X509(bio, nullptr, NoPassphrase, nullptr));
}

Status UseCertificate(SSL_CTX* context, const std::string& certificate_pem,
                      const std::string& key_pem) {
  const BioHandle chain = ReadFrom(certificate_pem);
  const CertificateHandle leaf = NextCertificate(chain.get());
  if (!leaf || SSL_CTX_use_certificate(context, leaf.get()) != 1)
    return BadRequest("the serving certificate cannot be read");
  while (CertificateHandle next = NextCertificate(chain.get())) {
    if (SSL_CTX_add0_chain_cert(context, next.get()) != 1)
      return BadRequest("a certificate of the serving chain cannot be used");
    next.release();  // The context's now.
  }
  const BioHandle key_bio = ReadFrom(key_pem);
  const KeyHandle key(PEM_read_bio_PrivateKey(key_bio.get(), nullptr, NoPassphrase, nullptr));
  if (!key) return BadRequest("the key of the serving certificate cannot be read");
  if (SSL_CTX_use_PrivateKey(context, key.get()) != 1 || SSL_CTX_check_private_key(context) != 1) {
    return BadRequest("the serving certificate and its key do not belong together");
  }
  return {};
}

Status UseClientAuthorities(SSL_CTX* context, const std::string& pem) {
  if (pem.empty()) return {};
  const BioHandle bio = ReadFrom(pem);
  int count = 0;
  while (const CertificateHandle authority = NextCertificate(bio.get())) {
    if (X509_STORE_add_cert(SSL_CTX_get_cert_store(context), authority.get()) != 1 ||
        SSL_CTX_add_client_CA(context, authority.get()) != 1) {
      return BadRequest("a certificate of the client authorities cannot be used");
    }
    ++count;
  }
  if (count == 0) return BadRequest("the certificates of the client authorities cannot be read");
  AttachedTo(context).verifies = true;
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER,
                     nullptr);  // Asked for, not demanded: others bring a token.
  return {};
}

int LetIn(X509_STORE_CTX* verification, void*) {
  X509_STORE_CTX_set_error(verification, X509_V_OK);
  return 1;
}

// No names of authorities are sent along: clients would keep back what does not fit them. A resumed
// session would show who the client was, not who it is.
void AskForCertificates(SSL_CTX* context) {
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_cert_verify_callback(context, LetIn, nullptr);
  SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
  SSL_CTX_set_num_tickets(context, 0);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
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
  SSL_CTX_set_options(
      context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);  // Thousands of idle connections.
  // Without it a resumed session of a client with a certificate ends in an alert.
  constexpr unsigned char kSessionContext[] = "pedia";
  SSL_CTX_set_session_id_context(context, kSessionContext, sizeof kSessionContext - 1);
  SSL_CTX_set_timeout(context, kSessionSeconds);
  SSL_CTX_set_alpn_select_cb(context, SelectHttp11, nullptr);
  SSL_CTX_set_max_cert_list(context, kMaxPeerChainBytes);
}

// A context for one certificate.
Result<ContextHandle> MakeContext(const TlsOptions& options, const std::string& certificate_pem,
                                  const std::string& key_pem) {
  const ContextHandle context(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
  if (!context) return InternalError("OpenSSL has no TLS");
  SSL_CTX_set_ex_data(context.get(), AttachedIndex(), new Attached);
  Configure(context.get());
  Status status = UseTlsPolicy(context.get(), options);
  if (status.ok()) status = UseCertificate(context.get(), certificate_pem, key_pem);
  if (options.ask_client_certificates) {
    AskForCertificates(context.get());
  } else if (status.ok()) {
    status = UseClientAuthorities(context.get(), options.client_ca_pem);
  }
  ERR_clear_error();  // The end of a PEM file is an error to OpenSSL.
  if (!status.ok()) return status;
  return context;
}

int ChooseCertificate(SSL* connection, int*, void*) {
  const char* name = SSL_get_servername(connection, TLSEXT_NAMETYPE_host_name);
  if (name == nullptr) return SSL_TLSEXT_ERR_NOACK;
  SSL_CTX* found = AttachedTo(SSL_get_SSL_CTX(connection)).sni.Find(name);
  if (found != nullptr) SSL_set_SSL_CTX(connection, found);
  return SSL_TLSEXT_ERR_OK;
}

Result<std::vector<std::string>> NamesOf(const SniCertificate& certificate) {
  if (!certificate.names.empty()) return certificate.names;
  Result<certs::CertificateInfo> info = certs::ReadCertificate(certificate.certificate_pem);
  if (!info.ok()) return info.status();
  if (!info->dns_names.empty()) return std::move(info->dns_names);
  return std::vector<std::string>{std::move(info->common_name)};
}

std::string Text(const ASN1_STRING* value) {
  unsigned char* utf8 = nullptr;
  const int length = ASN1_STRING_to_UTF8(&utf8, value);
  if (length < 0) return {};
  std::string text(reinterpret_cast<const char*>(utf8), static_cast<size_t>(length));
  OPENSSL_free(utf8);
  return text;
}

void AppendDer(const X509* certificate, std::vector<std::string>* chain) {
  unsigned char* der = nullptr;
  const int length = i2d_X509(certificate, &der);
  if (length <= 0) return;
  chain->emplace_back(reinterpret_cast<const char*>(der), static_cast<size_t>(length));
  OPENSSL_free(der);
}

std::vector<std::string> ChainOf(const X509* leaf, const SSL* connection) {
  std::vector<std::string> chain;
  AppendDer(leaf, &chain);
  const STACK_OF(X509)* rest = SSL_get_peer_cert_chain(connection);
  for (int i = 0; i < sk_X509_num(rest); ++i) AppendDer(sk_X509_value(rest, i), &chain);
  return chain;
}

void ReadSubject(const X509* certificate, PeerIdentity* peer) {
  const X509_NAME* subject = X509_get_subject_name(certificate);
  for (int i = 0; i < X509_NAME_entry_count(subject); ++i) {
    const X509_NAME_ENTRY* entry = X509_NAME_get_entry(subject, i);
    const int kind = OBJ_obj2nid(X509_NAME_ENTRY_get_object(entry));
    if (kind == NID_commonName) peer->common_name = Text(X509_NAME_ENTRY_get_data(entry));
    if (kind == NID_organizationName)
      peer->organizations.push_back(Text(X509_NAME_ENTRY_get_data(entry)));
  }
}

}  // namespace

Result<ContextHandle> MakeTlsContext(const TlsOptions& options) {
  Result<ContextHandle> context = MakeContext(options, options.certificate_pem, options.key_pem);
  if (!context.ok()) return context;
  for (const SniCertificate& certificate : options.sni) {
    Result<ContextHandle> one =
        MakeContext(options, certificate.certificate_pem, certificate.key_pem);
    if (!one.ok()) return one;
    const Result<std::vector<std::string>> names = NamesOf(certificate);
    if (!names.ok()) return names.status();
    AttachedTo(context->get()).sni.Add(*names, *std::move(one));
  }
  SSL_CTX_set_tlsext_servername_callback(context->get(), ChooseCertificate);
  return context;
}

std::optional<PeerIdentity> PeerOf(const SSL* connection) {
  const CertificateHandle leaf(SSL_get1_peer_certificate(connection));
  if (!leaf) return std::nullopt;
  PeerIdentity peer;
  peer.verified = AttachedTo(SSL_get_SSL_CTX(connection)).verifies;
  if (peer.verified && SSL_get_verify_result(connection) != X509_V_OK) return std::nullopt;
  ReadSubject(leaf.get(), &peer);
  if (!peer.verified) peer.chain_der = ChainOf(leaf.get(), connection);
  return peer;
}

}  // namespace pedia::apiserver
