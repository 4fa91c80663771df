// ServingCertificate: the key pair that an API server shows, from files that are read again when
// they change (a Secret that was rotated), or made by pedia itself.
// Source: kube-apiserver's --tls-cert-file, --tls-private-key-file, --tls-sni-cert-key, --cert-dir.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "apiserver/http_server.h"
#include "meta/result.h"

namespace pedia::cmd {

struct SniFiles {
  std::string certificate, key;    // Files.
  std::vector<std::string> names;  // Empty: those of the certificate.
};

struct ServingCertificateOptions {
  std::string certificate_file, key_file;  // Both or none.
  std::vector<SniFiles> sni;
  // Without files: a self-signed one for `host_names` is kept here as apiserver.crt and .key, or in
  // memory if the folder cannot be written.
  std::string directory;
  std::vector<std::string> host_names;
};

// "cert.pem,key.pem:foo.example,*.example" or "cert.pem,key.pem". Errors: BadRequest quoting it.
Result<SniFiles> ParseSniFlag(const std::string& text);

// One thread.
class ServingCertificate {
 public:
  explicit ServingCertificate(ServingCertificateOptions options) : options_(std::move(options)) {}
  // Reads or makes everything. Errors: BadRequest naming the file that cannot be used.
  Status Load(int64_t now);
  // Loads again if a file changed, or if a certificate of our own is near its end. True if there is a
  // new one; what cannot be used is logged, and the old one stays.
  bool Reload(int64_t now);
  // Certificates and keys; nothing else of it is set.
  const apiserver::TlsOptions& tls() const { return tls_; }

 private:
  Result<apiserver::TlsOptions> Read() const;
  Result<apiserver::TlsOptions> LoadOwn(int64_t now) const;

  ServingCertificateOptions options_;
  apiserver::TlsOptions tls_;
  std::string failed_;  // What could not be used last time, so that it is logged once.
};

}  // namespace pedia::cmd
